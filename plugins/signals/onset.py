"""Where sounds begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from renderer import Band, Hearing, Series, SignalSource, hookimpl, onset_strength, param


class Onset(SignalSource):
    """Jump where sounds begin, then die away.

    How much the spectrum grows in 20 ms (SuperFlux), of everything or of a range of Hz: `{onset: kick}`,
    `{onset: {band: [20, 150]}}`. How long a hit stays is `release`.
    """

    name = "onset"
    example = "kick: {onset: kick, release: 250ms}"
    shorthand = "band"
    shaping: ClassVar[dict[str, Any]] = {"clip": [50, 99.5], "normalise": True, "threshold": 0.1, "release": "150ms"}

    band: Band | None = param(None, description="Hear only this range of Hz: kick, snare, hats, [20, 150]")

    def analyse(self, hearing: Hearing) -> Series:
        """Return how much begins at every time."""
        if self.band is None:
            return onset_strength(hearing.song)
        return onset_strength(hearing.song, self.band.low, self.band.high)


class Kick(Onset):
    """Jump on the kick drum: `{onset: kick}`, under a name that expressions can use as it is."""

    name = "kick"
    example = "pump: {kick: {}, release: 300ms}"
    shaping: ClassVar[dict[str, Any]] = {**Onset.shaping, "release": "200ms"}
    band: Band | None = param("kick", description="The range of Hz")


class Snare(Onset):
    """Jump on the snare drum: `{onset: snare}`, under a name that expressions can use as it is."""

    name = "snare"
    example = "crack: {snare: {}, release: 120ms}"
    band: Band | None = param("snare", description="The range of Hz")


class Hats(Onset):
    """Jump on hi-hats and cymbals: `{onset: hats}`, under a name that expressions can use as it is."""

    name = "hats"
    example = "glint: {hats: {}, release: 60ms}"
    shaping: ClassVar[dict[str, Any]] = {**Onset.shaping, "release": "80ms"}
    band: Band | None = param("hats", description="The range of Hz")


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal and its presets."""
    for source in (Onset, Kick, Snare, Hats):
        register(source)
