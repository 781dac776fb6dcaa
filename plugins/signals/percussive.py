"""How loud what hits is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from renderer import Hearing, Series, SignalSource, harmonic_percussive, hookimpl


class Percussive(SignalSource):
    """Follow how loud what hits is: the drums, without what lasts.

    The song is parted by what goes along time and what goes across it (median filters, HPSS), and this is the level of
    the sudden part.
    """

    name = "percussive"
    example = "drums: {percussive: {}, release: 120ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "5ms", "release": "120ms"}

    def analyse(self, hearing: Hearing) -> Series:
        """Return the level of the sudden part in every frame."""
        return harmonic_percussive(hearing.song)[1]


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Percussive)
