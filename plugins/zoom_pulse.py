"""Let the picture jump towards the viewer on every beat."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import Frame, ImageEffect, Signal, ValueProblem, hookimpl, keep_neutral, param, view_matrix, warp


class ZoomPulse(ImageEffect):
    """Zoom the finished picture by a signal, about a point of it; for every model.

    An amount of 0.1 shows everything 10 % larger; below 0 smaller, and the picture goes on as in a mirror. To zoom
    inside of a StyleGAN3 or of bloom, which then paints what comes into view, use `transform`.
    """

    name = "zoom-pulse"
    example: ClassVar[str] = "- walk: {keys: 3}\n- zoom-pulse: {amount: '0.35*exp(3*sin(1s) - 3)', rotate: 4}"

    amount: Signal = param("0.06*kick", description="How much larger: 0.1 is 10 %")
    x: Signal = param(0.5, description="Where the point is that stays in place: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    rotate: Signal = param(0, description="Degrees against the clock that go with an amount of 0.1")

    def apply(self, x: torch.Tensor, p: Any, frame: Frame) -> torch.Tensor:
        """Return the zoomed images; where the amount is 0, the very same."""
        if bool((p.amount <= -1).any()):
            raise ValueProblem("expected an amount above -1, at which nothing would be left of the picture")
        look = view_matrix(x, 1 + p.amount, p.rotate * p.amount * 10, p.x, p.y)
        return keep_neutral(x, warp(x, look), p.amount == 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(ZoomPulse)
