"""Upsampling by small finite impulse response filters.

Source: Karras et al. 2019, arXiv:1912.04958, section 4 and appendix B; Zhang 2019, arXiv:1904.11486.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class Fir(nn.Module):
    """Filter feature maps with the same separable kernel along both axes, with the gain of an upsampling by 2."""

    taps: Tensor  # [K], flipped for correlation, of sum 2: the zeros put in between halve the mean on each axis

    def __init__(self, taps: Sequence[float]) -> None:
        super().__init__()
        kernel = torch.tensor(taps, dtype=torch.float32, device="cpu")  # stays real under torch.device("meta")
        self.register_buffer("taps", (kernel * (2 / kernel.sum())).flip(0), persistent=False)

    def forward(self, x: Tensor, pad: tuple[int, int]) -> Tensor:
        """Filter x [N, C, H, W] after padding each axis by (before, after) zeros; negative padding crops."""
        count, channels, height, width = x.shape
        taps = self.taps.to(x.dtype)
        x = functional.pad(x, (*pad, *pad)).reshape(count * channels, 1, height + sum(pad), width + sum(pad))
        x = functional.conv2d(functional.conv2d(x, taps.reshape(1, 1, -1, 1)), taps.reshape(1, 1, 1, -1))
        return x.reshape(count, channels, *x.shape[2:])

    def smooth_doubled(self, x: Tensor) -> Tensor:
        """Filter what a stride-2 transposed 3x3 convolution made, [N, C, 2H+1, 2W+1], to [N, C, 2H, 2W]."""
        length = len(self.taps)
        return self.forward(x, ((length + 1) // 2 - 1, length // 2 - 1))

    def upsample(self, x: Tensor) -> Tensor:
        """Double the size of x [N, C, H, W]."""
        count, channels, height, width = x.shape
        spread = x.new_zeros(count, channels, height, 2, width, 2)
        spread[:, :, :, 0, :, 0] = x
        length = len(self.taps)
        spread = spread.reshape(count, channels, 2 * height, 2 * width)
        return self.forward(spread, ((length + 1) // 2, length // 2 - 1))
