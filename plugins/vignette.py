"""Darken the picture towards its corners."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import (
    Colour,
    Frame,
    ImageEffect,
    Signal,
    hookimpl,
    keep_neutral,
    paint,
    param,
    per_picture,
    pixel_centres,
    split_alpha,
)


class Vignette(ImageEffect):
    """Darken the picture towards its corners, or tint them.

    x + amount * m * (color - x), where m goes from 0 at `radius` to 1 at radius + softness, as a smooth step; distances
    count from the middle, 1 at the corners. Alpha is left as it is.
    """

    name = "vignette"
    example: ClassVar[str] = "- walk: {keys: 3}\n- vignette: {amount: 1, radius: '0.35 + 0.15*sin(2s)'}"

    amount: Signal = param(0.6, description="Strength: 0 is none, 1 all of the colour in the corners")
    radius: Signal = param(0.4, description="Where it begins: 0 is the middle, 1 the corners")
    softness: Signal = param(0.6, description="How far from there it is complete; 0 is a sharp edge")
    x: Signal = param(0.5, description="Where its middle is: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    round: bool = param(False, description="true: a circle; false: an ellipse of the frame's shape")
    color: Colour = param("black", description="Colour of the corners: a name, or '#102030'")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures with dark corners; where the amount is 0, the very same."""
        colours, alpha = split_alpha(x)
        aspect = x.shape[3] / x.shape[2] if self.round else 1.0
        columns, rows = pixel_centres(x)
        across = (columns - (2 * p.x - 1)[:, None])[:, None, None, :] * aspect
        down = (rows - (2 * p.y - 1)[:, None])[:, None, :, None]
        distance = ((across.square() + down.square()) / (1 + aspect**2)).sqrt()
        way = ((distance - per_picture(p.radius)) / per_picture(p.softness.clamp_min(1e-3))).clamp(0, 1)
        cover = way * way * (3 - 2 * way) * per_picture(p.amount)
        dark = (colours + (paint(p.color, x) - colours) * cover).clamp(0, 1)
        return keep_neutral(x, torch.cat([dark, alpha], 1), p.amount == 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Vignette)
