"""An image of twice the size, added to another one in one pass, compiled by numba."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.kernels.jit import Array, kernel
from renderer.generators.kernels.pool import each, shares

F = np.float32


@kernel
def weighted(target: Array, source: Array, tap: float) -> None:
    """Add a row times a tap to another row."""
    for i in range(len(target)):
        target[i] += source[i] * tap


@kernel
def _raise(x: Array, taps: Array, offsets: NDArray[np.int64], limit: float, y: Array, first: int, last: int) -> None:
    """Add to rows first to last of y [2h, 2w, K] what x [h, w, K] gives: pixel 2 * i + a sees i + offsets[a] and on.

    What is in y is kept within -limit..limit first.
    """
    height, width, channels = x.shape
    line, halves = np.empty(width * channels, np.float32), np.empty((2, width * channels), np.float32)
    for row in range(first, last):
        line[:] = F(0)
        halves[:] = F(0)
        for n in range(taps.shape[1]):
            down = row // 2 + offsets[row % 2] + n
            if 0 <= down < height:
                weighted(line, x[down].reshape(-1), taps[row % 2, n])
        for a in range(2):
            for n in range(taps.shape[1]):
                right = (offsets[a] + n) * channels
                if abs(right) < len(line):
                    weighted(halves[a, max(0, -right) : len(line) - max(0, right)], line[max(0, right) :], taps[a, n])
        for column in range(width):
            for a in range(2):
                for c in range(channels):
                    before = min(max(y[row, 2 * column + a, c], -limit), limit)
                    y[row, 2 * column + a, c] = before + halves[a, column * channels + c]


def add_raised(x: Tensor, taps: Sequence[float], before: int, y: Tensor, limit: float = math.inf) -> None:
    """Add x [h, w, K], its size doubled by zeros in between and filtered along both axes, to y [2h, 2w, K].

    What is in y is kept within -limit..limit first. Pixel i of the result sees pixels i - before and following of the
    one with zeros in between.
    """
    seen = [[m for m in range(len(taps)) if (a + m - before) % 2 == 0] for a in range(2)]  # taps that meet no zeros
    weights = np.zeros((2, max(map(len, seen))), np.float32)
    for a, each_ in enumerate(seen):
        weights[a, : len(each_)] = [taps[m] for m in each_]
    offsets = np.array([(a + each_[0] - before) // 2 if each_ else 0 for a, each_ in enumerate(seen)])
    given, result = x.contiguous().numpy(), y.numpy()
    each(lambda rows: _raise(given, weights, offsets, np.float32(limit), result, *rows), shares(len(y)))
