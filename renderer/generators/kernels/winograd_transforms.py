"""The transforms of Winograd's F(4x4, 3x3) on blocks of 32 channels, compiled by numba.

Maps are float32 [H, W, C / 32, 32]: the innermost loop runs over channels, which a CPU does eight or sixteen at a time.
Source: Lavin and Gray 2015, arXiv:1509.09308, with the points 0, 1, -1, 2, -2.
"""

from __future__ import annotations

import numpy as np

from renderer.generators.kernels.jit import Array, kernel

POINTS = 36  # products in the place of 144
STEP = 4  # pixels of a tile on each axis
F = np.float32


@kernel
def tiles_in(x: Array, scale: Array, tiles: Array, first: int, rows: int, across: int, pad: int) -> None:
    """Write the transformed tiles of some rows of tiles of a map x, scaled by channel, to [36, P, C / 32, 32].

    The map goes on as zeros beyond its sides, of which `pad` count as inside.
    """
    height, width, blocks, lanes = x.shape
    d = np.empty((6, 6, 32), np.float32)
    t = np.empty((6, 6, 32), np.float32)
    for row in range(rows):
        for column in range(across):
            p = row * across + column
            for b in range(blocks):
                for i in range(6):
                    y = (first + row) * 4 + i - pad
                    top = min(max(y, 0), height - 1)
                    for j in range(6):
                        z = column * 4 + j - pad
                        left = min(max(z, 0), width - 1)
                        inside = F(1) if top == y and left == z else F(0)
                        source, target, s = x[top, left, b], d[i, j], scale[b]
                        for c in range(lanes):  # a bound known when compiling would be unrolled instead of vectorised
                            target[c] = source[c] * (s[c] * inside)
                for i in range(6):
                    for c in range(32):
                        d0, d1, d2, d3, d4, d5 = d[i, 0, c], d[i, 1, c], d[i, 2, c], d[i, 3, c], d[i, 4, c], d[i, 5, c]
                        even, odd, far, near = d4 - F(4) * d2, d3 - F(4) * d1, d4 - d2, F(2) * (d3 - d1)
                        t[i, 0, c] = F(4) * d0 - F(5) * d2 + d4
                        t[i, 1, c], t[i, 2, c] = even + odd, even - odd
                        t[i, 3, c], t[i, 4, c] = far + near, far - near
                        t[i, 5, c] = F(4) * d1 - F(5) * d3 + d5
                for j in range(6):
                    for c in range(32):
                        d0, d1, d2, d3, d4, d5 = t[0, j, c], t[1, j, c], t[2, j, c], t[3, j, c], t[4, j, c], t[5, j, c]
                        even, odd, far, near = d4 - F(4) * d2, d3 - F(4) * d1, d4 - d2, F(2) * (d3 - d1)
                        tiles[j, p, b, c] = F(4) * d0 - F(5) * d2 + d4
                        tiles[6 + j, p, b, c], tiles[12 + j, p, b, c] = even + odd, even - odd
                        tiles[18 + j, p, b, c], tiles[24 + j, p, b, c] = far + near, far - near
                        tiles[30 + j, p, b, c] = F(4) * d1 - F(5) * d3 + d5


@kernel
def tiles_out(
    products: Array,
    scale: Array,
    bias: Array,
    noise: Array,
    strength: float,
    slope: float,
    limit: float,
    y: Array,
    top: int,
    first: int,
    rows: int,
    across: int,
    phases: int,
) -> None:
    """Write what the products [36, P, B, 32] of some rows of tiles give to a map y, finished.

    What finished means is said by `Finish`. With phases = 2 the channels hold four maps, whose pixels are woven into
    squares of 2x2. y begins at row `top` of the whole map.
    """
    blocks, each = products.shape[2], y.shape[2]
    height, width = noise.shape
    t = np.empty((4, 6, 32), np.float32)
    u = np.empty((4, 4, 32), np.float32)
    for row in range(rows):
        for column in range(across):
            p = row * across + column
            for b in range(blocks):
                phase, place = b // each, b % each
                for j in range(6):
                    for c in range(32):
                        m0, m1, m2 = products[j, p, b, c], products[6 + j, p, b, c], products[12 + j, p, b, c]
                        m3, m4, m5 = products[18 + j, p, b, c], products[24 + j, p, b, c], products[30 + j, p, b, c]
                        near, odd, far, wide = m1 + m2, m1 - m2, m3 + m4, m3 - m4
                        t[0, j, c] = m0 + near + far
                        t[1, j, c] = odd + F(2) * wide
                        t[2, j, c] = near + F(4) * far
                        t[3, j, c] = odd + F(8) * wide + m5
                for i in range(4):
                    for c in range(32):
                        m0, m1, m2, m3, m4, m5 = t[i, 0, c], t[i, 1, c], t[i, 2, c], t[i, 3, c], t[i, 4, c], t[i, 5, c]
                        near, odd, far, wide = m1 + m2, m1 - m2, m3 + m4, m3 - m4
                        u[i, 0, c] = m0 + near + far
                        u[i, 1, c] = odd + F(2) * wide
                        u[i, 2, c] = near + F(4) * far
                        u[i, 3, c] = odd + F(8) * wide + m5
                for i in range(4):
                    down = ((first + row) * 4 + i) * phases + phase // 2
                    if down >= height:
                        break
                    for j in range(4):
                        right = (column * 4 + j) * phases + phase % 2
                        if right >= width:
                            break
                        source, target, s, o = u[i, j], y[down - top, right, place], scale[place], bias[place]
                        n = noise[down, right] * F(strength)
                        for c in range(source.shape[0]):
                            v = source[c] * s[c] + (n + o[c])
                            v = max(v, F(slope) * v)
                            target[c] = min(max(v, -F(limit)), F(limit))
