"""A small separable filter over a map and what finishes it, in one pass, compiled by numba."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from renderer.generators.kernels.finish import Finish, Numbers
from renderer.generators.kernels.jit import Array, blocks, kernel
from renderer.generators.kernels.pool import each, shares

F = np.float32


@kernel
def _smooth(
    x: Array,
    height: int,
    width: int,
    taps: Array,
    before: int,
    finish: Numbers,
    y: Array,
    first: int,
    last: int,
) -> None:
    """Write rows first to last of y [H, W, B, 32]: the map in planes x [planes, P, B, 32] filtered, then finished."""
    scale, bias, noise, strength, slope, limit = finish
    planes, _, count, lanes = x.shape
    line = np.empty((width, 32), np.float32)
    total = np.empty(32, np.float32)
    for b in range(count):
        s, o = scale[b], bias[b]
        for row in range(first, last):
            line[:] = F(0)
            for k in range(len(taps)):
                down = row + k - before
                if 0 <= down < height:
                    tap, plane, begin = taps[k], x[down % planes], down // planes * width
                    for column in range(width):
                        source, target = plane[begin + column, b], line[column]
                        for c in range(lanes):
                            target[c] += source[c] * tap
            for column in range(y.shape[1]):
                total[:] = F(0)
                for k in range(len(taps)):
                    right = column + k - before
                    if 0 <= right < width:
                        tap, source = taps[k], line[right]
                        for c in range(lanes):
                            total[c] += source[c] * tap
                n, target = noise[row, column] * strength, y[row, column, b]
                for c in range(lanes):
                    v = total[c] * s[c] + (n + o[c])
                    v = max(v, slope * v)
                    target[c] = min(max(v, -limit), limit)


@dataclass(frozen=True)
class Planes:
    """Hold the rows of a map [height, width, C] by turns in planes [planes, pixels, C]; the pixels may be more."""

    held: Tensor
    height: int
    width: int


def smooth(x: Planes, taps: Sequence[float], before: int, finish: Finish) -> Tensor:
    """Return a map [H, W, C], as large as the noise of `finish`: x filtered by the taps along both axes, and finished.

    Pixel i sees pixels i - before and following of x, zeros beyond its sides.
    """
    height, width = finish.noise.shape
    y = x.held.new_empty(height, width, x.held.shape[2])
    given, result = (blocks(x.held), x.height, x.width, np.array(taps, np.float32), before), blocks(y)
    each(lambda rows: _smooth(*given, finish.numbers(), result, *rows), shares(height))
    return y
