"""Keys on the time axis: between which two keys a time lies, and how far along, easing, holds and loops included."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from renderer.errors import KEY, Gather
from renderer.timeline.expressions import Scope
from renderer.values.easing import EasingFunction
from renderer.values.time import Time

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
ROUNDING = 1e-9  # seconds by which a frame and a key that are meant to meet may miss each other


@dataclass(frozen=True)
class KeyTimes:
    """Hold the seconds at which K keys arrive and leave, the easing after each, and the loop they close.

    In a loop the last key goes on to the first, which it reaches at the loop's end.
    """

    arrive: Array
    leave: Array
    easings: tuple[EasingFunction, ...]
    loop: float | None = None

    def locate(self, t: Array) -> tuple[Indices, Indices, Array]:
        """Return, for times t [N], the key before, the key after, and the eased way 0..1 between them."""
        count = len(self.arrive)
        before = np.searchsorted(self.arrive - ROUNDING, t, side="right") - 1
        early = before < 0
        before = np.maximum(before, 0)
        ends = np.append(self.arrive[1:], self.leave[-1] if self.loop is None else self.loop)
        after = np.where(before + 1 < count, before + 1, before if self.loop is None else 0)
        length = np.maximum(ends[before] - self.leave[before], 1e-12)
        way = np.clip((t - self.leave[before]) / length, 0, 1)
        eased = np.zeros_like(way)
        for key in np.unique(before):
            rows = before == key
            eased[rows] = self.easings[key](way[rows])
        eased = np.where((way <= 0) | early, 0.0, np.where(way >= 1, 1.0, eased))
        return before, np.where(early, 0, after), eased

    @property
    def knots(self) -> Array:
        """Return the times of the keys, with the end of the loop as one more."""
        return self.arrive if self.loop is None else np.append(self.arrive, self.loop)


class Timed(Protocol):
    """Stand for a key of any kind: when it arrives, how long it is held, and the easing after it."""

    @property
    def time(self) -> Time | None:
        """Return when it arrives; None where it is spread evenly."""

    @property
    def hold(self) -> Time | None:
        """Return how long it is held."""

    @property
    def ease(self) -> str | None:
        """Return the easing to the next key."""


def key_times(keys: Sequence[Timed], default_ease: str, scope: Scope) -> KeyTimes:
    """Return the bound times of keys; keys without a time are spread evenly over the span.

    Raises ValueProblem for keys that do not follow each other, or that lie beyond the end of a loop.
    """
    count, span, clock, gather = len(keys), scope.span, scope.clock, Gather()
    step = span.length / max(count if scope.loop is not None else count - 1, 1)
    arrive = np.array([span.start + i * step for i in range(count)])
    hold = np.zeros(count)
    for i, key in enumerate(keys):
        if key.time is not None:
            with gather.below(key.time.written, KEY):
                arrive[i] = clock.position(key.time, span)
        if key.hold is not None and key.time is not None:
            with gather.below(key.time.written, "hold"):
                hold[i] = clock.length(key.hold, span)
    gather.check()
    _check_order(keys, arrive, arrive + hold, scope.loop)
    easings = tuple(scope.easings.find(key.ease or default_ease) for key in keys)
    return KeyTimes(arrive, arrive + hold, easings, scope.loop)


def _check_order(keys: Sequence[Timed], arrive: Array, leave: Array, loop: float | None) -> None:
    gather, last = Gather(), len(keys) - 1
    for i, key in enumerate(keys):
        written = None if key.time is None else key.time.written
        if i and arrive[i] <= arrive[i - 1]:
            message = f"keys must follow each other in time, but {key.time} is not after {keys[i - 1].time}"
            gather.note(message, written, KEY)
        elif i and leave[i - 1] > arrive[i]:
            before = keys[i - 1].time
            message = f"key {before} is held beyond the next key, {key.time}"
            gather.note(message, None if before is None else before.written, "hold")
        if not i and arrive[0] < 0:
            gather.note(f"expected keys from 0s on, got {key.time}", written, KEY)
        if leave[i] < arrive[i]:
            gather.note(f"expected a hold of 0s or more, got {key.hold}", written, "hold")
        if i == last and loop is not None and leave[i] > loop + 1e-9:
            gather.note(f"key {key.time} lies beyond the end of the loop, {loop:g}s", written, KEY)
    gather.check()
