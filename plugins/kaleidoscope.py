"""Look at the picture through a kaleidoscope."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Frame, ImageEffect, Signal, Time, hookimpl, keep_neutral, mix, param, pixel_centres, sample_at


class Kaleidoscope(ImageEffect):
    """Look at the picture through a kaleidoscope: one wedge of it, mirrored round the middle of the frame.

    A point at the angle a sees what is at the angle |(a mod w) - w/2| + turn, with w = 360 / segments degrees, about
    the point (x, y) of the picture. What goes beyond the picture is mirrored.
    """

    name = "kaleidoscope"
    example: ClassVar[str] = "- walk: {keys: 3}\n- kaleidoscope: {segments: 8, spin: 2s}"

    segments: int = param(6, ge=1, le=64, description="Wedges all round, 1 to 64")
    turn: Signal = param(
        0, description="Degrees by which the wedge is turned in the picture: other parts of it are seen"
    )
    spin: Time | None = param(
        None, description="Turn the wedge all the way round in this time; a loop fits whole turns"
    )
    rotate: Signal = param(0, description="Degrees by which the whole pattern is turned against the clock")
    scale: Signal = param(1, description="2 shows everything twice as large; above 0")
    x: Signal = param(0.5, description="The point of the picture that comes to the middle: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    amount: Signal = param(1, description="0 leaves the picture, 1 is the kaleidoscope, between they are mixed")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the mirrored pictures; where the amount is 0, the very same."""
        aspect = x.shape[3] / x.shape[2]
        columns, rows = pixel_centres(x)
        columns, rows = columns[None, None, :] * aspect, -rows[None, :, None]
        turn = p.turn if p.spin is None else p.turn + (frame.turns(p.spin) % 1 * 360).float()
        turn, rotate = (one[:, None, None] * (torch.pi / 180) for one in (turn, p.rotate))
        wedge = 2 * torch.pi / self.segments
        angle = ((torch.atan2(rows, columns) - rotate) % wedge - wedge / 2).abs() + turn
        reach = (columns.square() + rows.square()).sqrt() / p.scale.clamp_min(1e-3)[:, None, None]
        across = angle.cos().mul_(reach).div_(aspect).add_((2 * p.x - 1)[:, None, None])
        down = angle.sin().mul_(reach).neg_().add_((2 * p.y - 1)[:, None, None])
        return keep_neutral(x, mix(x, sample_at(x, across, down), p.amount), p.amount == 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Kaleidoscope)
