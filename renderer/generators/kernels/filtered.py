"""A leaky ReLU between two filters, at a raised sampling rate that never is a whole map.

Source: Karras et al. 2021, arXiv:2106.12423, section 3.2.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from renderer.generators.kernels.filtered_tiles import DOWN, filtered_tiles
from renderer.generators.kernels.jit import Indices, blocks
from renderer.generators.kernels.pool import each

TILE = 64  # rows and columns of a tile, at most
SAME = 1e-6  # of the largest tap: how far two rows of a kernel may differ to be taken for the same
SHARES = 4  # pieces of work for each thread


class Filtered:
    """Raise the rate of a map, activate it, and halve the rate again; see `fits` for the factors and filters.

    up     the taps of each phase of the filter that raises the rate, [U, 6].
    first  [U], the sample of the map at which the taps of each phase begin.
    down   the filter of downsampling by 2, [12] or [12, 12], in the order of a correlation; a kernel that is the same
           from above and from below, as radial ones are, takes half the time.
    limit  the activation is kept within -limit..limit.
    size   of the result.
    """

    def __init__(self, up: Tensor, first: list[int], down: Tensor, limit: float | None, size: int) -> None:
        self.up, self.first = up.float().contiguous().numpy(), np.array(first, np.int64)
        kernel = down[None] if down.ndim == 1 else down
        if down.ndim == 2 and (down - down.flip(0)).abs().max() <= SAME * down.abs().max():
            kernel = (down + down.flip(0))[: DOWN // 2] / 2
        self.down = kernel.float().contiguous().numpy()
        self.limit, self.size = np.float32(np.inf if limit is None else limit), size

    @staticmethod
    def fits(up: int, up_taps: int, down: int, down_taps: int) -> bool:
        """Say whether the kernels take these factors and lengths of filters: those that all published networks have."""
        return up in (2, 4) and up_taps == 6 * up and (down, down_taps) == (2, DOWN)

    def __call__(self, x: Tensor) -> Tensor:
        """Return [size, size, C] of x [h, w, C], contiguous, C a multiple of 32."""
        y = x.new_empty(self.size, self.size, x.shape[2])
        step = self.tile()
        given, result = blocks(x), blocks(y)
        count = given.shape[2] * (-(-self.size // step[0])) * (-(-self.size // step[1]))
        size = max(1, -(-count // (SHARES * torch.get_num_threads())))

        def share(begin: int) -> None:
            end = min(begin + size, count)
            filtered_tiles(given, self.up, self.first, self.down, self.limit, result, step, begin, end)

        each(share, range(0, count, size))
        return y

    def tile(self) -> Indices:
        """Return the rows and columns of a tile: even parts of the map, whole groups of columns."""
        rest = len(self.up) // 2
        even = -(-self.size // -(-self.size // TILE))
        return np.array([even, -(-even // rest) * rest], np.int64)
