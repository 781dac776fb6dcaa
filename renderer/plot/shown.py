"""Gather what a plot shows of a plan: sound, beats, bars and sections, and every signal and parameter that moves."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from renderer.errors import ValueProblem
from renderer.signal_source import Values
from renderer.timeline.expressions import Array
from renderer.timeline.fields import BoundDirections, BoundFeature, BoundKeys, BoundLayers, BoundSignal
from renderer.timeline.plan import BoundEntry, Plan
from renderer.values.section import Section

RATE, MOST = 100, 20_000  # values a second of every line, and values at most
COLUMNS = 1600  # of the waveform

Kind = Literal["signal", "parameter"]


@dataclass(frozen=True)
class Line:
    """Hold a number over time: values [T] or, where it is heard in several channels, [T, C]; NaN where it is off."""

    name: str
    kind: Kind
    values: Array


@dataclass(frozen=True)
class Keys:
    """Hold the latents of a walk: when each arrives, and what the scene calls it."""

    name: str
    times: Array
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """Hold everything that is shown from `start` to `end` seconds; waveform is the lowest and highest level [P, 2]."""

    start: float
    end: float
    times: Array
    lines: tuple[Line, ...]
    keys: tuple[Keys, ...]
    waveform: Values | None
    beats: Array
    bars: Array
    first_bar: int
    sections: tuple[Section, ...]
    confidence: float | None


def shown(plan: Plan, start: float = 0.0, end: float | None = None) -> Shown:
    """Return what is to be shown of a plan from `start` to `end` seconds."""
    end = plan.duration if end is None else end
    times = np.linspace(start, end, min(MOST, max(2, round((end - start) * RATE))))
    beats, bars, first_bar, confidence = counted(plan, start, end)
    lines = [Line(name, "signal", curve(times)) for name, curve in plan.named.items()]
    named = list(named_entries(plan))
    lines += [line for name, entry in named for line in parameters(entry, name, times)]
    lines += [Line("psi", "parameter", plan.psi(times))]
    moving = tuple(line for line in lines if moves(line.values))
    keys = tuple(one for name, entry in named for one in latents(entry, name))
    song = waveform(plan, start, end)
    return Shown(start, end, times, moving, keys, song, beats, bars, first_bar, parts(plan, start, end), confidence)


def short(value: float, span: float) -> str:
    """Return a number in as many digits as tell apart what lies within a span."""
    digits = 2 - math.floor(math.log10(span)) if span > 0 else 3
    return f"{round(value, digits) + 0.0:.6g}"


def moves(values: Array) -> bool:
    """Say whether values, NaN aside, are not all the same."""
    finite = values[np.isfinite(values)]
    return len(finite) > 0 and float(np.ptp(finite)) > 0


def named_entries(plan: Plan) -> Iterator[tuple[str, BoundEntry]]:
    """Yield every entry of the timeline, then those of the sections, each with a name of its own."""
    yield from zip(names_of(plan.entries), plan.entries, strict=True)
    for part in plan.sections:
        again = f" {part.section.repeat + 1}" if part.section.repeat else ""
        for name, entry in zip(names_of(part.entries), part.entries, strict=True):
            yield f"{part.section.label}{again}: {name}", entry


def names_of(entries: Iterable[BoundEntry]) -> list[str]:
    """Return a name for each entry: its id, or that of its effect, counted where it comes again."""
    names, seen = [], Counter[str]()
    for entry in entries:
        effect = entry.entry.effect.name
        seen[effect] += 1
        names.append(entry.entry.options.id or (effect if seen[effect] == 1 else f"{effect} {seen[effect]}"))
    return names


def parameters(entry: BoundEntry, called: str, times: Array) -> Iterator[Line]:
    """Yield every number of an entry of the timeline; NaN outside of its span."""
    off = entry.weight(times) <= 0
    for field, bound in entry.fields.items():
        for name, curve in curves(bound, f"{called}.{field.rstrip('_')}"):
            values = np.array(curve(times), np.float64)
            values[off] = np.nan
            yield Line(name, "parameter", values)


def curves(bound: Any, name: str) -> Iterator[tuple[str, Callable[[Array], Any]]]:
    """Yield the curves in a bound value, each with its name."""
    if isinstance(bound, BoundSignal):
        yield name, bound.curve
    elif isinstance(bound, BoundFeature):
        yield name, bound.series.at
    elif isinstance(bound, BoundLayers | BoundDirections):
        for part, curve in bound.amounts:
            yield f"{name}.{part.written}", curve
    elif isinstance(bound, dict):
        for key, inner in bound.items():
            yield from curves(inner, f"{name}.{key}")
    elif isinstance(bound, list | tuple):
        for index, inner in enumerate(bound):
            yield from curves(inner, f"{name}[{index}]")


def latents(entry: BoundEntry, called: str) -> Iterator[Keys]:
    """Yield the keyed latents of an entry, those aside that stand in a list of files or have no times."""
    for field, bound in entry.fields.items():
        if isinstance(bound, BoundKeys) and any(key.time is not None for key in bound.keys):
            clock, span = bound.scope.clock, bound.scope.span
            timed = [(clock.position(key.time, span), key) for key in bound.keys if key.time is not None]
            labels = tuple(label(key.source.written) for _, key in timed)
            yield Keys(f"{called}.{field}", np.array([time for time, _ in timed]), labels)


def label(written: Any) -> str:
    """Return a short name of a latent."""
    if isinstance(written, dict):
        written = next((written[kind] for kind in ("seed", "file") if kind in written), next(iter(written)))
    return str(written)


def counted(plan: Plan, start: float, end: float) -> tuple[Array, Array, int, float | None]:
    """Return the seconds of all beats and of all bars, the number of the first bar, and how sure the beats are."""
    try:
        grid = plan.clock.grid
    except ValueProblem:  # there are none
        return np.empty(0), np.empty(0), 1, None
    beats = grid.between(start, end)
    count = np.round(grid.beats(beats)).astype(int)
    on_bar = count % grid.beats_per_bar == 0
    first = int(count[on_bar][0]) // grid.beats_per_bar + 1 if on_bar.any() else 1
    return beats, beats[on_bar], first, grid.confidence


def parts(plan: Plan, start: float, end: float) -> tuple[Section, ...]:
    """Return the sections that are seen, if the film has any."""
    try:
        sections = plan.music.sections.items
    except ValueProblem:  # there are none
        return ()
    return tuple(one for one in sections if one.start < end and one.end > start)


def waveform(plan: Plan, start: float, end: float) -> Values | None:
    """Return the lowest and the highest level of the song in each of some columns, [P, 2]; None without a song."""
    if plan.soundtrack is None:
        return None
    song, track = plan.music.song, plan.soundtrack
    edges = (track.song_time(np.linspace(start, end, COLUMNS + 1)) - track.start) * song.rate
    places = np.round(edges).astype(int)
    return np.array([extremes(song.read(a, max(b, a + 1))) for a, b in itertools.pairwise(places)])


def extremes(samples: Iterable[float]) -> tuple[float, float]:
    """Return the lowest and the highest of samples."""
    values = np.asarray(samples)
    return float(values.min()), float(values.max())
