"""Bring the model's picture to the film's size by something better than interpolation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from renderer import (
    Film,
    Frame,
    ImageEffect,
    Signal,
    Upscaler,
    hookimpl,
    keep_neutral,
    param,
    per_picture,
    split_alpha,
)


class Upscale(ImageEffect):
    """Bring the model's picture to the film's size by an upscaler, such as Lanczos or a network for super-resolution.

    A film larger than its model's pictures shows them enlarged. This takes them back to their own size, and enlarges
    them anew. With `scale` that size is another: below the model's, details are painted anew. It stands first among the
    image effects. `with: spandrel` reads a `model` such as RealESRGAN_x4plus.pth (pip install 'latentreel[upscale]').
    """

    name = "upscale"
    example: ClassVar[str] = "- walk: {keys: 3}\n- upscale: {scale: 6}"

    with_: Upscaler = param("lanczos", alias="with", description="lanczos, spandrel, or an upscaler of a plugin")
    model: str | None = param(None, description="A file with the weights of a network, for spandrel")
    scale: float | None = param(
        None,
        gt=1,
        le=64,
        description="How much larger than what is enlarged the film is; default: than the model's pictures",
    )
    amount: Signal = param(1, description="0 leaves the picture, 1 is the enlarged one, between both are mixed")

    def prepare(self, film: Film) -> Callable[[Tensor, tuple[int, int]], Tensor]:
        """Return what enlarges pictures."""
        make, model = film.fields["with_"], None if self.model is None else film.file(self.model)
        return make(model, film.generator.device)  # type: ignore[no-any-return]

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the enlarged pictures; where the amount is 0, or nothing is to enlarge, the very same."""
        colours, alpha = split_alpha(x)
        height, width = x.shape[2:]
        scale = self.scale or frame_scale(frame, height, width)
        small = (max(1, round(height / scale)), max(1, round(width / scale)))
        if small == (height, width):
            return x
        shrunk = interpolate(colours, small, mode="bicubic", antialias=True)
        large = frame.prepared(shrunk.clamp(0, 1), (height, width)).clamp(0, 1)
        mixed = torch.cat([torch.lerp(colours, large, per_picture(p.amount)), alpha], 1)
        return keep_neutral(x, mixed, p.amount == 0)


def frame_scale(frame: Frame, height: int, width: int) -> float:
    """Return how much larger the film is than the model's pictures, which cover it; 1 for a model of any size."""
    generator = frame.generator
    if generator.any_size:
        return 1.0
    rows, columns = generator.img_size
    return max(height / rows, width / columns, 1.0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Upscale)
