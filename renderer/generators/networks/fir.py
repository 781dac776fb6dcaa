"""Upsampling by small finite impulse response filters.

Source: Karras et al. 2019, arXiv:1912.04958, section 4 and appendix B; Zhang 2019, arXiv:1904.11486.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional


class Fir:
    """Filter feature maps with the same separable kernel along both axes, with the gain of an upsampling by 2."""

    def __init__(self, taps: Sequence[float]) -> None:
        gain = 2 / sum(taps)  # the zeros that upsampling puts in between halve the mean on each axis
        self.taps = [tap * gain for tap in reversed(taps)]  # reversed: a convolution by sliding sums
        self.before = (len(taps) + 1) // 2  # pixels that an upsampled one sees before its own

    def filter(self, x: Tensor, before: int, after: int) -> Tensor:
        """Filter x [N, C, H, W] after padding each axis by zeros; negative padding crops.

        Sums of shifted maps are many times faster on the CPU than depthwise convolutions, and work anywhere.
        """
        x = functional.pad(x, (before, after, before, after))
        for axis in (2, 3):
            length = x.shape[axis] - len(self.taps) + 1
            total = x.narrow(axis, 0, length) * self.taps[0]
            for shift, tap in enumerate(self.taps[1:], start=1):
                total.add_(x.narrow(axis, shift, length), alpha=tap)
            x = total
        return x

    def smooth_doubled(self, x: Tensor) -> Tensor:
        """Filter what a stride-2 transposed 3x3 convolution made, [N, C, 2H+1, 2W+1], to [N, C, 2H, 2W]."""
        length = len(self.taps)
        return self.filter(x, (length + 1) // 2 - 1, length // 2 - 1)

    def upsample(self, x: Tensor) -> Tensor:
        """Double the size of x [N, C, H, W]."""
        count, channels, height, width = x.shape
        spread = x.new_zeros(count, channels, 2 * height, 2 * width)
        spread[:, :, ::2, ::2] = x
        return self.filter(spread, self.before, len(self.taps) // 2 - 1)
