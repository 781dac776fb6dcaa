"""How fast the music is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl

RATE = 10.0  # values a second


class Tempo(SignalSource):
    """Follow how fast the music is, in beats per minute.

    `{tempo: {}, range: [0, 1]}` is as good as `{tempo: {}}`: it comes unshaped. Write `normalise: true` for 0 at the
    slowest and 1 at the fastest.
    """

    name = "tempo"
    example = "speed: {tempo: {}, normalise: true, smooth: 1s}"
    shaping: ClassVar[dict[str, Any]] = {"smooth": "500ms"}
    cached = False

    def analyse(self, hearing: Hearing) -> Series:
        """Return the beats per minute over the song."""
        t = np.arange(int(hearing.length * RATE) + 2) / RATE
        count = hearing.beats.beats(np.concatenate([t - 0.5, t + 0.5])).reshape(2, -1)
        return Series((60 * (count[1] - count[0])).astype(np.float32), RATE, hold=True)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Tempo)
