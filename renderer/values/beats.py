"""The beats of a film: where each is in seconds, counted from the first beat of bar 1."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BeatGrid:
    """Hold beats: evenly spaced ones of a tempo, or those at `times`, which go on evenly on both sides.

    tempo in beats per minute (of the most usual distance where it varies), offset the seconds of beat 0, which begins
    bar 1; times float64 [B] are ever later, and `first` is the index of beat 0 in them. confidence is 1 where the
    beats were given, and between 0 and 1 where they were found.
    """

    tempo: float
    offset: float = 0.0
    beats_per_bar: int = 4
    times: Array | None = None
    first: int = 0
    confidence: float = field(default=1.0, compare=False)

    @property
    def beat_length(self) -> float:
        """Return the seconds of a beat at the tempo."""
        return 60.0 / self.tempo

    def seconds(self, beats: ArrayLike) -> Array:
        """Return the seconds at which beats are, fractions included."""
        count = np.asarray(beats, np.float64)
        if self.times is None:
            return np.asarray(self.offset + count * self.beat_length)
        return self._through(count, self._counts, self.times, self.beat_length)

    def beats(self, t: ArrayLike) -> Array:
        """Return the beats since beat 0 at times in seconds, fractions included; negative before it."""
        seconds = np.asarray(t, np.float64)
        if self.times is None:
            return np.asarray((seconds - self.offset) * (self.tempo / 60))
        return self._through(seconds, self.times, self._counts, 1 / self.beat_length)

    @property
    def _counts(self) -> Array:
        """Return which beat each of `times` is."""
        return np.arange(0 if self.times is None else len(self.times), dtype=np.float64) - self.first

    def between(self, start: float, end: float) -> Array:
        """Return the seconds of every beat in [start, end)."""
        first, last = np.ceil(self.beats([start, end]) - 1e-9)
        return self.seconds(np.arange(first, last))

    def shifted(self, seconds: float) -> BeatGrid:
        """Return the same beats, that many seconds later."""
        times = None if self.times is None else self.times + seconds
        return replace(self, offset=self.offset + seconds, times=times)

    def counted_from(self, start: float) -> BeatGrid:
        """Return the same beats, of which the one nearest to `start` seconds is beat 0."""
        if self.times is None:
            return replace(self, offset=float(self.seconds(np.round(self.beats(start)))))
        first = int(np.argmin(np.abs(self.times - start)))
        return replace(self, offset=float(self.times[first]), first=first)

    @staticmethod
    def _through(x: Array, known: Array, values: Array, slope: float) -> Array:
        """Return the line through known points at x, which goes on with a slope before the first and after the last."""
        inside = np.interp(x, known, values)
        before, after = np.minimum(x - known[0], 0.0), np.maximum(x - known[-1], 0.0)
        return np.asarray(inside + slope * (before + after))


def grid_of_times(times: ArrayLike, beats_per_bar: int, first: int = 0, confidence: float = 1.0) -> BeatGrid:
    """Return the grid of at least two beats that are ever later; its tempo is that of the usual distance of beats."""
    beats = np.asarray(times, np.float64)
    tempo = 60.0 / usual_distance(beats)
    return BeatGrid(tempo, float(beats[first]), beats_per_bar, beats, first, confidence)


def usual_distance(beats: Array) -> float:
    """Return the distance of beats [B] in seconds: the slope of the line through them, without what is far off it."""
    gaps = np.diff(beats)
    median = float(np.median(gaps))
    steps = np.round(gaps / median)
    near = (np.abs(gaps / median - 1) < 0.2) & (steps == 1)
    return float(gaps[near].mean()) if near.any() else median
