"""How much of a noise the music is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl, through_silence


class Flatness(SignalSource):
    """Follow how much of a noise the music is: near 0 for a tone, near 1 for a hiss.

    The geometric mean of a spectrum over its arithmetic mean, in decibels.
    """

    name = "flatness"
    example = "hiss: {flatness: {}, smooth: 300ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 95], "normalise": True, "smooth": "100ms"}

    def analyse(self, hearing: Hearing) -> Series:
        """Return the flatness of every frame in dB."""
        song, sums, means = hearing.song, [], []
        for own, spectra in song.spectra():
            power = spectra[own] + 1e-12
            sums.append(np.sqrt(spectra[own]).sum(axis=1))
            means.append(10 * (np.log10(power).mean(axis=1) - np.log10(power.mean(axis=1))))
        return Series(through_silence(np.concatenate(means), np.concatenate(sums)), song.frame_rate, hold=True)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Flatness)
