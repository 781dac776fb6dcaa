"""How high the melody is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from renderer import Hearing, Series, SignalSource, hookimpl, melody, param


class Pitch(SignalSource):
    """Follow how high the melody is.

    The fundamental that is heard best (pYIN), in semitones as MIDI counts them (60 is middle C), stretched to 0..1;
    write `normalise: false` for the semitones. Where there is no tone it stays as it was. No other signal takes
    as long to hear.
    """

    name = "pitch"
    example = "melody: {pitch: {}, smooth: 100ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [2, 98], "normalise": True, "smooth": "60ms"}

    low: float = param(65.0, description="Lowest Hz that is looked for", ge=20, le=5000)
    high: float = param(1000.0, description="Highest Hz that is looked for", ge=40, le=5000)

    def analyse(self, hearing: Hearing) -> Series:
        """Return the semitones over the song."""
        return melody(hearing.song, self.low, max(self.high, 2 * self.low))


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Pitch)
