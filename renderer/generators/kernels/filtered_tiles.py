"""A leaky ReLU at a raised sampling rate, on tiles of blocks of 32 channels, compiled by numba.

Nothing of the raised rate is ever a whole map: a tile keeps twelve rows of it, which stay in the caches of a CPU. Rows
are kept by phase, so that all that is done to them runs along contiguous memory: of a rate raised U times sample
U * m + p lies at place m of plane p.
"""

from __future__ import annotations

import numpy as np

from renderer.generators.kernels.jit import Array, Indices, kernel

DOWN = 12  # taps of the filter behind the activation, on each axis
F = np.float32


@kernel
def six(target: Array, a: Array, b: Array, c: Array, d: Array, e: Array, f: Array, taps: Array) -> None:
    """Write the sum of six rows, each times its tap."""
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    for i in range(target.shape[0]):
        target[i] = a[i] * t0 + b[i] * t1 + c[i] * t2 + d[i] * t3 + e[i] * t4 + f[i] * t5


@kernel
def six_more(target: Array, a: Array, b: Array, c: Array, d: Array, e: Array, f: Array, taps: Array) -> None:
    """Add the sum of six rows, each times its tap."""
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    for i in range(target.shape[0]):
        target[i] += a[i] * t0 + b[i] * t1 + c[i] * t2 + d[i] * t3 + e[i] * t4 + f[i] * t5


@kernel
def six_active(
    target: Array, a: Array, b: Array, c: Array, d: Array, e: Array, f: Array, taps: Array, slope: float, limit: float
) -> None:
    """Write the activated sum of six rows, each times its tap."""
    t0, t1, t2, t3, t4, t5 = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5]
    for i in range(target.shape[0]):
        v = a[i] * t0 + b[i] * t1 + c[i] * t2 + d[i] * t3 + e[i] * t4 + f[i] * t5
        v = max(v, F(slope) * v)
        target[i] = min(max(v, -F(limit)), F(limit))


@kernel
def fold(target: Array, a: Array, b: Array) -> None:
    """Write the sum of two rows."""
    for i in range(target.shape[0]):
        target[i] = a[i] + b[i]


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
    planes: Array,
) -> int:
    """Write the activated row `row` at the raised rate to planes [U, n * 32]; return the first row of x not in lines.

    lines [9, m, 32] hold rows of x from column `left` on, the row r at r % 8, and behind them what is made of them.
    """
    factor = planes.shape[0]
    q, p = row // factor, row % factor
    top, nearest = q + first[p], first.min()
    while have < top + 6:
        fetch(x, have, left, b, lines[have % 8])
        have += 1
    flat = lines.reshape(lines.shape[0], -1)
    r0, r1, r2 = flat[top % 8], flat[(top + 1) % 8], flat[(top + 2) % 8]
    r3, r4, r5 = flat[(top + 3) % 8], flat[(top + 4) % 8], flat[(top + 5) % 8]
    line = flat[8]
    six(line, r0, r1, r2, r3, r4, r5, up[p])
    for phase in range(factor):
        t = line[(first[phase] - nearest) * 32 :]
        s0, s1, s2, s3, s4, s5 = t, t[32:], t[64:], t[96:], t[128:], t[160:]
        six_active(planes[phase], s0, s1, s2, s3, s4, s5, up[phase], F(0.2), limit)
    return have


@kernel
def along(target: Array, planes: Array, start: int, taps: Array) -> None:
    """Add to target every second sample of planes [U, n], from `start` on and in steps of U, times twelve taps."""
    u = planes.shape[0]
    for k in range(start, start + DOWN, 6):
        a, b = planes[k % u, k // u * 32 :], planes[(k + 1) % u, (k + 1) // u * 32 :]
        c, d = planes[(k + 2) % u, (k + 2) // u * 32 :], planes[(k + 3) % u, (k + 3) // u * 32 :]
        e, f = planes[(k + 4) % u, (k + 4) // u * 32 :], planes[(k + 5) % u, (k + 5) // u * 32 :]
        six_more(target, a, b, c, d, e, f, taps[k - start :])


@kernel
def across(target: Array, ring: Array, row: int, taps: Array) -> None:
    """Write the rows row, ..., row + 11 of a ring [12, n], each at its number modulo 12, summed by twelve taps."""
    turned = np.empty(DOWN, np.float32)
    for k in range(DOWN):
        turned[(row + k) % DOWN] = taps[k]
    six(target, ring[0], ring[1], ring[2], ring[3], ring[4], ring[5], turned)
    six_more(target, ring[6], ring[7], ring[8], ring[9], ring[10], ring[11], turned[6:])


@kernel
def put(y: Array, row: int, left: int, right: int, b: int, line: Array) -> None:
    """Copy the columns left to right of row `row` of block b to y; column left + R * m + r is line[r, m * 32:]."""
    rest, lanes = line.shape[0], y.shape[3]
    for column in range(left, right):
        m = (column - left) // rest
        source, target = line[(column - left) % rest, m * 32 : m * 32 + 32], y[row, column, b]
        for c in range(lanes):
            target[c] = source[c]


@kernel
def filtered_tile(
    x: Array, up: Array, first: Indices, down: Array, limit: float, y: Array, b: int, bounds: Indices
) -> None:
    """Write rows top to bottom and columns left to right of block b of y, the bounds in this order.

    x, y   [h, w, B, 32] and [H, W, B, 32].
    up     [U, 6], the taps of each phase of the filter that raises the rate; first [U], where each begins in x.
    down   [1, 12], taps of both axes; [12, 12], a kernel; or [6, 12], half of one that is the same from both ends.
    """
    top, bottom, left, right = bounds[0], bounds[1], bounds[2], bounds[3]
    factor, radial = up.shape[0], down.shape[0] > 1
    rest = factor // 2
    places = (right - left + rest - 1) // rest
    wide = places + (factor + 9) // factor
    lines = np.empty((9, wide + 6, 32), np.float32)
    planes, line = np.empty((factor, wide * 32), np.float32), np.empty((rest, places * 32), np.float32)
    kept = factor * wide if radial else rest * places
    ring = np.empty((DOWN, kept * 32), np.float32)
    row, start = 2 * top, left // rest + first.min()
    have = row // factor + first.min()
    for out in range(top, bottom):
        while row < 2 * out + DOWN:
            target = ring[row % DOWN]
            if radial:
                have = raised(x, b, row, start, have, up, first, limit, lines, target.reshape(factor, -1))
            else:
                have = raised(x, b, row, start, have, up, first, limit, lines, planes)
                target[:] = F(0)
                for r in range(rest):
                    along(target[r * places * 32 : (r + 1) * places * 32], planes, 2 * r, down[0])
            row += 1
        if radial:
            line[:] = F(0)
            for k in range(down.shape[0]):
                flat, above, below = planes.reshape(-1), (2 * out + k) % DOWN, (2 * out + DOWN - 1 - k) % DOWN
                if down.shape[0] < DOWN:
                    fold(flat, ring[above], ring[below])
                else:
                    flat[:] = ring[above]
                for r in range(rest):
                    along(line[r], planes, 2 * r, down[k])
        else:
            across(line.reshape(-1), ring, 2 * out, down[0])
        put(y, out, left, right, b, line)


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
