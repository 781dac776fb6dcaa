"""3x3 convolutions of small maps: a sum of products, each of the map a little shifted.

Pixels count along the rows of a map that has one more column, of zeros, so that a shift is the same for all of them.
The weight is packed as it is used: a second copy of it would weigh more than the time that this takes.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.kernels.finish import Finish, Numbers
from renderer.generators.kernels.jit import LANES, Array, blocks, kernel
from renderer.generators.kernels.pool import each, shares
from renderer.generators.kernels.products import PANEL, ROWS, multiply_shifted, multiply_shifted_pairs, packed
from renderer.generators.kernels.rows import rows_in
from renderer.generators.kernels.smooth import finished_across

Table = NDArray[np.int64]
PARTS = LANES // PANEL  # panels of a block of channels


@kernel
def _convolve(
    x: Array,
    style: Array,
    weight: Array,
    order: Table,
    shifts: Table,
    finish: Numbers,
    y: Array,
    first: int,
    last: int,
    pairs: bool,
    rows: Array,
    panels: Array,
    sums: Array,
) -> None:
    """Write some blocks of channels of y [h, w, B, 32]: x [h, w, B, 32] convolved by a weight [O, 9, depth]."""
    scale, bias, noise, strength, slope, limit = finish
    height, width, _, _ = x.shape
    span, depth, right = width + 1, rows.shape[1], y.shape[2] * 32
    rows_in(x, 0, height, style, rows, -1, height + 1, pairs)
    for block in range(first, last):
        for part in range(PARTS):
            packed(weight, block * PARTS + part, order, panels[part])
            panel = part * 9 * depth * PANEL
            for p in range(0, height * span, ROWS):
                at, to = p * depth, p * 32 + part * PANEL
                if pairs:
                    multiply_shifted_pairs(rows, at, shifts, 0, 9, depth, panels, panel, sums, to, 32)
                else:
                    multiply_shifted(rows, at, shifts, 0, 9, depth, panels, panel, sums, to, 32)
        for row in range(height):
            at, to, above = row * span * 32, (row * width * y.shape[2] + block) * 32, row * width
            rest = (scale, bias, block * 32, noise, above, strength, slope, limit, y, to, right, width)
            finished_across(sums, at, *rest)


def plain(x: Tensor, style: Tensor, weight: Tensor, finish: Finish, pairs: bool = False) -> Tensor:
    """Return the finished map [h, w, O] of x [h, w, I] times style [I], by a weight [O, 3, 3, depth]."""
    height, width, depth = x.shape[0], x.shape[1], weight.shape[3]
    y, span = x.new_empty(height, width, len(weight)), width + 1
    order, shifts = np.arange(9), np.array([down * span + right for down in range(3) for right in range(3)])
    given = blocks(x), blocks(style), weight.flatten(1, 2).numpy(), order, shifts, finish.numbers(), blocks(y)
    parts = shares(len(weight) // LANES)
    sizes = ((height + 2) * span + 1 + ROWS, depth), (PARTS, 9, depth, PANEL), (height * span + ROWS, LANES)
    rooms = {part: [torch.empty(size).numpy() for size in sizes] for part in parts}  # here: what a thread frees stays
    each(lambda part: _convolve(*given, *part, pairs, *rooms[part]), parts)
    return y
