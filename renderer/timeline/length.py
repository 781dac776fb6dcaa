"""How long a film is, and the clock that its times are read by."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

from renderer.errors import ValueProblem
from renderer.scene.model import Scene
from renderer.sinks.base import AudioTrack
from renderer.timeline.soundtrack import bind_audio, heard
from renderer.values.beats import BeatGrid
from renderer.values.latent import LatentKeys
from renderer.values.parsed import show
from renderer.values.signal import Signal
from renderer.values.time import Clock, Time

DEFAULT_DURATION = 8.0
MAX_FRAMES = 10_000_000

Attempt = Callable[[tuple[Any, ...], Callable[[], Any]], Any]
Pinned = tuple[Time, Time | None]  # when, and held for how long


def clock_of(
    scene: Scene,
    fps: Fraction,
    attempt: Attempt,
    find_beats: Callable[[], BeatGrid] | None = None,
    lay_out: Callable[[Clock], float] = lambda clock: 0.0,
) -> tuple[Clock, bool, AudioTrack | None]:
    """Return the clock of a film, whether everything in it must close a loop by itself, and its soundtrack.

    `lay_out` gives the seconds of a film of clips. `attempt` notes the problems of what it calls, and returns None
    there; then the length is a stand-in, no loop, at which nothing else need be wrong.
    """
    tempo = None if scene.tempo is None else scene.tempo.bpm
    clock = Clock(float(scene.fps), tempo, scene.beats_per_bar, find_beats=find_beats)
    offset = attempt(("offset",), lambda: absolute(clock, scene.offset))
    clock = replace(clock, offset=offset or 0.0)
    for name, time in scene.markers.items():
        seconds = attempt(("markers", name), partial(absolute, clock, time))
        clock = replace(clock, markers={**clock.markers, name: math.nan if seconds is None else seconds})
    track = None if scene.audio is None else attempt(("audio",), partial(soundtrack_of, scene))
    if scene.clips:
        duration = attempt(("clips",), lambda: checked_length(lay_out(clock), fps))
    else:
        duration = duration_of(scene, track, clock, fps, attempt)
    if duration is None:
        begins = [(entry.options.from_, None) for entry in scene.entries if entry.options.from_ is not None]
        duration = 1 + max([natural_length(scene, clock), *seconds_of(clock, begins)])
        return replace(clock, duration=duration), False, track
    if scene.loop.closed:
        duration = float(max(1, round(duration * fps)) / fps)  # a loop ends on a whole frame
        if track is not None and track.loop and scene.duration is None:
            track = replace(track, duration=duration + track.blend)  # and so does the sound that it goes round with
    return replace(clock, duration=duration), scene.loop.closed and scene.loop.blend is None, track


def soundtrack_of(scene: Scene) -> AudioTrack:
    """Return the soundtrack of a scene that has one."""
    assert scene.audio is not None
    return bind_audio(scene.audio, scene.path.parent, closed=scene.loop.closed)


def absolute(clock: Clock, time: Time) -> float:
    """Return the seconds of a time that is read before the length of the film is known."""
    if time.is_relative:
        raise ValueProblem(f"expected a time without %, got {show(time.written)}")
    return clock.position(time)


def duration_of(scene: Scene, track: AudioTrack | None, clock: Clock, fps: Fraction, attempt: Attempt) -> Any:
    """Return the seconds of the film: as written, or of the song, or up to the last key; None where that is wrong."""
    if scene.audio is not None and track is None:
        return None
    if scene.duration is not None:
        return attempt(("duration",), partial(written_duration, scene.duration, clock, fps))
    return attempt((), lambda: checked_length(natural_length(scene, clock) if track is None else heard(track), fps))


def natural_length(scene: Scene, clock: Clock) -> float:
    """Return the seconds up to the last key, or 8 without keys; an entry that ends later makes the film longer."""
    keys = max(seconds_of(clock, pinned_times(scene)), default=0.0)
    ends = [(entry.options.to, None) for entry in scene.entries if entry.options.to is not None]
    return max([keys if keys > 0 else DEFAULT_DURATION, *seconds_of(clock, ends)])


def written_duration(time: Time, clock: Clock, fps: Fraction) -> float:
    """Return the seconds of a duration as written."""
    if time.is_relative:
        raise ValueProblem(f"expected a duration without %, got {show(time.written)}")
    return checked_length(clock.length(time), fps)


def checked_length(length: float, fps: Fraction) -> float:
    """Return the seconds of a film; raise ValueProblem for one of no frames, or of more than anybody can watch."""
    if not 0 < length * fps <= MAX_FRAMES:
        raise ValueProblem(
            f"expected a film of 1 to {MAX_FRAMES} frames, got {length:.10g}s of {float(fps):g} frames/s"
        )
    return length


def seconds_of(clock: Clock, times: Iterable[Pinned]) -> Iterator[float]:
    """Yield the seconds at which times end, those aside that count in % or are wrong."""
    for time, hold in times:
        if time.is_relative or (hold is not None and hold.is_relative):
            continue
        with suppress(ValueProblem):  # said again, with its place, when the key itself is bound
            yield clock.position(time) + (clock.length(hold) if hold is not None else 0.0)


def pinned_times(scene: Scene) -> Iterator[Pinned]:
    """Yield the time of every key in the scene, and how long it is held."""
    yield from _times_of([scene.psi, scene.class_.signal, scene.signals])
    for entry in scene.entries:
        for name in type(entry.effect).model_fields:
            yield from _times_of(getattr(entry.effect, name, None))


def _times_of(value: Any) -> Iterator[Pinned]:
    if isinstance(value, Signal | LatentKeys):
        yield from ((key.time, key.hold) for key in value.keys if key.time is not None)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _times_of(item)
    elif hasattr(value, "amounts"):
        for _, amount in value.amounts:
            yield from _times_of(amount)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _times_of(item)
