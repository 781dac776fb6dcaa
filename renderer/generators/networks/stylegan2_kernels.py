"""StyleGAN2's convolutions on a CPU, in float32: prepared once, in channels-last maps, without gradients.

The same numbers as `modulated` but for rounding. Large maps are convolved by Winograd's method. Where it is asked for,
the convolutions that are not are products of bfloat16, added in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from renderer.generators.kernels.doubled import doubled
from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import LANES
from renderer.generators.kernels.raised import add_raised
from renderer.generators.kernels.rows import Rows, in_pairs
from renderer.generators.kernels.shifted import plain
from renderer.generators.kernels.winograd import Colours, Winograd, fits
from renderer.generators.kernels.winograd_transforms import STEP
from renderer.generators.networks.stylegan2_folding import before

WINOGRAD_PIXELS = 16 * 16  # of a map; below, weights four times as large cost more memory than the time is worth
BAND_BYTES = 16 * 2**20  # of a map between two convolutions that is held at a time; it stays in the largest cache


class KernelConv:
    """Convolve with modulation and demodulation, by a weight [O, I, 3, 3] that stays the same.

    taps, if given, are those of the filter behind a doubling of the size, in the order of a correlation. pairs says
    whether products may be those of pairs of bfloat16.
    """

    def __init__(self, weight: Tensor, taps: Sequence[float] | None, pairs: bool = False) -> None:
        self.weight, self.taps, self.pairs = weight, taps, pairs
        self.squares = torch.linalg.vector_norm(weight.detach(), dim=(2, 3)).square_()  # [O, I]
        self._winograd: Winograd | None = None
        self._paired: Tensor | None = None

    @staticmethod
    def fits(weight: Tensor) -> bool:
        """Say whether the kernels take this weight."""
        return weight.device.type == "cpu" and weight.dtype == torch.float32 and fits(weight.shape[1], weight.shape[0])

    def demodulation(self, style: Tensor) -> Tensor:
        """Return the scale [O] of the outputs for a style [I]."""
        scale: Tensor = (self.squares @ style.square() + 1e-8).rsqrt()
        return scale

    def __call__(self, x: Tensor, style: Tensor, finish: Finish, colours: Colours | None = None) -> Tensor | None:
        """Return the finished map [H, W, O] of x [h, w, I], and add its colours; None where only they are wanted."""
        if self.is_large(x.shape[0] * x.shape[1]):
            return self.winograd()(x, style, finish, colours)
        if self.taps is None:
            y = plain(x, style, self.laid_out(), finish, self.pairs)
        else:
            y = x.new_empty(*finish.noise.shape, len(finish.scale))
            self.double(Rows(x, 0, len(x)), style, finish, Rows(y, 0, len(y)), range(len(x)))
        if colours is None:
            return y
        colours.add(y)
        return None if colours.alone else y

    def double(self, x: Rows, style: Tensor, finish: Finish, y: Rows, rows: range) -> None:
        """Write to y what some rows of x become when their size is doubled."""
        assert self.taps is not None
        doubled(x, style, self.laid_out(), self.taps, before(self.taps), finish, y, rows, self.pairs)

    def is_large(self, pixels: int) -> bool:
        """Say whether Winograd's method is the quicker one for a map of so many pixels."""
        return self.taps is None and pixels >= WINOGRAD_PIXELS

    def winograd(self) -> Winograd:
        """Return the large maps' convolution."""
        if self._winograd is None:
            self._winograd = Winograd(self.weight.detach())
        return self._winograd

    def laid_out(self) -> Tensor:
        """Return the weight as [O, 3, 3, depth]: pairs of bfloat16, or float32 laid out in place, to hold no copy."""
        if self.pairs:
            if self._paired is None:
                self._paired = in_pairs(self.weight.detach().permute(0, 2, 3, 1))
            return self._paired
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
    if len(steps) == 2 and steps[0].map_bytes > BAND_BYTES and steps[1].kernel.is_large(steps[1].finish.noise.numel()):
        return in_bands(steps[0], steps[1], x, colours)
    for step in steps[:-1]:
        between = step(x)
        assert between is not None
        x = between
    return steps[-1](x, colours)


def in_bands(first: Step, second: Step, x: Tensor, colours: Colours | None) -> Tensor | None:
    """Return what a doubling and a convolution by Winograd's method make of x [h, w, I].

    The map between them is held in bands of rows only.
    """
    height, width = second.finish.noise.shape
    following, alone = second.kernel.winograd(), colours is not None and colours.alone
    channels = len(first.finish.scale)
    y = Rows(x.new_empty(0 if alone else height, width, len(second.finish.scale)), 0, height)
    step = max(1, BAND_BYTES // (width * channels * 4 * 2 * STEP)) * STEP  # rows of x
    room, top, made, done = x.new_empty(2 * (step + STEP), width, channels), 0, 0, 0
    for begin in range(0, len(x), step):
        end, needed = min(begin + step, len(x)), max(0, done * STEP - 1)
        room[: made - needed] = room[needed - top : made - top].clone()  # what the last band left to be read again
        between, top, made = Rows(room, needed, height), needed, 2 * end
        first.kernel.double(Rows(x, 0, len(x)), first.style, first.finish, between, range(begin, end))
        ready = following.tiles(height) if end == len(x) else (made - 1) // STEP
        following.convolve(between, second.style, second.finish, y, colours, range(done, ready))
        done = ready
    return None if alone else y.held


def warm_up_kernels() -> None:
    """Compile the kernels, or read what was compiled before, by convolving a few pixels."""
    weight, map_ = torch.zeros(LANES, LANES, 3, 3), torch.zeros(4, 4, LANES)
    for taps, side in ((None, 4), ((1.0, 3.0, 3.0, 1.0), 8)):
        KernelConv(weight, taps)(map_, map_[0, 0], Finish(map_[0, 0], map_[0, 0], torch.zeros(side, side)))
    Winograd(weight)(map_, map_[0, 0], Finish(map_[0, 0], map_[0, 0], torch.zeros(4, 4)))
    add_raised(map_, [1.0], 1, torch.zeros(8, 8, LANES))
