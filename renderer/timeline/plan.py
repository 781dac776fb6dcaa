"""Bind a scene to its clock: the plan of a film, with every time in seconds and every problem at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from renderer.effects import LatentEffect
from renderer.errors import Problem, SinkError, ValueProblem
from renderer.noise import fitted
from renderer.registry import Registries
from renderer.scene.model import Clip, Entry, Scene
from renderer.sinks import SINKS, AudioTrack, sink_for
from renderer.timeline.clips import BoundClip, lay_out
from renderer.timeline.expressions import Curve, Named, Scope
from renderer.timeline.fields import Binding, bind_value
from renderer.timeline.length import clock_of
from renderer.timeline.music import SceneMusic
from renderer.timeline.sections import Shares
from renderer.timeline.signals import bind_named, bind_signal
from renderer.timeline.window import window_of
from renderer.values.classes import Classes
from renderer.values.easing import Easing
from renderer.values.noise import Noise
from renderer.values.section import Section
from renderer.values.time import Clock, Span, Time

MAX_PROBES = 5_000  # frames at which expressions are tried before the first is rendered


@dataclass(frozen=True)
class BoundEntry:
    """Hold an entry of the timeline, when it is on, how much, and its fields bound to the clock."""

    entry: Entry
    span: Span
    weight: Curve
    fields: dict[str, Any]
    group: tuple[BoundEntry, ...] = ()  # of a group, what stands in it


@dataclass(frozen=True)
class BoundSection:
    """Hold one section with a timeline of its own, how much of it there is over time, and its entries."""

    section: Section
    share: Curve
    entries: tuple[BoundEntry, ...]


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
    classes: Mapping[int, Curve]  # how much of each class there is, in sum 1
    noise_period: float | None  # seconds after which noise that moves is back
    entries: tuple[BoundEntry, ...]
    music: SceneMusic
    named: Mapping[str, Curve]  # the named signals, and the features that expressions read without a name
    soundtrack: AudioTrack | None = None
    sections: tuple[BoundSection, ...] = ()  # those with a timeline of their own
    clips: tuple[BoundClip, ...] = ()  # in the order in which they come, instead of entries

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
    return plan, [problem for problem in binder.problems if problem.place not in scene.tree.said]


class _Binder:
    def __init__(self, scene: Scene, registries: Registries, fps: Fraction) -> None:
        self.scene, self.registries, self.fps = scene, registries, fps
        self.problems: list[Problem] = []
        self.clips: list[BoundClip] = []

    def attempt(self, path: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        """Return what `build` returns; note what it raises as problems below `path`, and return None."""
        try:
            return build()
        except ValueProblem as problem:
            self.note(path, problem)
            return None

    def note(self, path: tuple[Any, ...], problem: ValueProblem) -> None:
        self.problems += [self.scene.tree.problem((*path, *inner), message) for inner, message in problem.parts]

    def plan(self) -> Plan | None:
        scene, named = self.scene, Named(self.scene.signals)
        music = SceneMusic(scene, self.registries)
        clock, is_loop, track = clock_of(scene, self.fps, self.attempt, music.find_beats, self.lay_out)
        music.clock, music.track = clock, track
        blend = 0.0
        if scene.loop.blend is not None:
            blend = self.attempt(("loop", "blend"), lambda: self.blend(clock)) or 0.0
            is_loop = False
        loop = clock.film.end if is_loop else None
        frames = max(1, round(clock.film.end * self.fps))
        times = np.unique(np.linspace(0, frames - 1, min(frames, MAX_PROBES)).round()) / float(self.fps)
        scope = Scope(clock, clock.film, self.registries.easings, named, loop, (scene.seed,), music, times)
        for name in scene.signals:
            bind_named(name, scope)
        for name, problem in named.failed.items():
            self.note(("signals", name), problem)
        psi = self.attempt(("psi",), lambda: bind_signal(scene.psi, scope.part("psi")))
        classes = self.attempt(("class",), lambda: bind_classes(scene.class_, scope.part("class")))
        period = self.attempt(("noise", "loop"), lambda: noise_period(scene.noise, clock))
        entries = [self.entry(entry, scope) for entry in scene.timeline]
        parts = self.attempt(("sections",), lambda: self.parts(scope)) or []
        for name, problem in named.failed.items():
            if name not in scene.signals and problem.parts:
                self.note(("audio",), ValueProblem(f"{name}: {problem}"))
        for path, problem in music.problems:
            self.note(path, problem)
        self.check_outputs(clock.film.end)
        if psi is None or self.problems:
            return None
        whole = tuple(entry for entry in entries if entry)
        curves = dict(named.curves)
        return Plan(
            scene,
            clock,
            self.fps,
            frames,
            loop,
            blend,
            psi,
            classes,
            period,
            whole,
            music,
            curves,
            track,
            tuple(parts),
            tuple(self.clips),
        )

    def lay_out(self, clock: Clock) -> float:
        """Lay out the clips of the film, and return how many seconds they take."""
        self.clips = lay_out(self.scene.clips, clock, self.plan_of)
        return self.clips[-1].end

    def plan_of(self, clip: Clip) -> Plan | None:
        """Return the plan of a clip's own scene; note what is wrong there."""
        plan, problems = bind(clip.scene, self.registries, self.fps)
        self.problems += problems
        return plan

    def parts(self, scope: Scope) -> list[BoundSection]:
        """Return the sections that have a timeline of their own, each time that they come, on their own clocks."""
        scene, music = self.scene, scope.music
        if not scene.sections or music is None:
            return []
        sections = music.sections
        shares = Shares.of(sections, scene.sections, scope.clock)
        if scene.section_timelines and scope.loop is not None:
            raise ValueProblem("the loop cannot close: the film ends in another section; write loop: {blend: 1s}")
        found = []
        for index, section in enumerate(sections.items):
            entries = scene.section_timelines.get(section.label, ())
            span = Span(section.start, min(shares.end(index), scope.clock.film.end))
            own = replace(scope, clock=scope.clock.within(section.start), span=span)
            bound = [self.entry(entry, own) for entry in entries]
            if entries:
                share = shares.curve(index)
                found.append(BoundSection(section, share, tuple(shared(one, share) for one in bound if one)))
        return found

    def check_outputs(self, seconds: float) -> None:
        """Note every output that no sink writes, or whose preset is not for films of so many seconds."""
        sinks = (*self.registries.sinks.values(), *SINKS)
        for index, output in enumerate(self.scene.output):
            if output.asked is not None:
                self.attempt(("output", index, "preset"), partial(output.asked.check, seconds))
            try:
                sink = sink_for(output.called("film"), sinks)
            except SinkError as error:
                self.note(("output", index, "file"), ValueProblem(f"{error}{self.registries.failed}"))
                continue
            if output.max_bytes is not None and not sink.supports_max_bytes:
                message = f"max_bytes works for GIF and WebP, not for {sink.name}"
                self.note(("output", index, "max_bytes"), ValueProblem(message))

    def blend(self, clock: Clock) -> float:
        blend = clock.length(self.scene.loop.blend or Time.parse(0), clock.film)
        if not 0 < blend <= clock.film.end / 2:
            raise ValueProblem(f"expected a blend of up to half the film, {clock.film.end / 2:g}s, got {blend:g}s")
        return blend

    def entry(self, entry: Entry, scope: Scope) -> BoundEntry | None:
        before, around = len(self.problems), scope
        window = self.attempt(entry.path, lambda: window_of(entry, scope))
        if window is not None:
            scope = replace(scope, span=window.span)
        scope = replace(scope, key=(scope.key[0], entry.key))
        ease = getattr(entry.effect, "ease", None)
        ease_name = ease.name if isinstance(ease, Easing) else "linear"
        binding = Binding(scope, self.scene.path.parent, self.registries.upscalers, ease_name)
        fields = {}
        for name, field in type(entry.effect).model_fields.items():
            path = (*entry.values_path, field.alias or name)
            inner = replace(binding, scope=scope.part(name))
            fields[name] = self.attempt(path, partial(bind_value, getattr(entry.effect, name, None), inner))
        group = [self.entry(one, around) for one in entry.group]
        if window is None or len(self.problems) > before:
            return None
        return BoundEntry(entry, window.span, window, fields, tuple(one for one in group if one))


def shared(bound: BoundEntry, share: Curve) -> BoundEntry:
    """Return an entry of a section, of which there is only a share, as part of the film.

    Latents of sections are mixed as a whole; effects of other kinds fade by their weights.
    """
    if isinstance(bound.entry.effect, LatentEffect):
        return bound
    return replace(bound, weight=lambda t: bound.weight(t) * share(t))


def bind_classes(classes: Classes, scope: Scope) -> dict[int, Curve]:
    """Return how much of each class there is over time; raise ValueProblem for keys out of order and the like."""
    bind_signal(classes.signal, scope)  # says what is wrong in the numbers of the classes
    return {number: bind_signal(classes.share(number), scope) for number in classes.numbers}


def noise_period(noise: Noise, clock: Clock) -> float | None:
    """Return the seconds after which noise that moves is back, or None where it does not."""
    if noise.loop is None:
        return None
    period = clock.length(noise.loop, clock.film)
    fitted(period, None)
    return period
