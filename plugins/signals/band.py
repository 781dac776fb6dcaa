"""How loud a range of Hz is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Band as Range
from renderer import Hearing, Series, SignalSource, hookimpl, param


class Band(SignalSource):
    """Follow how loud a range of Hz is: the bass, the voice, the cymbals.

    The root of the power between two Hz, 100 times a second: `{band: bass}`, `{band: [60, 250]}`.
    """

    name = "band"
    example = "low: {band: bass, attack: 10ms, release: 300ms}"
    shorthand = "range"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "20ms", "release": "200ms"}

    range: Range = param(description="Which Hz: sub, bass, low-mid, mid, high or [60, 250]")

    def analyse(self, hearing: Hearing) -> Series:
        """Return the level of every frame."""
        song, hertz = hearing.song, hearing.song.frequencies()
        inside = (hertz >= self.range.low) & (hertz <= self.range.high)
        inside[np.argmin(np.abs(hertz - (self.range.low + self.range.high) / 2))] = True
        levels = [np.sqrt(spectra[own][:, inside].sum(axis=1)) for own, spectra in song.spectra()]
        return Series(np.concatenate(levels), song.frame_rate)


class Bass(Band):
    """Follow how loud the bass is: `{band: bass}`, under a name that expressions can use as it is."""

    name = "bass"
    example = "deep: {bass: {}, release: 300ms}"
    range: Range = param("bass", description="The range of Hz")


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal and its preset."""
    for source in (Band, Bass):
        register(source)
