"""Sharpen the picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Frame, ImageEffect, Signal, gaussian_blur, hookimpl, keep_neutral, param, per_picture, split_alpha


class Sharpen(ImageEffect):
    """Sharpen the picture by what a blur takes from it (unsharp masking).

    x + amount * (x - blur(x)). A small radius makes edges crisp, a large one is a strong local contrast. Alpha is
    left as it is.
    """

    name = "sharpen"
    example: ClassVar[str] = "- walk: {keys: 3}\n- sharpen: {amount: '1.2 + 1.2*sin(2s)', radius: 0.02}"

    amount: Signal = param(0.6, description="Strength: 0 is none, 1 doubles what the blur takes; below 0 softens")
    radius: Signal = param(0.002, description="Standard deviation of the blur, in parts of the height")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the sharp pictures; where the amount is 0, the very same."""
        colours, alpha = split_alpha(x)
        detail = colours - gaussian_blur(colours, p.radius.clamp_min(0))
        sharp = (colours + per_picture(p.amount) * detail).clamp(0, 1)
        return keep_neutral(x, torch.cat([sharp, alpha], 1), p.amount == 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Sharpen)
