"""Let the picture jump towards the viewer on every beat."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch.nn.functional import affine_grid, grid_sample

from renderer import Frame, ImageEffect, Signal, ValueProblem, hookimpl, param


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
        grid = affine_grid(looking(x, p), list(x.shape), align_corners=False)
        zoomed = grid_sample(x, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(0, 1)
        return torch.where((p.amount == 0).reshape(-1, 1, 1, 1), x, zoomed)


def looking(x: torch.Tensor, p: Any) -> torch.Tensor:
    """Return where each point of the zoomed images looks, [N, 2, 3] in -1..1; a turn keeps the shape of things."""
    aspect, scale = x.shape[3] / x.shape[2], 1 / (1 + p.amount)
    angle = p.rotate * p.amount * (torch.pi / 18)
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    across, down = 2 * p.x - 1, 2 * p.y - 1
    rows = [
        torch.stack([cosine, -sine / aspect, across - cosine * across + sine / aspect * down], 1),
        torch.stack([sine * aspect, cosine, down - sine * aspect * across - cosine * down], 1),
    ]
    return torch.stack(rows, 1)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(ZoomPulse)
