"""How loud what lasts is, and what hits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from renderer import Hearing, Series, SignalSource, harmonic_percussive, hookimpl


class Harmonic(SignalSource):
    """Follow how loud what lasts is: chords, voices, basses, without the drums.

    The song is parted by what goes along time and what goes across it (median filters, HPSS), and this is the level of
    the lasting part.
    """

    name = "harmonic"
    example = "pads: {harmonic: {}, smooth: 300ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "40ms", "release": "300ms"}

    part: ClassVar[int] = 0

    def analyse(self, hearing: Hearing) -> Series:
        """Return the level of the part in every frame."""
        return harmonic_percussive(hearing.song)[self.part]


class Percussive(Harmonic):
    """Follow how loud what hits is: the drums, without what lasts.

    The other part of what `harmonic` follows.
    """

    name = "percussive"
    example = "drums: {percussive: {}, release: 120ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "5ms", "release": "120ms"}
    part: ClassVar[int] = 1


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signals."""
    register(Harmonic)
    register(Percussive)
