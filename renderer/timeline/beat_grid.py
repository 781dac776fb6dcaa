"""The beats of a film: those that the scene lists, or those that are found in its song."""

from __future__ import annotations

from typing import Any

import numpy as np

from renderer.audio.cache import remembered
from renderer.audio.progress import say
from renderer.audio.song import Song
from renderer.audio.trackers import FEWEST, Beats, BeatTracker
from renderer.errors import LatentreelError, PluginError, ValueProblem
from renderer.find import find_file
from renderer.registry import Registries
from renderer.scene.model import Scene
from renderer.values.beats import BeatGrid, grid_of_times
from renderer.values.tempo import Tempo, read_beats

NEAR_START = 0.05  # seconds before the film by which a beat may come and still be its first
STRAIGHT = 0.03  # seconds by which beats may miss a steady tempo and still be taken for one


def listed_beats(scene: Scene, start: float) -> BeatGrid:
    """Return the beats that a scene lists, in seconds of a film that begins `start` seconds into the song."""
    assert scene.beats is not None
    times, first = list(scene.beats.times), 0
    if scene.beats.file:
        path = find_file(scene.beats.file, scene.path.parent)
        try:
            times, first = read_beats(path.read_text(encoding="utf-8-sig", errors="replace"))
        except ValueProblem as problem:
            raise ValueProblem(f"{path.name}: {problem}") from problem
    return counted(np.array(times) - start, first, scene, offset=None)


def found_beats(scene: Scene, song: Song, registries: Registries, offset: float | None) -> BeatGrid:
    """Return the beats that are found in a song; offset is where the scene says that bar 1 begins, or None.

    Raises ValueProblem where there are none.
    """
    tempo = scene.tempo or Tempo.parse("auto")
    tracker = registries.beat_trackers.find(tempo.tracker)
    beats = heard_beats(song, tempo, tracker, scene.beats_per_bar)
    if len(beats.times) < FEWEST:
        raise ValueProblem(f"found no beat in {song.path.name}; write e.g. tempo: 120")
    downbeat = beats.downbeat if tempo.downbeat is None else tempo.downbeat - 1
    return counted(beats.times, downbeat or 0, scene, offset=offset, confidence=beats.confidence)


def heard_beats(song: Song, tempo: Tempo, tracker: BeatTracker, beats_per_bar: int) -> Beats:
    """Return what a tracker finds in a song, from the cache where it has been found before.

    Raises PluginError for a tracker that breaks its contract.
    """

    def find() -> dict[str, Any]:
        say(f"listening to {song.path.name}: the beat")
        try:
            beats = tracker(song, tempo.hint, beats_per_bar)
            times = np.asarray(beats.times, np.float64)
            downbeat = -1 if beats.downbeat is None else int(beats.downbeat)
        except (ValueProblem, LatentreelError):
            raise
        except Exception as error:  # a plugin may raise anything; the user is told whose it was
            raise PluginError(f"beat tracker {tempo.tracker!r} failed with {type(error).__name__}: {error}") from error
        if times.ndim != 1 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise PluginError(f"beat tracker {tempo.tracker!r} returned beats that are not ever later, in seconds")
        return {"times": times, "about": np.array([float(beats.confidence), downbeat])}

    version = getattr(tracker, "version", 1)
    what = {"beats": tempo.tracker, "version": version, "hint": tempo.hint, "bar": beats_per_bar}
    held = remembered(song.digest, what, find)
    confidence, downbeat = held["about"]
    return Beats(held["times"], float(confidence), None if downbeat < 0 else int(downbeat))


def counted(
    times: np.ndarray[Any, np.dtype[np.float64]],
    downbeat: int,
    scene: Scene,
    offset: float | None,
    confidence: float = 1.0,
) -> BeatGrid:
    """Return the grid of beats, bar 1 beginning at the first downbeat of the film, or at the beat nearest to offset."""
    bar = scene.beats_per_bar
    if offset is not None:
        first = int(np.argmin(np.abs(times - offset)))
    else:
        places = np.arange(len(times))
        in_film = places[(times >= -NEAR_START) & (places % bar == downbeat % bar)]
        first = int(in_film[0]) if len(in_film) else min(downbeat, len(times) - 1)
    grid = grid_of_times(times, bar, first, confidence)
    return steadied(grid) if len(times) > FEWEST else grid


def steadied(grid: BeatGrid) -> BeatGrid:
    """Return a grid of one tempo where all beats lie on it, and else the grid as it is."""
    assert grid.times is not None
    counts = np.round((grid.times - grid.times[0]) / grid.beat_length)
    if (np.diff(counts) != 1).any():
        return grid
    slope, start = np.polyfit(counts, grid.times, 1)
    if np.abs(start + slope * counts - grid.times).max() > STRAIGHT:
        return grid
    offset = float(start + slope * grid.first)
    return BeatGrid(60 / float(slope), offset, grid.beats_per_bar, confidence=grid.confidence)
