"""The clips of a film on its clock: when each is on, which part of its own scene is seen, and how it takes over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.errors import Gather, ValueProblem
from renderer.scene.model import Clip
from renderer.timeline.expressions import Array
from renderer.values.parsed import show
from renderer.values.time import Clock

if TYPE_CHECKING:
    from renderer.timeline.plan import Plan

ROUNDING = 1e-9  # seconds


@dataclass(frozen=True)
class BoundClip:
    """Hold a clip: from `start` on, for `length` seconds, from `begin` of its own scene on.

    over is how many seconds it takes to take over from the clip before; both are on then.
    """

    clip: Clip
    start: float
    length: float
    begin: float
    over: float

    @property
    def end(self) -> float:
        """Return when it is over, in seconds of the film."""
        return self.start + self.length

    def is_on(self, times: Array) -> bool:
        """Say whether anything of it is seen at any of the times."""
        return bool(((times >= self.start - ROUNDING) & (times < self.end - ROUNDING)).any())

    def own_times(self, times: Array) -> Array:
        """Return the seconds of its own scene at times of the film; its first and last moment stand for all beyond."""
        return self.begin + np.clip(times - self.start, 0, self.length)

    def way(self, times: Array) -> Array:
        """Return how far it has taken over, 0 to 1."""
        since = times - self.start + ROUNDING
        return np.clip(since / self.over, 0, 1) if self.over else (since >= 0).astype(float)


def lay_out(clips: tuple[Clip, ...], clock: Clock, plan_of: Callable[[Clip], Plan | None]) -> list[BoundClip]:
    """Return clips one after the other; plan_of gives the plan of a clip's own scene, None where that is wrong.

    Raises ValueProblem for parts that a scene does not have, and for transitions longer than their clips.
    """
    laid, gather = list[BoundClip](), Gather()
    for index, clip in enumerate(clips):
        plan = plan_of(clip)
        if plan is None:
            gather.failed = True
            continue
        with gather.below(index):
            begin, length = part_of(clip, plan, clock)
            over = overlap(clip, clock, length, laid[-1] if laid else None)
            start = laid[-1].end - over if laid else 0.0
            laid.append(BoundClip(clip, start, length, begin, over))
    gather.check()
    return laid


def part_of(clip: Clip, plan: Plan, clock: Clock) -> tuple[float, float]:
    """Return which part of its scene a clip shows: from when on and how long, in seconds."""
    options, gather, begin, end, limit = clip.options, Gather(), 0.0, plan.duration, plan.duration
    with gather.below("in"):
        begin = begin if options.in_ is None else plan.clock.position(options.in_)
        if not 0 <= begin < limit:
            raise ValueProblem(
                f"expected a time within the scene, 0s to {limit:g}s, got {show(options.in_ and options.in_.written)}"
            )
    with gather.below("out"):
        end = end if options.out is None else plan.clock.position(options.out)
        if not begin < end <= limit + ROUNDING:
            raise ValueProblem(f"expected a time after {begin:g}s and within the scene, up to {limit:g}s, got {end:g}s")
    with gather.below("duration"):
        if options.duration is not None:
            length = clock.length(options.duration)
            if options.out is not None:
                raise ValueProblem("expected `out` or `duration`, not both")
            if not length > 0 or (begin + length > limit + ROUNDING and not plan.scene.loop.closed):
                raise ValueProblem(
                    f"expected up to {limit - begin:g}s, which is what the scene has left, got {length:g}s; "
                    "only a scene that loops goes on"
                )
            end = begin + length
    gather.check()
    return begin, end - begin


def overlap(clip: Clip, clock: Clock, length: float, before: BoundClip | None) -> float:
    """Return the seconds in which a clip and the one before it are both on."""
    transition, gather = clip.options.transition, Gather()
    if transition.length is None:
        return 0.0
    with gather.below("transition", transition.kind):
        if before is None:
            raise ValueProblem("the first clip has none before it to take over from")
        over = clock.length(transition.length)
        room = min(length, before.length - before.over)
        if not 0 < over <= room + ROUNDING:
            raise ValueProblem(
                f"expected a transition of up to {room:g}s, which is what both clips have, got {over:g}s"
            )
    gather.check()
    return over
