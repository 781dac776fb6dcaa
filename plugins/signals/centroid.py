"""How bright the music is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl, through_silence


class Centroid(SignalSource):
    """Follow how bright the music is: the Hz around which its spectrum lies.

    In silence it goes on from what was heard last to what is heard next.
    """

    name = "centroid"
    example = "bright: {centroid: {}, smooth: 300ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 95], "normalise": True, "smooth": "100ms"}

    def analyse(self, hearing: Hearing) -> Series:
        """Return the octave of the centre of every frame's spectrum, above 1 Hz."""
        song, hertz = hearing.song, hearing.song.frequencies()
        sums, centres = [], []
        for own, spectra in song.spectra():
            size = np.sqrt(spectra[own])
            total = size.sum(axis=1)
            sums.append(total)
            centres.append(size @ hertz / np.maximum(total, 1e-12))
        octaves = np.log2(np.maximum(np.concatenate(centres), 1))
        return Series(through_silence(octaves, np.concatenate(sums)), song.frame_rate, hold=True)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Centroid)
