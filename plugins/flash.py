"""Light up the picture on every beat."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import Colour, Frame, ImageEffect, Signal, hookimpl, paint, param, per_picture, split_alpha


class Flash(ImageEffect):
    """Light up the picture by a signal: first what is bright in it, and at 1 everything.

    1 - (1 - amount^2 color) (1 - x)^(1 + 2 amount color), which a little of leaves blacks black, as a longer exposure
    does. Below 0 it darkens: x + amount * x, down to black at -1. Alpha is left as it is.
    """

    name = "flash"
    example: ClassVar[str] = "- walk: {keys: 3}\n- flash: {amount: '0.9*exp(3*sin(1s) - 3)', color: '#ffe0c0'}"

    amount: Signal = param("0.4*snare", description="Strength: 0 is none, 1 all the light there is, -1 darkness")
    color: Colour = param("white", description="Colour of the light: a name, or #ffcc88")

    def apply(self, x: torch.Tensor, p: Any, frame: Frame) -> torch.Tensor:
        """Return the images in that light."""
        light, alpha = split_alpha(x)
        color, amount = paint(p.color, x), per_picture(p.amount.clamp(-1, 1))
        lit = 1 - (1 - amount**2 * color) * (1 - light.clamp(0, 1)) ** (1 + 2 * amount.clamp_min(0) * color)
        dark = light + amount * light
        return torch.cat([torch.where(amount > 0, lit, torch.where(amount < 0, dark, light)), alpha], 1)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Flash)
