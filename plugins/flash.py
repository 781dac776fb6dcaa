"""Light up the picture on every beat."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from PIL import ImageColor

from renderer import Film, Frame, ImageEffect, Signal, ValueProblem, hookimpl, param


class Flash(ImageEffect):
    """Light up the picture by a signal: first what is bright in it, and at 1 everything.

    1 - (1 - amount^2 color) (1 - x)^(1 + 2 amount color), which a little of leaves blacks black, as a longer exposure
    does. Below 0 it darkens: x + amount * x, down to black at -1. Alpha is left as it is.
    """

    name = "flash"
    example: ClassVar[str] = "- walk: {keys: 3}\n- flash: {amount: '0.9*exp(3*sin(1s) - 3)', color: '#ffe0c0'}"

    amount: Signal = param("0.4*snare", description="Strength: 0 is none, 1 all the light there is, -1 darkness")
    color: str = param("white", description="Colour of the light: a name, or #ffcc88")

    def prepare(self, film: Film) -> torch.Tensor:
        """Return the colour, [1, 3, 1, 1]; grey pictures take its brightness."""
        try:
            levels = ImageColor.getrgb(self.color)[:3]
        except ValueError as error:
            raise ValueProblem(f"expected a colour such as white or #ffcc88, got {self.color!r}") from error
        return torch.tensor(levels).reshape(1, 3, 1, 1) / 255

    def apply(self, x: torch.Tensor, p: Any, frame: Frame) -> torch.Tensor:
        """Return the images in that light."""
        channels = 1 if x.shape[1] < 3 else 3
        light, rest = x[:, :channels], x[:, channels:]
        color = frame.prepared.to(x.device)
        color = color.mean(1, keepdim=True) if channels == 1 else color
        amount = p.amount.clamp(-1, 1).reshape(-1, 1, 1, 1)
        lit = 1 - (1 - amount**2 * color) * (1 - light.clamp(0, 1)) ** (1 + 2 * amount.clamp_min(0) * color)
        dark = light + amount * light
        return torch.cat([torch.where(amount > 0, lit, torch.where(amount < 0, dark, light)), rest], 1)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Flash)
