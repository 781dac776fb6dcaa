"""StyleGAN2's convolutions in bfloat16 or float16, on any device: prepared once, channels last, without gradients.

The same numbers as `modulated` but for the precision. Styles and weights are brought to size 1 first, which the
demodulation takes out again, so that float16 does not overflow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.networks.fir import Fir
from renderer.generators.networks.stylegan2_folding import foldable, folded, woven

FOLDED_SIDE = 32  # pixels of the map to be doubled: from here on one convolution is quicker than two steps
LARGE_SIDE = 128  # pixels of the map: from here on it is quicker to modulate the weight than the map, and every pass
# over a map costs more than the digits that bfloat16 loses in it; before, what is between products is float32


@dataclass(frozen=True)
class LowFinish:
    """Say what becomes of a convolved map: v + noise + bias, a leaky ReLU, a limit.

    bias   float32 [O]; the gain of the activation is part of it and of the other numbers.
    noise  float32 [1 or N, 1, H, W], or None.
    gain   of the activation.
    slope  factor of what is negative.
    limit  the result is kept within -limit..limit, or None.
    """

    bias: Tensor
    noise: Tensor | None
    gain: float
    slope: float
    limit: float | None


class LowConv:
    """Convolve with modulation and demodulation, by a weight [O, I, 3, 3] that stays the same, in a low precision.

    fir, if given, is the filter behind a doubling of the size.
    """

    def __init__(self, weight: Tensor, fir: Fir | None, dtype: torch.dtype) -> None:
        self.source, self.fir, self.dtype = weight, fir, dtype  # held, so that no other takes its place in memory
        weight = weight.detach()
        unit = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8)
        self.weight = unit / math.sqrt(unit[0].numel())  # float32 [O, I, 3, 3]
        self.squares = self.weight.square().sum(dim=(2, 3))  # [O, I]
        self._kernels: dict[bool, Tensor] = {}

    def __call__(self, x: Tensor, style: Tensor, finish: LowFinish) -> Tensor:
        """Return the finished map [N, O, H, W] of x [N, I, h, w] and style [N, I]."""
        style = style / style.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
        scale = functional.linear(style.square(), self.squares).add_(1e-8).rsqrt_() * finish.gain  # [N, O]
        x, bias = x.contiguous(memory_format=torch.channels_last), finish.bias[:, None, None]
        large = min(x.shape[2:]) >= LARGE_SIDE
        between = torch.float32 if self.dtype == torch.bfloat16 and not large else self.dtype
        if self.fir is None and len(x) == 1 and large:
            weight = self.weight * style[0, :, None, None] * scale[0, :, None, None, None]
            weight = weight.to(self.dtype, memory_format=torch.channels_last)
            x = functional.conv2d(x, weight, finish.bias.to(self.dtype), padding=1)
        else:
            x = self.convolved((x * style.to(between)[:, :, None, None]).to(self.dtype)).to(between)
            out = None if torch.compiler.is_compiling() else x
            x = torch.addcmul(bias.to(between), x, scale.to(between)[:, :, None, None], out=out)  # rounds once
        if finish.noise is not None:
            x = x.add_(finish.noise.to(between))
        x = functional.leaky_relu_(x, finish.slope) if finish.slope != 1 else x
        x = x if finish.limit is None else x.clamp_(-finish.limit, finish.limit)
        return x.to(self.dtype)

    def convolved(self, x: Tensor) -> Tensor:
        """Return x [N, I, h, w] convolved, doubled and filtered where the layer does so."""
        if self.fir is None:
            return functional.conv2d(x, self.kernel(True), padding=1)
        whole = min(x.shape[2:]) >= FOLDED_SIDE and foldable(self.fir.taps)
        if whole:
            return woven(functional.conv2d(x, self.kernel(True), padding=1))
        height, width = x.shape[2:]
        x = woven(functional.conv2d(x, self.kernel(False), padding=1))[:, :, : 2 * height + 1, : 2 * width + 1]
        return self.fir.smooth_doubled(x)

    def kernel(self, whole: bool) -> Tensor:
        """Return the weight in the low precision: with all that belongs to the layer, or without its filter."""
        if whole not in self._kernels:
            weight = self.weight
            if self.fir is not None:
                weight = folded(weight, self.fir.taps) if whole else split(weight)
            self._kernels[whole] = weight.to(self.dtype).contiguous(memory_format=torch.channels_last)
        return self._kernels[whole]


def split(weight: Tensor) -> Tensor:
    """Return [4 * O, I, 2, 2]: a doubling by weight [O, I, 3, 3] for each pixel of a square.

    Pixel 2 * q sees x[q - 1] by weight[2] and x[q] by weight[0]; pixel 2 * q + 1 sees x[q] by weight[1].
    """
    rows = torch.stack([weight[:, :, [2, 0]], functional.pad(weight[:, :, 1:2], (0, 0, 1, 0))])  # [2, O, I, 2, 3]
    both = torch.stack([rows[..., [2, 0]], functional.pad(rows[..., 1:2], (1, 0))], dim=1)  # [2, 2, O, I, 2, 2]
    return both.flatten(0, 2)
