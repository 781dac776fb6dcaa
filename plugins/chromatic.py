"""Pull red and blue apart."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from renderer import Frame, ImageEffect, Signal, hookimpl, keep_neutral, param, view_matrix, warp


class Chromatic(ImageEffect):
    """Pull red and blue apart, as a simple lens does (chromatic aberration), or a worn cable.

    lens: red is seen larger and blue smaller about the middle; shift: red is moved one way and blue the other. Green
    and alpha stay; grey pictures have nothing to pull apart.
    """

    name = "chromatic"
    example: ClassVar[str] = "- walk: {keys: 3}\n- chromatic: {amount: '0.03 + 0.03*sin(1s)'}"

    amount: Signal = param(
        0.01, description="How far, in parts of the height: at the top edge (lens), or everywhere (shift)"
    )
    kind: Literal["lens", "shift"] = param(
        "lens", description="lens: from the middle outwards; shift: all in one direction"
    )
    degrees: Signal = param(0, description="Where red goes in a shift, against the clock from the right")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures with red and blue elsewhere; where the amount is 0, the very same."""
        if x.shape[1] < 3:
            return x
        red, blue = (warp(x[:, i : i + 1], self.look(x, p, sign)) for i, sign in ((0, 1), (2, -1)))
        return keep_neutral(x, torch.cat([red, x[:, 1:2], blue, x[:, 3:]], 1), p.amount == 0)

    def look(self, x: Tensor, p: Any, sign: int) -> Tensor:
        """Return where a channel looks; sign is 1 for red and -1 for blue."""
        still, none = torch.ones_like(p.amount), torch.zeros_like(p.amount)
        if self.kind == "lens":
            return view_matrix(x, (1 + sign * 2 * p.amount).clamp_min(0.05), none)
        angle = p.degrees * (torch.pi / 180)
        moved = torch.stack([-angle.cos() * x.shape[2] / x.shape[3], angle.sin()], 1) * (sign * 2 * p.amount)[:, None]
        return torch.cat([view_matrix(x, still, none)[..., :2], moved[..., None]], 2)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Chromatic)
