"""When an entry of the timeline is on, and how much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.errors import Gather, ValueProblem
from renderer.scene.model import Entry
from renderer.timeline.expressions import Array, Scope
from renderer.values.time import Span


@dataclass(frozen=True)
class Window:
    """Give the weight 0..1 of an entry over time: on within its span, faded at the ends that the scene set."""

    span: Span
    fade: float
    opens: bool
    closes: bool

    def __call__(self, t: Array) -> Array:
        """Return the weights at times t."""
        weight = np.ones_like(t)
        if self.opens:
            since = t - self.span.start
            weight = np.where(since < 0, 0.0, np.clip(since / self.fade, 0, 1) if self.fade else weight)
        if self.closes:
            left = self.span.end - t
            weight = np.minimum(weight, np.where(left <= 0, 0.0, np.clip(left / self.fade, 0, 1) if self.fade else 1.0))
        return weight


def window_of(entry: Entry, scope: Scope) -> Window:
    """Return when an entry is on.

    Raises ValueProblem for an end before the start, a fade too long, and a window that cannot close a loop.
    """
    clock, options, gather = scope.clock, entry.options, Gather()
    (start, end), fade = scope.span, 0.0
    if options.from_ is not None:
        with gather.below("from"):
            start = clock.position(options.from_)
            if start < 0:
                raise ValueProblem(f"expected a time from 0s on, got {options.from_}")
            if start >= clock.film.end:
                raise ValueProblem(
                    f"expected a time before the end of the film, {clock.film.end:g}s, got {options.from_}"
                )
    if options.to is not None:
        with gather.below("to"):
            end = clock.position(options.to)
            if end <= start:
                raise ValueProblem(f"expected a time after `from`, {start:g}s, got {options.to}")
    span = Span(start, end)
    if options.fade is not None:
        with gather.below("fade"):
            fade = clock.length(options.fade, span)
            if fade < 0:
                raise ValueProblem(f"expected a fade of 0s or more, got {options.fade}")
            if fade > span.length and not gather.failed:
                raise ValueProblem(f"expected a fade no longer than its entry, {span.length:g}s, got {options.fade}")
    gather.check()
    window = Window(span, fade, options.from_ is not None, options.to is not None)
    ends = window(np.array([0.0, clock.film.end]))
    if scope.loop is not None and ends[0] != ends[1]:
        on = "begins" if ends[0] else "ends"
        with gather.below("to" if ends[0] else "from"):
            raise ValueProblem(
                f"the loop cannot close: this entry is on where the film {on}, and off at its other end; "
                "give it both `from` and `to` within the film, or write loop: {blend: 1s}"
            )
    gather.check()
    return window
