"""Find the beats of a song: what a beat tracker gives, and the one that is there without a plugin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from renderer.audio.downbeat import first_downbeat
from renderer.audio.following import followed
from renderer.audio.onsets import EARLY, LAG
from renderer.audio.song import Song
from renderer.audio.tempo import accents, rough_tempo, steady_beats
from renderer.signal_source import Array, Values

NEAR = 0.05  # seconds within which two beats are the same one
STEADY = 0.7  # share of the beats found one by one that must lie on a steady grid for that to be taken
FEWEST = 4  # beats without which there is no tempo


@dataclass(frozen=True)
class Beats:
    """Hold what a tracker found: seconds of beats [B], ever later, and how sure it is, from 0 to 1.

    `downbeat` is the index of a beat that begins a bar, or None where the tracker does not hear bars.
    """

    times: Array
    confidence: float = 0.0
    downbeat: int | None = None


BeatTracker = Callable[[Song, float | None, int], Beats]  # the song, a hint of its tempo, beats in a bar


def librosa_beats(song: Song, hint: float | None, beats_per_bar: int) -> Beats:
    """Return the beats as librosa tracks them, or those of a steady tempo where it agrees with one.

    Source: Ellis 2007, *Beat tracking by dynamic programming*.
    """
    strengths = accents(song)
    strength = sum_of(strengths)
    if float(strength.max(initial=0.0)) <= 0 or len(strength) < 4 * song.frame_rate * 60 / 240:
        return Beats(np.zeros(0))
    tempo, confidence = rough_tempo(song, strengths, hint)
    tracked = tracked_beats(song, strength, tempo)
    steady = steady_beats(song, strength, tempo, song.length)
    times = steady if share_near(tracked, steady) >= STEADY else tracked
    late = EARLY - LAG / 2 / song.frame_rate  # between a frame of strength and what is heard in it
    times = times + late
    return Beats(times, confidence, first_downbeat(song, times, strengths[2], strengths[1], beats_per_bar))


def sum_of(strengths: tuple[Values, ...]) -> Values:
    """Return the sum of strengths [T], each by its own spread."""
    spreads = [max(float(one.std()), 1e-12) for one in strengths]
    return np.asarray(sum(one / spread for one, spread in zip(strengths, spreads, strict=True)), np.float32)


def tracked_beats(song: Song, strength: Values, tempo: float) -> Array:
    """Return the seconds of beats that follow what is heard, one by one."""
    return followed(strength, 60 * song.frame_rate / tempo).astype(np.float64) / song.frame_rate


def share_near(beats: Array, grid: Array) -> float:
    """Return the share of beats that lie near one of a grid's."""
    if not len(beats) or not len(grid):
        return 0.0
    after = np.clip(np.searchsorted(grid, beats), 1, max(len(grid) - 1, 1))
    others = np.minimum(np.abs(beats - grid[after - 1]), np.abs(beats - grid[np.minimum(after, len(grid) - 1)]))
    return float((others < NEAR).mean())


TRACKERS: dict[str, BeatTracker] = {"librosa": librosa_beats}
