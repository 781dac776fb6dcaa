"""Show the picture in large square pixels."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, interpolate

from renderer import Frame, ImageEffect, Signal, hookimpl, keep_neutral, param, premultiplied, straight


class Pixelate(ImageEffect):
    """Show the picture in large square pixels, each the mean of what it covers.

    A size of 0.1 makes ten rows of them; as it moves, whole rows come and go.
    """

    name = "pixelate"
    jumps: ClassVar[bool] = True
    example: ClassVar[str] = "- walk: {keys: [3, 14]}\n- pixelate: {size: '0.06 + 0.05*sin(2s)'}"

    size: Signal = param(0.02, description="Side of a pixel, in parts of the height, 0 to 1; 0 leaves the picture")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the coarse pictures; where the size is 0, or no more than a pixel, the very same."""
        size = p.size.clamp(0, 1)
        fine = size * x.shape[2] <= 1
        counts = [1.0 if small else 1 / float(one) for one, small in zip(size, fine, strict=True)]
        whole = premultiplied(x)
        coarse = torch.cat([blocks(one[None], count) for one, count in zip(whole, counts, strict=True)])
        return keep_neutral(x, straight(coarse), fine)


def blocks(x: Tensor, rows: float) -> Tensor:
    """Return one picture in about that many rows of squares."""
    height, width = x.shape[2:]
    shape = (max(1, round(rows)), max(1, min(width, round(rows * width / height))))
    return interpolate(adaptive_avg_pool2d(x, shape), (height, width), mode="nearest-exact")


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Pixelate)
