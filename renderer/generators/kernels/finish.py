"""What becomes of a convolved map before the next layer sees it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from renderer.generators.kernels.jit import Array, blocks

Numbers = tuple[Array, Array, Array, np.float32, np.float32, np.float32]


@dataclass(frozen=True)
class Finish:
    """Say what becomes of a convolved map: v * scale + noise * strength + bias, then activated.

    scale, bias  float32 [O], by channel.
    noise        float32 [H, W], by pixel; its shape is that of the result.
    slope        factor of what is negative; 1 for a linear activation.
    limit        the result is kept within -limit..limit.
    """

    scale: Tensor
    bias: Tensor
    noise: Tensor
    strength: float = 0.0
    slope: float = 1.0
    limit: float = float("inf")

    def numbers(self) -> Numbers:
        """Return all of it, in the order above, as the kernels take it."""
        rest = np.float32(self.strength), np.float32(self.slope), np.float32(self.limit)
        return blocks(self.scale), blocks(self.bias), self.noise.numpy(), *rest
