"""A leaky ReLU at a raised sampling rate, on tiles of blocks of 32 channels, compiled by numba.

Nothing of the raised rate is ever a whole map: a tile keeps twelve rows of it, which stay in the caches of a CPU. Rows
are kept by phase, so that all that is done to them runs along contiguous memory: of a rate raised U times sample
U * m + p lies at place m of plane p.
"""

from __future__ import annotations

import numpy as np

from renderer.generators.kernels.filtered_rows import (
    across_four,
    across_two,
    copied,
    folded_across_four,
    folded_across_two,
    six_across,
    six_down,
    twelve_down,
)
from renderer.generators.kernels.jit import Array, Indices, kernel
from renderer.generators.kernels.vectors import VECTOR

DOWN = 12  # taps of the filter behind the activation, on each axis
F = np.float32


@kernel
def fetch(x: Array, row: int, left: int, b: int, line: Array) -> None:
    """Copy a row of block b of x [h, w, B, 32], from column `left` on, to a line [n, 32]; zeros beyond the sides."""
    height, width, _, lanes = x.shape
    if row < 0 or row >= height:
        line[:] = F(0)
        return
    for m in range(line.shape[0]):
        inside = 0 <= left + m < width
        source, target = x[row, min(max(left + m, 0), width - 1), b], line[m]
        if inside:
            for c in range(lanes):
                target[c] = source[c]
        else:
            target[:] = F(0)


@kernel
def raised(
    x: Array,
    b: int,
    row: int,
    left: int,
    have: int,
    up: Array,
    first: Indices,
    limit: float,
    lines: Array,
    places: Indices,
    planes: Array,
    to: int,
    wide: int,
) -> int:
    """Write the activated row `row` at the raised rate to planes, from `to` on; return the first row of x not in lines.

    lines [9, m, 32] hold rows of x from column `left` on, the row r at r % 8, and behind them what is made of them.
    """
    factor, size = len(up), lines.shape[1] * 32
    q, p = row // factor, row % factor
    top, nearest = q + first[p], first.min()
    while have < top + 6:
        fetch(x, have, left, b, lines[have % 8])
        have += 1
    for k in range(6):
        places[k] = (top + k) % 8 * size
    six_down(lines, places, up, p * 6, lines, 8 * size, size // VECTOR)
    for phase in range(factor):
        at, vectors = 8 * size + (first[phase] - nearest) * 32, wide * 32 // VECTOR
        six_across(lines, at, up, phase * 6, F(0.2), limit, planes, to + phase * wide * 32, vectors)
    return have


@kernel
def filtered_tile(
    x: Array, up: Array, first: Indices, down: Array, limit: float, y: Array, b: int, bounds: Indices
) -> None:
    """Write rows top to bottom and columns left to right of block b of y, the bounds in this order.

    x, y   [h, w, B, 32] and [H, W, B, 32].
    up     [U, 6], the taps of each phase of the filter that raises the rate, U being 2 or 4.
    first  [U], where each phase begins in x.
    down   [1, 12], taps of both axes; [12, 12], a kernel; or [6, 12], half of one that is the same from both ends.
    """
    top, bottom, left, right = bounds[0], bounds[1], bounds[2], bounds[3]
    factor, radial, folds = len(up), len(down) > 1, len(down) == DOWN // 2
    rest = factor // 2
    pixels = (right - left + rest - 1) // rest
    reach = (factor + 9) // factor
    wide, apart = pixels + reach, (pixels + reach) * 32
    lines = np.empty((9, wide + 6, 32), np.float32)
    size = factor * apart if radial else rest * apart  # of a row in the ring
    ring, made = np.empty(DOWN * size, np.float32), np.empty(rest * apart, np.float32)
    planes = ring if radial else np.empty(factor * apart, np.float32)
    places, above, below = np.empty(6, np.int64), np.zeros(DOWN, np.int64), np.zeros(DOWN, np.int64)
    row, start = 2 * top, left // rest + first.min()
    have = row // factor + first.min()
    for out in range(top, bottom):
        while row < 2 * out + DOWN:
            to = row % DOWN * size
            have = raised(x, b, row, start, have, up, first, limit, lines, places, planes, to if radial else 0, wide)
            if not radial:
                above[0] = 0
                if factor == 2:
                    across_two(planes, above, below, 1, down, wide, ring[to:], apart, pixels)
                else:
                    across_four(planes, above, below, 1, down, wide, ring[to:], apart, pixels)
            row += 1
        for k in range(DOWN):
            above[k], below[k] = (2 * out + k) % DOWN * size, (2 * out + DOWN - 1 - k) % DOWN * size
        if folds and factor == 2:
            folded_across_two(ring, above, below, len(down), down, wide, made, apart, pixels)
        elif folds:
            folded_across_four(ring, above, below, len(down), down, wide, made, apart, pixels)
        elif radial and factor == 2:
            across_two(ring, above, below, len(down), down, wide, made, apart, pixels)
        elif radial:
            across_four(ring, above, below, len(down), down, wide, made, apart, pixels)
        for r in range(rest):
            count, at = (right - left - r + rest - 1) // rest, r * apart + reach * 32
            to = ((out * y.shape[1] + left + r) * y.shape[2] + b) * 32
            if radial:
                copied(made, at, y, to, rest * y.shape[2] * 32, count)
            else:
                twelve_down(ring, at, above, down, y, to, rest * y.shape[2] * 32, count)


@kernel
def filtered_tiles(
    x: Array, up: Array, first: Indices, down: Array, limit: float, y: Array, step: Indices, begin: int, end: int
) -> None:
    """Write the pieces begin to end of y: each is a block's tile of `step` rows and columns, the last ones smaller."""
    height, width, _, _ = y.shape
    down_count, across_count = (height + step[0] - 1) // step[0], (width + step[1] - 1) // step[1]
    bounds = np.empty(4, np.int64)
    for piece in range(begin, end):
        tile, b = piece % (down_count * across_count), piece // (down_count * across_count)
        bounds[0], bounds[2] = tile // across_count * step[0], tile % across_count * step[1]
        bounds[1], bounds[3] = min(bounds[0] + step[0], height), min(bounds[2] + step[1], width)
        filtered_tile(x, up, first, down, limit, y, b, bounds)
