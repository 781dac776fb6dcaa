"""Enlarge the finished picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Edge, Frame, ImageEffect, Signal, ValueProblem, hookimpl, keep_neutral, param, view_matrix, warp


class Zoom(ImageEffect):
    """Enlarge the finished picture, or shrink it, about a point of it; for every model.

    Where it shrinks, it goes on beyond its edges as `edge` says. To zoom inside of a StyleGAN3 or of bloom, which then
    paints what comes into view, use `transform`; to jump on the beat, `zoom-pulse`.
    """

    name = "zoom"
    example: ClassVar[str] = "- walk: {keys: 3}\n- zoom: {scale: {0s: 1, 1s: 2.5, 2s: 1}, y: 0.4}"

    scale: Signal = param(1.2, description="2 shows everything twice as large, 0.5 half as large; above 0")
    x: Signal = param(0.5, description="Where the point is that stays in place: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    edge: Edge = param("mirror", description="How the picture goes on beyond its edges; empty is black, or transparent")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures at that scale; at 1 the very same."""
        if bool((p.scale <= 0).any()):
            raise ValueProblem("expected a scale above 0")
        look = view_matrix(x, p.scale, torch.zeros_like(p.scale), p.x, p.y)
        return keep_neutral(x, warp(x, look, p.edge), p.scale == 1)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Zoom)
