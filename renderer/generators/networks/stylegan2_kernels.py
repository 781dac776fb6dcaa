"""StyleGAN2's convolutions in float32 on a CPU: prepared once, in channels-last maps, without gradients.

The same numbers as `modulated` but for rounding. Large maps are convolved by Winograd's method, upsampling and its
filter folded into one 3x3 convolution for each of the four pixels that come of one; small maps by torch.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import LANES
from renderer.generators.kernels.smooth import smooth
from renderer.generators.kernels.winograd import Colours, Winograd, fits
from renderer.generators.networks.stylegan2_folding import before, foldable, folded

WINOGRAD_PIXELS = 32 * 32  # of a map; below, weights four times as large cost more than they save
FOLDED_PIXELS = 64 * 64  # for upsampling, whose folded weights are sixteen times as large
FOLDED_BYTES = 32 * 2**20  # of those weights at the most, for maps up to four times as large


class KernelConv:
    """Convolve with modulation and demodulation, by a weight [O, I, 3, 3] that stays the same.

    taps, if given, are those of the filter behind a doubling of the size, in the order of a correlation.
    """

    def __init__(self, weight: Tensor, taps: Sequence[float] | None) -> None:
        self.weight, self.taps = weight, taps
        self.squares = weight.detach().square().sum(dim=(2, 3))  # [O, I]
        self._winograd: Winograd | None = None

    @staticmethod
    def fits(weight: Tensor) -> bool:
        """Say whether the kernels take this weight."""
        return weight.device.type == "cpu" and weight.dtype == torch.float32 and fits(weight.shape[1], weight.shape[0])

    def demodulation(self, style: Tensor) -> Tensor:
        """Return the scale [O] of the outputs for a style [I]."""
        return (self.squares @ style.square() + 1e-8).rsqrt()

    def __call__(self, x: Tensor, style: Tensor, finish: Finish, colours: Colours | None = None) -> Tensor | None:
        """Return the finished map [H, W, O] of x [h, w, I], and add its colours; None where only they are wanted."""
        if self.is_large(x.shape[0] * x.shape[1]):
            return self.winograd()(x, style, finish, colours)
        y = self.plain(x * style, finish) if self.taps is None else self.doubled(x * style, finish)
        if colours is None:
            return y
        colours.add(y)
        return None if colours.alone else y

    def is_large(self, pixels: int) -> bool:
        """Say whether Winograd's method is the quicker one for a map of so many pixels."""
        if self.taps is None or not foldable(self.taps):
            return self.taps is None and pixels >= WINOGRAD_PIXELS
        light = 16 * self.weight.nbytes <= FOLDED_BYTES
        return pixels >= (FOLDED_PIXELS if light else 4 * FOLDED_PIXELS)

    def winograd(self) -> Winograd:
        """Return the large maps' convolution."""
        if self._winograd is None:
            weight = self.weight.detach()
            weight = weight if self.taps is None else folded(weight, self.taps)
            self._winograd = Winograd(weight, pad=1, phases=1 if self.taps is None else 2)
        return self._winograd

    def laid_out(self) -> Tensor:
        """Return the weight in the layout that is convolved quickest; a second copy would take as much memory again."""
        if not self.weight.is_contiguous(memory_format=torch.channels_last):
            self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        return self.weight.detach()

    def plain(self, x: Tensor, finish: Finish) -> Tensor:
        """Return the finished map of a small one."""
        y = functional.conv2d(x.permute(2, 0, 1)[None], self.laid_out(), padding=1)[0].permute(1, 2, 0)
        y = y.mul_(finish.scale).add_(finish.bias).add_(finish.noise[:, :, None], alpha=finish.strength)
        y = functional.leaky_relu_(y, finish.slope) if finish.slope != 1 else y
        return y.clamp_(-finish.limit, finish.limit)

    def doubled(self, x: Tensor, finish: Finish) -> Tensor:
        """Return the finished map of a small one, twice as large: a product for each tap of the weight."""
        assert self.taps is not None
        (height, width, _), weight = x.shape, self.laid_out()
        outputs = len(weight)
        y = x.new_zeros(2 * height + 1, 2 * width + 1, outputs)
        for down in range(3):
            for right in range(3):
                part = x.flatten(0, 1) @ weight[:, :, down, right].T
                y[down : down + 2 * height : 2, right : right + 2 * width : 2] += part.view(height, width, outputs)
        return smooth(y, self.taps, before(self.taps), finish)


def warm_up_kernels() -> None:
    """Compile the kernels, or read what was compiled before, by convolving a few pixels."""
    weight, map_ = torch.zeros(LANES, LANES, 3, 3), torch.zeros(4, 4, LANES)
    for taps, side in ((None, 4), ((1.0, 3.0, 3.0, 1.0), 8)):
        finish = Finish(map_[0, 0], map_[0, 0], torch.zeros(side, side))
        kernel = KernelConv(weight, taps)
        kernel.winograd()(map_, map_[0, 0], finish)
        kernel.doubled(map_, finish) if taps else None
