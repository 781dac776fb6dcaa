"""Paint the picture in a few colours."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from renderer import (
    Colour,
    Frame,
    ImageEffect,
    Signal,
    hookimpl,
    keep_neutral,
    luma,
    param,
    per_picture,
    split_alpha,
)

BAYER = 8  # the side of the pattern of dots, in dots


class Palette(ImageEffect):
    """Paint the picture in a few colours of your choice, with dots between them if you like.

    nearest: each point takes the colour that is nearest in sRGB; tone: dark points the first, bright ones the last.
    Dots are those of ordered dithering (Bayer 1973), `dots` of a step between colours. Alpha is left as it is.
    """

    name = "palette"
    jumps: ClassVar[bool] = True
    example: ClassVar[str] = (
        "- walk: {keys: [3, 14]}\n"
        "- palette: {colors: ['#1b1338', '#7a1f6b', '#e8475f', '#ffb35c', '#fff3c4'], by: tone, dither: 1, dots: 0.02}"
    )

    colors: list[Colour] = param(
        ["#0f380f", "#306230", "#8bac0f", "#9bbc0f"], min_length=2, max_length=64, description="Two colours to 64"
    )
    by: Literal["nearest", "tone"] = param(
        "nearest", description="How a point finds its colour: nearest, or by its tone"
    )
    dither: Signal = param(0, description="How much two colours are mixed by dots: 0 not at all, 1 evenly")
    dots: float = param(0.004, ge=0.0005, le=0.25, description="Size of a dot, in parts of the height, 0.0005 to 0.25")
    amount: Signal = param(1, description="0 leaves the picture, 1 has these colours only, between both are mixed")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the painted pictures; where the amount is 0, the very same."""
        colours, alpha = split_alpha(x)
        palette = torch.stack(p.colors)  # [K, 3]
        palette = palette if colours.shape[1] == 3 else luma(palette[..., None, None])[..., 0, 0]
        given = colours
        if bool((p.dither != 0).any()):
            given = colours + per_picture(p.dither) * self.pattern(x) / (len(palette) - 1)
        index = by_tone(given, palette) if self.by == "tone" else nearest(given, palette)
        painted = torch.stack([channel[index] for channel in palette.T], 1)
        painted = torch.cat([torch.lerp(colours, painted, per_picture(p.amount)), alpha], 1)
        return keep_neutral(x, painted, p.amount == 0)

    def pattern(self, x: Tensor) -> Tensor:
        """Return the pattern of dots, [1, 1, H, W] from -0.5 to 0.5, for pictures x."""
        cell = torch.zeros(1, 1)
        while len(cell) < BAYER:
            cell = torch.cat([torch.cat([4 * cell, 4 * cell + 2], 1), torch.cat([4 * cell + 3, 4 * cell + 1], 1)])
        rows = min(x.shape[2], max(1, round(1 / self.dots)))
        columns = max(1, round(rows * x.shape[3] / x.shape[2]))
        tiled = cell.repeat(-(-rows // BAYER), -(-columns // BAYER))[:rows, :columns]
        dots = (tiled + 0.5) / BAYER**2 - 0.5
        return interpolate(dots[None, None].to(x.device), x.shape[2:], mode="nearest-exact")


def by_tone(x: Tensor, palette: Tensor) -> Tensor:
    """Return which colour of a palette [K, C] each point takes by its brightness, [N, H, W]."""
    return (luma(x)[:, 0] * (len(palette) - 1)).round().long().clamp(0, len(palette) - 1)


def nearest(x: Tensor, palette: Tensor) -> Tensor:
    """Return which colour of a palette [K, C] is nearest to each point, [N, H, W]; one colour after another."""
    best = distance = torch.empty(0)
    for index, color in enumerate(palette):
        apart = torch.stack(
            [(channel - level).square() for channel, level in zip(x.unbind(1), color, strict=True)]
        ).sum(0)
        if not index:
            best, distance = torch.zeros_like(apart, dtype=torch.long), apart
        closer = apart < distance
        best, distance = best.masked_fill(closer, index), torch.minimum(apart, distance)
    return best


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Palette)
