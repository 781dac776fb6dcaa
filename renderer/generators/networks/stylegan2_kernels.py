"""StyleGAN2's convolutions in float32 on a CPU: prepared once, in channels-last maps, without gradients.

The same numbers as `modulated` but for rounding. Large maps are convolved by Winograd's method, upsampling and its
filter folded into one 3x3 convolution for each of the four pixels that come of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import LANES
from renderer.generators.kernels.raised import add_raised
from renderer.generators.kernels.shifted import doubled, plain
from renderer.generators.kernels.winograd import Colours, Rows, Winograd, fits
from renderer.generators.kernels.winograd_transforms import STEP
from renderer.generators.networks.stylegan2_folding import before, foldable, folded

WINOGRAD_PIXELS = 16 * 16  # of a map; below, weights four times as large cost more memory than the time is worth
FOLDED_PIXELS = 64 * 64  # for upsampling, whose folded weights are sixteen times as large
FOLDED_BYTES = 32 * 2**20  # of those weights at the most, for maps up to four times as large
BAND_BYTES = 16 * 2**20  # of a map between two convolutions that is held at a time; it stays in the largest cache


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
        if self.taps is None:
            y = plain(x, style, self.laid_out(), finish)
        else:
            y = doubled(x, style, self.laid_out(), self.taps, before(self.taps), finish)
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
        """Return the weight as [O, 3, 3, I], laid out so in place; a second copy would take as much memory again."""
        if not self.weight.is_contiguous(memory_format=torch.channels_last):
            self.weight.data = self.weight.data.contiguous(memory_format=torch.channels_last)
        return self.weight.detach().permute(0, 2, 3, 1)


@dataclass(frozen=True)
class Step:
    """Hold one convolution of one image: the kernel, the style [I] of its inputs, and what becomes of its results."""

    kernel: KernelConv
    style: Tensor
    finish: Finish

    def __call__(self, x: Tensor, colours: Colours | None = None) -> Tensor | None:
        """Return the finished map [H, W, O] of x [h, w, I]; see `KernelConv`."""
        return self.kernel(x, self.style, self.finish, colours)

    @property
    def map_bytes(self) -> int:
        """Return the size of the finished map."""
        return self.finish.noise.numel() * self.finish.scale.numel() * 4


def in_turn(steps: Sequence[Step], x: Tensor, colours: Colours | None) -> Tensor | None:
    """Return what the convolutions of a block make of x [h, w, I], the last with colours: see `KernelConv`."""
    if len(steps) == 2 and steps[0].map_bytes > BAND_BYTES:
        first, second = steps
        if first.kernel.is_large(x.shape[0] * x.shape[1]) and second.kernel.is_large(second.finish.noise.numel()):
            return in_bands(first, second, x, colours)
    for step in steps[:-1]:
        between = step(x)
        assert between is not None
        x = between
    return steps[-1](x, colours)


def in_bands(first: Step, second: Step, x: Tensor, colours: Colours | None) -> Tensor | None:
    """Return what two convolutions by Winograd's method, the first of which doubles, make of x [h, w, I].

    The map between them is held in bands of rows only.
    """
    height, width = second.finish.noise.shape
    doubling, following, alone = (
        first.kernel.winograd(),
        second.kernel.winograd(),
        colours is not None and colours.alone,
    )
    channels, last = len(first.finish.scale), doubling.tiles(height)
    y = Rows(x.new_empty(0 if alone else height, width, len(second.finish.scale)), 0, height)
    step = max(1, BAND_BYTES // (width * channels * 4 * 2 * STEP))  # rows of tiles of the doubling
    room, top, made, done = x.new_empty((step + 1) * 2 * STEP, width, channels), 0, 0, 0
    for begin in range(0, last, step):
        end, needed = min(begin + step, last), max(0, done * STEP - 1)
        room[: made - needed] = room[needed - top : made - top].clone()  # what the last band left to be read again
        between, top, made = Rows(room, needed, height), needed, min(end * 2 * STEP, height)
        doubling.convolve(Rows(x, 0, len(x)), first.style, first.finish, between, None, range(begin, end))
        ready = following.tiles(height) if end == last else (made - 1) // STEP
        following.convolve(between, second.style, second.finish, y, colours, range(done, ready))
        done = ready
    return None if alone else y.held


def warm_up_kernels() -> None:
    """Compile the kernels, or read what was compiled before, by convolving a few pixels."""
    weight, map_ = torch.zeros(LANES, LANES, 3, 3), torch.zeros(4, 4, LANES)
    for taps, side in ((None, 4), ((1.0, 3.0, 3.0, 1.0), 8)):
        finish, kernel = Finish(map_[0, 0], map_[0, 0], torch.zeros(side, side)), KernelConv(weight, taps)
        kernel(map_, map_[0, 0], finish)
        kernel.winograd()(map_, map_[0, 0], finish)
    add_raised(map_, [1.0], 1, torch.zeros(8, 8, LANES))
