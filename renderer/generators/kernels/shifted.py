"""3x3 convolutions of small maps, plain or doubling the size: a sum of products, each of the map a little shifted.

Pixels count along the rows of a map that has one more column, of zeros, so that a shift is the same for all of them.
The weight is packed as it is used: a second copy of it would weigh more than the time that this takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import Array, kernel
from renderer.generators.kernels.pool import each, shares
from renderer.generators.kernels.products import PANEL, ROWS, multiply, multiply_on
from renderer.generators.kernels.smooth import Planes, smooth

TOGETHER = 8 * ROWS  # pixels that are multiplied by one panel after the other; they stay in the nearer caches
Table = NDArray[np.int64]


@kernel
def _convolve(
    x: Array, weight: Array, table: Table, y: Array, count: int, step: int, panels: Array, first: int, last: int
) -> None:
    """Write some panels of the channels of y [P * step, O]: the sum over taps of x [P, I] times a weight [O, 9, I].

    For each tap the table says which pixel of x pixel 0 sees, where in y its result goes, and whether it is the first.
    """
    inputs, outputs = x.shape[1], y.shape[1]
    for panel in range(first, last):
        for tap in range(9):
            for i in range(inputs):
                for o in range(PANEL):
                    panels[tap, i, o] = weight[panel * PANEL + o, tap, i]
        for begin in range(0, count, TOGETHER):
            for tap in range(9):
                at, to, fresh = table[tap]
                for p in range(begin, min(begin + TOGETHER, count), ROWS):
                    source, target = (at + p) * inputs, (to + p * step) * outputs + panel * PANEL
                    if fresh:
                        multiply(x, source, inputs, panels, tap * inputs * PANEL, y, target, step * outputs)
                    else:
                        multiply_on(x, source, inputs, panels, tap * inputs * PANEL, y, target, step * outputs)


@dataclass(frozen=True)
class Grid:
    """Lay a map [h, w, I] out: rows of one more column, zeros around, and room for what is computed beyond the end."""

    height: int
    width: int

    @property
    def row(self) -> int:
        """Return the pixels in a row."""
        return self.width + 1

    def filled(self, x: Tensor, style: Tensor) -> Tensor:
        """Return the pixels [P, I] of x times the style."""
        around = self.row + 1
        grid = x.new_zeros(around + (self.height + 1) * self.row + around + ROWS, x.shape[2])
        inside = grid[around : around + self.height * self.row].view(self.height, self.row, -1)[:, : self.width]
        torch.mul(x, style, out=inside)
        return grid


def plain(x: Tensor, style: Tensor, weight: Tensor, finish: Finish) -> Tensor:
    """Return the finished map [h, w, O] of x [h, w, I] times style [I], by a weight [O, 3, 3, I]."""
    grid = Grid(*x.shape[:2])
    table = [(down * grid.row + right, 0, down == right == 0) for down in range(3) for right in range(3)]
    y = products(grid.filled(x, style), weight, table, grid.height * grid.row, 1, 1)
    return smooth(Planes(y, grid.height, grid.row), [1.0], 0, finish)


def doubled(x: Tensor, style: Tensor, weight: Tensor, taps: Sequence[float], before: int, finish: Finish) -> Tensor:
    """Return the finished map of twice the size, filtered by the taps: see `plain` and `smooth`.

    Tap k of the weight sends pixel i to pixel 2 * i + k. Even and odd rows lie in planes of their own.
    """
    grid, table = Grid(*x.shape[:2]), []
    count = (grid.height + 1) * grid.row
    around = grid.row + 1
    for down in range(3):
        for right in range(3):
            at = around - (down // 2) * grid.row - right // 2
            table.append((at, (down % 2) * 2 * (count + ROWS) + right % 2, down < 2 and right < 2))
    y = products(grid.filled(x, style), weight, table, count, 2, 2)
    return smooth(Planes(y, 2 * grid.height + 1, 2 * grid.row), taps, before, finish)


def products(
    x: Tensor, weight: Tensor, table: Sequence[tuple[int, int, bool]], count: int, planes: int, step: int
) -> Tensor:
    """Return the planes [planes, P * step, O] of what the table says; see `_convolve`."""
    outputs, inputs = weight.shape[0], x.shape[1]
    y = x.new_empty(planes, (count + ROWS) * step, outputs)
    given = x.numpy(), weight.reshape(outputs, 9, inputs).numpy(), np.array(table, np.int64), y.flatten(0, 1).numpy()
    parts = shares(outputs // PANEL)
    rooms = {part: torch.empty(9, inputs, PANEL).numpy() for part in parts}  # here: what a thread frees stays with it
    each(lambda part: _convolve(*given, count, step, rooms[part], *part), parts)
    return y
