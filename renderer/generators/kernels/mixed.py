"""1x1 convolutions of a map, by products in registers."""

from __future__ import annotations

from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor

from renderer.generators.kernels.jit import LANES, Array, blocks, kernel
from renderer.generators.kernels.pool import each
from renderer.generators.kernels.products import PANEL, ROWS, multiply, multiply_pairs
from renderer.generators.kernels.rows import in_pairs, rows_in
from renderer.generators.kernels.shifted import PARTS
from renderer.generators.kernels.smooth import finished_across

ROOM_BYTES = 500_000  # of pixels that a thread works on; they stay in its caches
F = np.float32


@kernel
def _mix(
    x: Array,
    style: Array,
    weight: Array,
    scale: Array,
    bias: Array,
    y: Array,
    first: int,
    last: int,
    pairs: bool,
    rows: Array,
    sums: Array,
    silence: Array,
) -> None:
    """Write pixels first to last of y [1, P, B, 32], of x [1, P, B, 32] and panels [O / PANEL, depth, PANEL]."""
    count, depth, right = last - first, rows.shape[1], y.shape[2] * 32
    rows_in(x[:, first:last], 0, 1, style, rows, 0, 1, pairs)
    for block in range(y.shape[2]):
        for part in range(PARTS):
            panel = (block * PARTS + part) * depth * PANEL
            for p in range(0, count, ROWS):
                numbers = ((1 + p) * depth, depth, weight, panel, sums, p * 32 + part * PANEL, 32)
                if pairs:
                    multiply_pairs(rows, *numbers)
                else:
                    multiply(rows, *numbers)
        to = (first * y.shape[2] + block) * 32
        linear = (silence, 0, F(0), F(1), F(np.inf))
        finished_across(sums, 0, scale, bias, block * 32, *linear, y, to, right, count)


class Mixed:
    """Mix the channels of maps by a weight [O, I] that stays the same.

    pairs says whether products are those of pairs of bfloat16.
    """

    def __init__(self, weight: Tensor, pairs: bool = False) -> None:
        self.pairs, self.outputs = pairs, len(weight)
        given = in_pairs(weight) if pairs else weight
        self.weight = given.view(-1, PANEL, given.shape[1]).transpose(1, 2).contiguous()  # [O / PANEL, depth, PANEL]

    def __call__(self, x: Tensor, style: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
        """Return [h, w, O] of x [h, w, I] times style [I]: the products times scale [O], with the bias [O]."""
        y, pixels, depth = x.new_empty(*x.shape[:2], self.outputs), x.shape[0] * x.shape[1], self.weight.shape[1]
        step = max(1, ROOM_BYTES // (4 * depth * ROWS)) * ROWS
        given = (*map(blocks, (x.reshape(1, pixels, -1), style)), self.weight.numpy())
        result = (*map(blocks, (scale, bias, y.view(1, pixels, -1))),)
        silence, spare = np.zeros(step, np.float32), SimpleQueue[tuple[Tensor, Tensor]]()
        for _ in range(torch.get_num_threads()):  # here: memory that a thread frees stays with it
            spare.put((torch.empty(2 + step + ROWS, depth), torch.empty(step + ROWS, LANES)))

        def do(first: int) -> None:
            room = spare.get()
            rows, sums = (one.numpy() for one in room)
            _mix(*given, *result, first, min(first + step, pixels), self.pairs, rows, sums, silence)
            spare.put(room)

        each(do, range(0, pixels, step))
        return y
