"""Bind a scene to its clock: the plan of a film, with every time in seconds and every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from renderer.errors import Problem, ValueProblem
from renderer.registry import Registries
from renderer.scene.model import Entry, Scene
from renderer.scene.tree import dotted
from renderer.timeline.expressions import Array, Curve, Scope
from renderer.timeline.fields import Binding, bind_value, find_file
from renderer.timeline.signals import bind_signal
from renderer.timeline.soundtrack import sound_length
from renderer.values.easing import Easing
from renderer.values.latent import LatentKeys
from renderer.values.signal import Signal
from renderer.values.time import Clock, Span, Time

DEFAULT_DURATION = 8.0
MAX_FRAMES = 10_000_000


@dataclass(frozen=True)
class BoundEntry:
    """Hold an entry of the timeline, when it is on, how much, and its fields bound to the clock."""

    entry: Entry
    span: Span
    weight: Curve
    fields: dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """Hold a film as bound: `frames` frames at `fps`, a loop of `duration` seconds or not, and its entries."""

    scene: Scene
    clock: Clock
    fps: Fraction
    frames: int
    loop: float | None  # everything closes after so many seconds by itself
    blend: float  # seconds over which the end blends into the beginning; 0 for none
    psi: Curve
    entries: tuple[BoundEntry, ...]

    @property
    def duration(self) -> float:
        """Return the seconds of the film."""
        return self.clock.film.end

    def time(self, frame: int) -> float:
        """Return the seconds at which a frame is shown."""
        return float(frame / self.fps)


def bind(scene: Scene, registries: Registries, fps: Fraction | None = None) -> tuple[Plan | None, list[Problem]]:
    """Return the plan of a scene, and the problems that kept it from being whole.

    fps overrides the scene's; times in frames still count at the scene's own.
    """
    binder = _Binder(scene, registries, fps or scene.fps)
    plan = binder.plan()
    return (None if binder.problems else plan), binder.problems


class _Binder:
    def __init__(self, scene: Scene, registries: Registries, fps: Fraction) -> None:
        self.scene, self.registries, self.fps = scene, registries, fps
        self.problems: list[Problem] = []

    def attempt(self, path: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        """Return what `build` returns; note what it raises as problems below `path`, and return None."""
        try:
            return build()
        except ValueProblem as problem:
            for inner, message in problem.parts:
                where = (*path, *inner)
                self.problems.append(Problem(self.scene.tree.find(*where).place, dotted(where), message))
            return None

    def plan(self) -> Plan | None:
        scene = self.scene
        clock = self.clock()
        if clock is None:
            return None
        blend = 0.0
        if scene.loop.blend is not None:
            blend = self.attempt(("loop",), lambda: self.blend(clock)) or 0.0
        loop = clock.film.end if scene.loop.closed and not scene.loop.blend else None
        scope = Scope(clock, clock.film, self.registries.easings, scene.signals, loop, (scene.seed,))
        for name, signal in scene.signals.items():
            named = replace(scope, binding=(name,), key=(scene.seed, "signals", name))
            self.attempt(("signals", name), partial(bind_signal, signal, named))
        psi = self.attempt(("psi",), lambda: bind_signal(scene.psi, scope.named("psi")))
        entries = [self.entry(entry, scope) for entry in scene.timeline]
        frames = max(1, round(clock.film.end * self.fps))
        if psi is None or None in entries:
            return None
        return Plan(scene, clock, self.fps, frames, loop, blend, psi, tuple(entry for entry in entries if entry))

    def clock(self) -> Clock | None:
        scene = self.scene
        clock = Clock(float(scene.fps), scene.tempo, scene.beats_per_bar)
        offset = self.attempt(("offset",), lambda: clock.length(scene.offset))
        clock = replace(clock, offset=offset or 0.0)
        for name, time in scene.markers.items():
            seconds = self.attempt(("markers", name), partial(self.absolute, clock, time))
            if seconds is not None:
                clock = replace(clock, markers={**clock.markers, name: seconds})
        duration = self.duration(clock)
        return None if duration is None else replace(clock, duration=duration)

    def absolute(self, clock: Clock, time: Time) -> float:
        if time.is_relative:
            raise ValueProblem(f"expected a time without %, got {time.written!r}")
        return clock.position(time)

    def duration(self, clock: Clock) -> float | None:
        scene = self.scene
        length: float | None
        if scene.audio is not None:
            song = self.attempt(("audio",), lambda: sound_length(find_file(str(scene.audio), scene.path.parent)))
            if song is None and scene.duration is None:
                return None
        if scene.duration is not None:
            length = self.attempt(("duration",), lambda: self.checked_length(clock, scene.duration))
        elif scene.audio is not None:
            length = song
        else:
            length = max(self.key_ends(clock), default=0.0) or DEFAULT_DURATION
        if length is None or not scene.loop.closed:
            return length
        return float(max(1, round(length * self.fps)) / self.fps)  # a loop ends on a whole frame

    def checked_length(self, clock: Clock, time: Time | None) -> float:
        if time is None or time.is_relative:
            raise ValueProblem(f"expected a duration without %, got {time}")
        length = clock.length(time)
        if not length > 0 or length * self.fps > MAX_FRAMES:
            raise ValueProblem(f"expected a duration of at least a frame and at most {MAX_FRAMES} frames, got {time}")
        return length

    def key_ends(self, clock: Clock) -> Iterator[float]:
        """Yield the seconds of every time at which something in the timeline is pinned."""
        for time in pinned_times(self.scene):
            if not time.is_relative:
                try:
                    yield clock.position(time)
                except ValueProblem:
                    continue  # said again, with its place, when the key itself is bound

    def blend(self, clock: Clock) -> float:
        blend = clock.length(self.scene.loop.blend or Time.parse(0), clock.film)
        if not 0 < blend <= clock.film.end / 2:
            raise ValueProblem(f"expected a blend of up to half the film, {clock.film.end / 2:g}s, got {blend:g}s")
        return blend

    def entry(self, entry: Entry, scope: Scope) -> BoundEntry | None:
        before = len(self.problems)
        span, weight = self.attempt(entry.path, lambda: self.window(entry, scope)) or (scope.span, np.ones_like)
        scope = replace(scope, span=span, key=(scope.key[0], entry.key))
        ease = getattr(entry.effect, "ease", None)
        binding = Binding(scope, self.scene.path.parent, ease.name if isinstance(ease, Easing) else "linear")
        fields = {}
        for name, field in type(entry.effect).model_fields.items():
            path = (*entry.path, entry.effect.name, field.alias or name)
            inner = replace(binding, scope=scope.named(name))
            value = getattr(entry.effect, name)
            fields[name] = self.attempt(path, partial(bind_value, value, inner))
        return BoundEntry(entry, span, weight, fields) if len(self.problems) == before else None

    def window(self, entry: Entry, scope: Scope) -> tuple[Span, Curve]:
        clock, options = scope.clock, entry.options
        start = 0.0 if options.from_ is None else clock.position(options.from_)
        end = clock.film.end if options.to is None else clock.position(options.to)
        if not 0 <= start < end:
            raise ValueProblem(f"expected `from` before `to`, got {start:g}s to {end:g}s")
        span = Span(start, end)
        fade = 0.0 if options.fade is None else clock.length(options.fade, span)
        if fade < 0 or fade > span.length:
            raise ValueProblem(f"expected a fade of 0s to {span.length:g}s, got {fade:g}s")
        weight = Window(span, fade, options.from_ is not None, options.to is not None)
        ends = weight(np.array([0.0, clock.film.end]))
        if scope.loop is not None and ends[0] != ends[1]:
            raise ValueProblem("the loop cannot close: the entry is on at one end of the film and off at the other")
        return span, weight


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


def pinned_times(scene: Scene) -> Iterator[Time]:
    """Yield every time that pins a key, a start or an end in the timeline."""
    for entry in scene.timeline:
        yield from (time for time in (entry.options.from_, entry.options.to) if time is not None)
        for name in type(entry.effect).model_fields:
            yield from _times_of(getattr(entry.effect, name))


def _times_of(value: Any) -> Iterator[Time]:
    if isinstance(value, Signal | LatentKeys):
        yield from (key.time for key in value.keys if key.time is not None)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _times_of(item)
    elif hasattr(value, "amounts"):
        for _, amount in value.amounts:
            yield from _times_of(amount)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _times_of(item)
