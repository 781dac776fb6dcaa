"""Rows of a map: held for a while, and laid out to be convolved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from renderer.generators.kernels.jit import Array, kernel
from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Value, vector_code

F = np.float32


@dataclass(frozen=True)
class Rows:
    """Hold the rows [h, W, C] of a map from `top` on, which has `height` of them; none where it is not kept."""

    held: Tensor
    top: int
    height: int


def in_pairs(x: Tensor) -> Tensor:
    """Return x [..., C] in bfloat16, two in the place of each float32: [..., C / 2]."""
    return x.to(torch.bfloat16, memory_format=torch.contiguous_format).view(torch.float32)


@vector_code
def scaled(code: Code, x: Floats, at: Value, scale: Floats, vectors: Value, rows: Floats, to: Value) -> None:
    """Write some vectors of x times those of a scale."""
    with code.each(vectors) as number:
        rows[to + number * VECTOR] = x[at + number * VECTOR] * scale[number * VECTOR]


@vector_code
def scaled_rounded(code: Code, x: Floats, at: Value, scale: Floats, vectors: Value, rows: Floats, to: Value) -> None:
    """Do what `scaled` does, in bfloat16."""
    with code.each(vectors) as number:
        rows.put_rounded(to + number * (VECTOR // 2), x[at + number * VECTOR] * scale[number * VECTOR])


@kernel
def rows_in(x: Array, top: int, height: int, scale: Array, rows: Array, first: int, last: int, pairs: bool) -> None:
    """Write rows first to last of a map, scaled by channel, to `rows` [P, depth], with a zero before and behind each.

    The map goes on as zeros beyond its sides; x [h, w, B, 32] holds its rows from `top` on. With pairs there are
    bfloat16 in the result.
    """
    _, width, blocks, _ = x.shape
    depth, vectors = rows.shape[1], blocks * 32 // VECTOR
    rows[0] = F(0)
    for row in range(first, last):
        to = 1 + (row - first) * (width + 1)
        rows[to + width] = F(0)
        if not 0 <= row < height:
            rows[to : to + width] = F(0)
            continue
        for column in range(width):
            at = ((row - top) * width + column) * blocks * 32
            if pairs:
                scaled_rounded(x, at, scale, vectors, rows, (to + column) * depth)
            else:
                scaled(x, at, scale, vectors, rows, (to + column) * depth)
