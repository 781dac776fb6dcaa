"""Turn the finished picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Edge, Frame, ImageEffect, Signal, Time, hookimpl, keep_neutral, param, view_matrix, warp


class Rotate(ImageEffect):
    """Turn the finished picture about a point of it; for every model.

    With `fill` it is enlarged just as much as keeps its corners out of view. To turn inside of a StyleGAN3 or of bloom,
    which then paints what comes into view, use `transform`.
    """

    name = "rotate"
    example: ClassVar[str] = "- walk: {keys: 3}\n- rotate: {degrees: '40*sin(2s)', fill: true}"

    degrees: Signal = param(0, description="Degrees against the clock")
    spin: Time | None = param(None, description="Turn all the way round in this time; a loop fits whole turns")
    x: Signal = param(0.5, description="Where the point is that stays in place: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    fill: bool = param(
        False, description="Enlarge the picture so that it fills the frame at every angle; about the middle"
    )
    edge: Edge = param("mirror", description="How the picture goes on beyond its edges; empty is black, or transparent")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the turned pictures; at 0 degrees the very same."""
        degrees = p.degrees
        if p.spin is not None:
            degrees = degrees + (frame.turns(p.spin) % 1 * 360).float()
        scale = filling(x, degrees) if p.fill else torch.ones_like(degrees)
        return keep_neutral(x, warp(x, view_matrix(x, scale, degrees, p.x, p.y), p.edge), degrees % 360 == 0)


def filling(x: Tensor, degrees: Tensor) -> Tensor:
    """Return the scale [N] at which pictures turned about their middle show no corner."""
    aspect = max(x.shape[3] / x.shape[2], x.shape[2] / x.shape[3])
    angle = degrees * (torch.pi / 180)
    return angle.cos().abs() + aspect * angle.sin().abs()


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Rotate)
