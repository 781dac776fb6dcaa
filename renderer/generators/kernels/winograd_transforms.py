"""The inside of Winograd's F(4x4, 3x3) on blocks of 32 channels, compiled by numba.

Maps are float32 [H, W, C / 32, 32], so that vectors run over channels. Tiles of 4x4 results are counted along the rows
of a map.
Source: Lavin and Gray 2015, arXiv:1509.09308, with the points 0, 1, -1, 2, -2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from renderer.generators.kernels.finish import Numbers
from renderer.generators.kernels.jit import SUMMING, Array, kernel
from renderer.generators.kernels.products import PANEL, ROWS, multiply
from renderer.generators.kernels.smooth import finished
from renderer.generators.kernels.vectors import Code, Floats, Value, vector_code

POINTS = 36  # products in the place of 144
STEP = 4  # pixels of a tile on each axis
F = np.float32


def to_points(d: Sequence[Value]) -> list[Value]:
    """Return the values at the six points of six pixels."""
    even, odd = d[4] - 4.0 * d[2], d[3] - 4.0 * d[1]
    far, near = d[4] - d[2], 2.0 * (d[3] - d[1])
    first, last = 4.0 * d[0] - 5.0 * d[2] + d[4], 4.0 * d[1] - 5.0 * d[3] + d[5]
    return [first, even + odd, even - odd, far + near, far - near, last]


def to_pixels(m: Sequence[Value]) -> list[Value]:
    """Return the four pixels of products at six points."""
    near, odd, far, wide = m[1] + m[2], m[1] - m[2], m[3] + m[4], m[3] - m[4]
    return [m[0] + near + far, odd + 2.0 * wide, near + 4.0 * far, odd + 8.0 * wide + m[5]]


@vector_code
def tile_in(
    code: Code,
    x: Floats,
    at: Value,
    down: Value,
    right: Value,
    scale: Floats,
    place: Value,
    tiles: Floats,
    to: Value,
    apart: Value,
) -> None:
    """Write the points of a tile of 6x6 pixels, scaled by channel, whose places are so far apart."""
    with code.vectors(32) as c:
        factor = scale[place + c]
        pixels = [[x[at + down * i + right * j + c] * factor for j in range(6)] for i in range(6)]
        columns = zip(*map(to_points, pixels), strict=True)
        for j, column in enumerate(columns):
            for i, value in enumerate(to_points(column)):
                tiles[to + apart * (6 * i + j) + c] = value


@vector_code
def tile_out(
    code: Code,
    products: Floats,
    at: Value,
    apart: Value,
    scale: Floats,
    bias: Floats,
    place: Value,
    noise: Floats,
    above: Value,
    below: Value,
    strength: Value,
    slope: Value,
    limit: Value,
    y: Floats,
    to: Value,
    down: Value,
    right: Value,
) -> None:
    """Write 4x4 finished pixels of the products of a tile; their rows of noise are `below` apart from `above` on."""
    with code.vectors(32) as c:
        factor, offset = scale[place + c], bias[place + c]
        points = [[products[at + apart * (6 * i + j) + c] for i in range(6)] for j in range(6)]
        for i, row in enumerate(zip(*map(to_pixels, points), strict=True)):
            for j, value in enumerate(to_pixels(row)):
                grain = noise.spread(above + below * i + j) * strength
                y[to + down * i + right * j + c] = finished(value, factor, grain + offset, slope, limit)


@kernel
def weight_in(weight: Array, filters: NDArray[np.float64], points: Array) -> None:
    """Write the points [36, 32 / PANEL, I, PANEL] of a weight [32, I, 3, 3], by filters [6, 3], in float64."""
    _, parts, inputs, panel = points.shape
    half = np.empty((6, 3), np.float64)
    for part in range(parts):
        for i in range(inputs):
            for o in range(panel):
                g = weight[part * panel + o, i]
                for a in range(6):
                    for b in range(3):
                        half[a, b] = filters[a, 0] * g[0, b] + filters[a, 1] * g[1, b] + filters[a, 2] * g[2, b]
                for a in range(6):
                    h = half[a]
                    for b in range(6):
                        total = h[0] * filters[b, 0] + h[1] * filters[b, 1] + h[2] * filters[b, 2]
                        points[6 * a + b, part, i, o] = F(total)


@kernel
def tiles_in(
    x: Array, top: int, height: int, scale: Array, tiles: Array, first: int, count: int, across: int, pad: int
) -> None:
    """Write some transformed tiles of a map, scaled by channel, to [36, P, C / 32, 32].

    The map goes on as zeros beyond its sides, of which `pad` count as inside; x holds its rows from `top` on.
    """
    _, width, blocks, _ = x.shape
    apart, down, right = tiles.shape[1] * blocks * 32, width * blocks * 32, blocks * 32
    edge = np.empty((6, 6, 32), np.float32)
    for p in range(count):
        row, column = (first + p) // across * 4 - pad, (first + p) % across * 4 - pad
        inside = row >= 0 and column >= 0 and row + 6 <= height and column + 6 <= width
        for b in range(blocks):
            to = (p * blocks + b) * 32
            if inside:
                at = (((row - top) * width + column) * blocks + b) * 32
                tile_in(x, at, down, right, scale, b * 32, tiles, to, apart)
            else:
                edge[:] = F(0)
                for i in range(max(0, -row), min(6, height - row)):
                    for j in range(max(0, -column), min(6, width - column)):
                        edge[i, j] = x[row + i - top, column + j, b]
                tile_in(edge, 0, 192, 32, scale, b * 32, tiles, to, apart)


@kernel
def multiplied(tiles: Array, weight: Array, products: Array, count: int) -> None:
    """Write the products [36, P, 32] of tiles [36, P, I / 32, 32] and a weight [36, 32 / PANEL, I, PANEL].

    Some rows more than `count` are computed, up to a multiple of ROWS.
    """
    room, depth = tiles.shape[1], weight.shape[2]
    for point in range(36):
        for part in range(weight.shape[1]):
            panel = (point * weight.shape[1] + part) * depth * PANEL
            for p in range(0, count, ROWS):
                row = point * room + p
                multiply(tiles, row * depth, depth, weight, panel, products, row * 32 + part * PANEL, 32)


@partial(kernel, freedom=SUMMING)
def dot(one: Array, two: Array) -> F:
    """Return the sum of products of two rows [32]."""
    total = F(0)
    for c in range(len(one)):
        total += one[c] * two[c]
    return total


@kernel
def tiles_out(
    products: Array,
    finish: Numbers,
    y: Array,
    top: int,
    first: int,
    count: int,
    across: int,
    block: int,
    colours: Array,
    image: Array,
) -> None:
    """Write what the products [36, P, 32] of some tiles give to a block of a map y, finished; see `convolve`."""
    scale, bias, noise, strength, slope, limit = finish
    height, width = noise.shape
    apart, down, right = products.shape[1] * 32, width * len(scale) * 32, len(scale) * 32
    line, grain, kept = np.empty((4, 4, 32), np.float32), np.zeros((4, 4), np.float32), len(y) > 0
    for p in range(count):
        row, column = (first + p) // across * 4, (first + p) % across * 4
        rows, columns = min(4, height - row), min(4, width - column)
        inside = rows == 4 and columns == 4
        if inside and kept:
            to, above = (((row - top) * width + column) * len(scale) + block) * 32, row * width + column
            tile_out(
                products,
                p * 32,
                apart,
                scale,
                bias,
                block * 32,
                noise,
                above,
                width,
                strength,
                slope,
                limit,
                y,
                to,
                down,
                right,
            )
        else:
            for i in range(rows):
                for j in range(columns):
                    grain[i, j] = noise[row + i, column + j]
            tile_out(
                products,
                p * 32,
                apart,
                scale,
                bias,
                block * 32,
                grain,
                0,
                4,
                strength,
                slope,
                limit,
                line,
                0,
                128,
                32,
            )
            if kept:
                for i in range(rows):
                    for j in range(columns):
                        y[row + i - top, column + j, block] = line[i, j]
        if len(colours):
            for i in range(rows):
                for j in range(columns):
                    pixel = y[row + i - top, column + j, block] if kept else line[i, j]
                    for channel in range(len(colours)):
                        image[row + i, column + j, channel] += dot(pixel, colours[channel, block])


@kernel
def convolve(
    x: Array,
    x_top: int,
    height: int,
    style: Array,
    pad: int,
    weight: Array,
    finish: Numbers,
    y: Array,
    y_top: int,
    colours: Array,
    image: Array,
    first: int,
    last: int,
    across: int,
    first_block: int,
    last_block: int,
    tiles: Array,
    products: Array,
) -> None:
    """Write tiles first to last, in some blocks of channels, of a convolution to a map y, and add colours to an image.

    x [h, W, B, 32] and y hold the rows of their maps from x_top and y_top on; a y of no rows is not written. `height`
    is that of the whole map of x. The weight is [blocks, 36, 32 / PANEL, I, PANEL]. What finished means is said by
    `Finish`. The image [H, W, K] gets the products of each pixel and the colours [K, B, 32]. `tiles` and `products` are
    room to work in.
    """
    step = products.shape[1] // ROWS * ROWS
    for begin in range(first, last, step):
        count = min(step, last - begin)
        tiles_in(x, x_top, height, style, tiles, begin, count, across, pad)
        for block in range(first_block, last_block):
            multiplied(tiles, weight[block], products, count)
            tiles_out(products, finish, y, y_top, begin, count, across, block, colours, image)
