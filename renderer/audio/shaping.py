"""Shape a series into a signal: one step after the other, each in seconds, so that looks do not change with a rate."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from renderer.signal_source import Series, Values
from renderer.values.shape import Shape
from renderer.values.time import Time

SILENT = 1e-6  # what spans less than this is all alike
LOCAL_FLOOR = 0.1  # a sliding normalisation never takes what is quieter than this share of the loudest for loud
SETTLED = 8.0  # time constants after which a follower has arrived


def shaped(series: Series, shape: Shape, seconds: Callable[[Time], float]) -> Series:
    """Return a series after every step of a shape, in the order of `values.shape.WORDS`.

    It goes on at both ends as in silence until that has settled, and holds from there on. seconds reads a length of
    time.
    """
    rate, own = series.rate, slice(None)
    values = series.columns.astype(np.float64)
    low, high = _limits(values, shape)
    if shape.clip is not None:
        values = np.clip(values, low, high)
    if not series.hold:
        front, back = _rests(shape, rate, seconds)
        values = np.pad(values, ((front, back), (0, 0)))
        own = slice(front, len(values) - back)
        series = replace(series, start=series.start - front / rate)
    values = _normalised(values, shape, low, high, rate, seconds)
    if shape.power is not None:
        values = np.maximum(values, 0) ** shape.power
    if shape.threshold is not None:
        values = np.maximum(values - shape.threshold, 0) / (1 - shape.threshold)
    delay = 0.0 if shape.delay is None else seconds(shape.delay)
    rise, fall = (0.0 if time is None else seconds(time) * rate for time in (shape.attack, shape.release))
    values = followed(values, rise, fall)
    if shape.smooth is not None and (sigma := seconds(shape.smooth) * rate) > 0:
        from scipy.ndimage import gaussian_filter1d

        values = gaussian_filter1d(values, sigma, axis=0, mode="nearest")
    if shape.invert:
        values = 1 - values
    if shape.range is not None:
        values = shape.range[0] + (shape.range[1] - shape.range[0]) * values
    if shape.accumulate:
        values = accumulated(values, own, rate)
    return Series(values.astype(np.float32), rate, series.start + delay, hold=True)


def _limits(values: NDArray[np.float64], shape: Shape) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values [C] to which each channel is clipped."""
    low, high = shape.clip or (0.0, 100.0)
    return np.percentile(values, low, axis=0), np.percentile(values, high, axis=0)


def _rests(shape: Shape, rate: float, seconds: Callable[[Time], float]) -> tuple[int, int]:
    """Return how many frames of silence stand before and after a series, so that every step settles in them."""
    smooth, attack, release = (
        0.0 if time is None else seconds(time) for time in (shape.smooth, shape.attack, shape.release)
    )
    return 1 + math.ceil(SETTLED * smooth * rate), 1 + math.ceil(SETTLED * (smooth + attack + release) * rate)


def _normalised(
    values: NDArray[np.float64],
    shape: Shape,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    rate: float,
    seconds: Callable[[Time], float],
) -> NDArray[np.float64]:
    if not shape.normalise:
        return values
    if isinstance(shape.normalise, Time) and (width := seconds(shape.normalise) * rate) > 0:
        from scipy.ndimage import gaussian_filter1d, maximum_filter1d, minimum_filter1d

        size, whole = 2 * math.ceil(width) + 1, high - low
        floor = gaussian_filter1d(minimum_filter1d(values, size, axis=0), width / 2, axis=0)
        top = gaussian_filter1d(maximum_filter1d(values, size, axis=0), width / 2, axis=0)
        low, high = floor, np.maximum(top, floor + LOCAL_FLOOR * whole)
    span = high - low
    stretched = (values - low) / np.where(span > SILENT, span, 1)
    return np.where(span > SILENT, np.clip(stretched, 0, 1), 0.0)


def followed(values: NDArray[np.float64], rise: float, fall: float) -> NDArray[np.float64]:
    """Return what follows values [T, C], each step by the share that time constants in frames leave; 0 is at once."""
    if rise <= 0 and fall <= 0:
        return values
    up, down = (1 - math.exp(-1 / frames) if frames > 0 else 1.0 for frames in (rise, fall))
    found = np.empty_like(values)
    for channel in range(values.shape[1]):  # of plain floats: ten times as fast as numpy over single numbers
        level = float(values[0, channel])
        column = values[:, channel].tolist()
        for i, value in enumerate(column):
            level += (value - level) * (up if value > level else down)
            column[i] = level
        found[:, channel] = column
    return found


def accumulated(values: NDArray[np.float64], own: slice, rate: float) -> NDArray[np.float64]:
    """Return the integral of values in seconds: 0 at the start of `own`, and over it in the mean as fast as time."""
    speed = np.maximum(values, 0)
    mean = speed[own].mean(axis=0)
    total = np.cumsum((speed[1:] + speed[:-1]) / 2 / rate, axis=0)
    total = np.concatenate([np.zeros((1, values.shape[1])), total]) / np.where(mean > SILENT, mean, 1)
    return total - total[own][:1]


def sampled(curve: Callable[[NDArray[np.float64]], Values], length: float, rate: float) -> Series:
    """Return a series of a function of time, from 0 to `length` seconds."""
    return Series(curve(np.arange(math.ceil(length * rate) + 1) / rate), rate)
