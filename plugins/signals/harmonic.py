"""How loud what lasts is."""

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

    def analyse(self, hearing: Hearing) -> Series:
        """Return the level of the lasting part in every frame."""
        return harmonic_percussive(hearing.song)[0]


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Harmonic)
