"""Let what is bright glow."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from renderer import (
    Colour,
    Frame,
    ImageEffect,
    Signal,
    gaussian_blur,
    hookimpl,
    keep_neutral,
    luma,
    paint,
    param,
    per_picture,
    split_alpha,
)  # fmt: skip

WIDTHS = (1, 2.5, 6)  # of the three Gaussians that make a glow, in radii


class BloomGlow(ImageEffect):
    """Let what is bright glow, as light spreads in a lens.

    In linear light: x + amount * color * blur(bright), where bright is x times the part of its brightness above the
    threshold, and the blur three Gaussians of 1, 2.5 and 6 radii. Alpha is left as it is.
    """

    name = "bloom-glow"
    space: ClassVar[Literal["srgb", "linear"]] = "linear"
    example: ClassVar[str] = "- walk: {keys: 3}\n- bloom-glow: {amount: '0.7 + 0.5*sin(2s)', radius: 0.02}"

    amount: Signal = param(0.8, description="Strength of the glow; 0 is none, 1 as much light again as is bright")
    threshold: Signal = param(0.5, description="Brightness at which a glow begins, 0 to 1, as seen (sRGB)")
    radius: Signal = param(0.015, description="How wide the brightest part of the glow is, in parts of the height")
    color: Colour = param("white", description="Colour that tints the glow: a name, or '#ffcc88'")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the glowing pictures; where the amount is 0, the very same."""
        colours, alpha = split_alpha(x)
        bright = luma(colours)
        threshold = per_picture(p.threshold.clamp(0, 1) ** 2.2)
        bright = colours * ((bright - threshold).clamp_min(0) / bright.clamp_min(1e-4))
        glow = bright = bright * alpha if alpha.shape[1] else bright
        glow = sum((gaussian_blur(bright, p.radius.clamp_min(0) * width) for width in WIDTHS), torch.zeros(()))
        light = paint(p.color, x) ** 2.2 * per_picture(p.amount.clamp_min(0) / len(WIDTHS))
        return keep_neutral(x, torch.cat([(colours + light * glow).clamp(0, 1), alpha], 1), p.amount <= 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(BloomGlow)
