"""The beat and the bar, as a pulse or a phase."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl, param

RATE = 200.0  # values a second


class Beat(SignalSource):
    """Pulse on every beat, or count from one to the next.

    `{beat: pulse}` is 1 on the beat and dies away within `release`; `{beat: phase}` rises from 0 to 1 until the next.
    The beats are those of `tempo:` or `beats:`, or those that are heard in the song.
    """

    name = "beat"
    example = "tick: {beat: pulse, release: 150ms}"
    shorthand = "show"
    shaping: ClassVar[dict[str, Any]] = {"release": "200ms"}
    cached = False

    show: Literal["pulse", "phase"] = param(
        "pulse", description="pulse: 1 on it, dying away; phase: 0 to 1 until the next"
    )
    every: int = param(1, description="Only every so many of them", ge=1, le=1024)

    def beats_in_one(self, hearing: Hearing) -> int:
        """Return how many beats there are from one to the next."""
        return 1

    def usual_shape(self) -> Mapping[str, Any]:
        """Return that a pulse dies away, and that a phase stays as it is."""
        return self.shaping if self.show == "pulse" else {}

    def analyse(self, hearing: Hearing) -> Series:
        """Return the pulse or the phase over the song."""
        beats, step = hearing.beats, self.every * self.beats_in_one(hearing)
        t = np.arange(int(hearing.length * RATE) + 2) / RATE
        count = beats.beats(t) / step
        if self.show == "phase":
            return Series(np.mod(count, 1).astype(np.float32), RATE, hold=True)
        first, last = np.ceil(count[0] - 1e-6), np.floor(count[-1])
        places = np.round(beats.seconds(np.arange(first, last + 1) * step) * RATE).astype(int)
        pulses = np.zeros(len(t), np.float32)
        pulses[places[(places >= 0) & (places < len(t))]] = 1
        return Series(pulses, RATE)


class Bar(Beat):
    """Pulse at the beginning of every bar, or count from one bar to the next.

    `{bar: pulse}` is 1 where the bar begins and dies away within `release`; `{bar: phase}` rises from 0 to 1 until the
    next one.
    """

    name = "bar"
    example = "sweep: {bar: phase}"

    def beats_in_one(self, hearing: Hearing) -> int:
        """Return how many beats a bar has."""
        return hearing.beats.beats_per_bar


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signals."""
    register(Beat)
    register(Bar)
