"""Follow what is heard from beat to beat, at about a tempo.

librosa has the same method, compiled by numba; that ends the process on CPUs with AVX-512 (librosa 0.11, numba 0.68).
Source: Ellis 2007, *Beat tracking by dynamic programming*, doi:10.1080/09298210701653344; constants are librosa's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.signal_source import Array, Values

TIGHTNESS = 100.0  # how much a step that is off the tempo costs
FIRST = 0.01  # of the largest strength, which the first beat reaches
LAST = 0.5  # of the middle score of peaks, which the last beat reaches


def followed(strength: Values, period: float) -> NDArray[np.int64]:
    """Return the frames [B] of beats in a strength [T], about a period of frames apart."""
    period = max(1.0, round(period))
    local = smoothed(strength, period)
    offsets = np.arange(max(1, round(period / 2)), int(2 * period) + 1)  # to the beat before
    costs = TIGHTNESS * np.log(offsets / period) ** 2
    scores, before = np.array(local), np.full(len(local), -1)
    begun, reach = False, offsets[-1]
    padded = np.concatenate([np.full(reach, -np.inf), scores])  # frame i at i + reach
    for i, own in enumerate(local):
        there = padded[i : i + reach - offsets[0] + 1][::-1] - costs  # those at i - offsets
        best = int(np.argmax(there))
        if there[best] > -np.inf:
            padded[i + reach] = scores[i] = own + there[best]
        begun = begun or own >= FIRST * local.max()
        if begun and there[best] > -np.inf:
            before[i] = i - offsets[best]
    return traced(local, scores, before)


def smoothed(strength: Values, period: float) -> Array:
    """Return a strength over its spread, each frame with those near it."""
    around = np.arange(-period, period + 1)
    window = np.exp(-0.5 * (around * 32.0 / period) ** 2)
    even = np.asarray(strength, np.float64) / max(float(np.std(strength, ddof=1)), 1e-12)
    return np.convolve(even, window)[len(around) // 2 :][: len(even)]


def traced(local: Array, scores: Array, before: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the frames of beats, from the last good peak of the scores back to the first."""
    edges = np.concatenate([scores[:1], scores, scores[-1:]])
    peaks = np.flatnonzero((scores > edges[:-2]) & (scores >= edges[2:]))
    good = peaks[scores[peaks] >= LAST * np.median(scores[peaks])] if len(peaks) else peaks
    frame, beats = int(good[-1]) if len(good) else len(scores) - 1, []
    while frame >= 0:
        beats.append(frame)
        frame = int(before[frame])
    found = np.array(beats[::-1], np.int64)
    heard = np.flatnonzero(local > 0)  # silence before and behind has no beats
    return found[(found >= heard[0]) & (found <= heard[-1])] if len(heard) else found[:0]
