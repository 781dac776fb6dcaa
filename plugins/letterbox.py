"""Put the picture between bars."""

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
    lay_over,
    paint,
    param,
    pixel_centres,
)


class Letterbox(ImageEffect):
    """Put the picture between bars, so that what is left of it has the shape of the cinema, or of any other screen.

    A shape wider than the frame gets bars above and below, a narrower one left and right. Bars are opaque.
    """

    name = "letterbox"
    example: ClassVar[str] = "- walk: {keys: 3}\n- letterbox: {aspect: 2.39, amount: {0s: 0, 1s: 1}}"

    aspect: Signal = param(2.39, description="Width of what is left by its height, such as 2.39, 1.85 or 1; above 0")
    amount: Signal = param(1, description="How far the bars have come in: 0 is out of view, 1 all the way")
    color: Colour = param("black", description="Colour of the bars: a name, or '#102030'")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures between bars; where there are none, the very same."""
        height, width = x.shape[2:]
        frame_aspect, aspect = width / height, p.aspect.clamp_min(0.01)
        amount = p.amount.clamp(0, 1)
        wide = 1 - amount * (1 - (aspect / frame_aspect).clamp(max=1))  # the share of the width that is left
        high = 1 - amount * (1 - (frame_aspect / aspect).clamp(max=1))
        columns, rows = pixel_centres(x)
        across, down = (
            ((places.abs()[None, :] - left[:, None]) * count / 2 + 0.5).clamp(0, 1)  # an edge within a pixel is soft
            for places, left, count in ((columns, wide, width), (rows, high, height))
        )
        cover = torch.maximum(across[:, None, None, :], down[:, None, :, None])
        return keep_neutral(x, lay_over(x, paint(p.color, x), cover), (wide == 1) & (high == 1))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Letterbox)
