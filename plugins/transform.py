"""Move, turn and zoom the picture inside the generator."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from renderer import Film, Frame, Signal, SynthesisEffect, SynthesisInputs, Time, ValueProblem, hookimpl, param

CONST = "b4.const"  # the map that StyleGAN1 and 2 begin with


class Transform(SynthesisEffect):
    """Move, turn and zoom the picture inside the generator: what comes into view is painted, not stretched.

    For StyleGAN3, whose input layer this moves, and for bloom. The picture is zoomed, then turned, then moved; a
    transform above is applied before this one. StyleGAN1 and 2 have but a constant of 4x4 points where they begin;
    moving it moves the picture roughly, and what it shows changes on the way.
    Source: Karras et al. 2021, arXiv:2106.12423, section 3.1.
    """

    name = "transform"
    example: ClassVar[str] = "- walk: {keys: 3}\n- transform: {x: '0.2*sin(2s)', rotate: {0s: 0, 2s: 60}}"

    x: Signal = param(0, description="How far to the right, in widths of a square picture")
    y: Signal = param(0, description="How far down, in heights of a square picture")
    rotate: Signal = param(0, description="Degrees against the clock")
    zoom: Signal = param(1, description="2 shows everything twice as large")
    spin: Time | None = param(None, description="Turn all the way round in this time; a loop fits whole turns")

    def prepare(self, film: Film) -> None:
        """Check that the generator has an input to move."""
        if not film.generator.has_transform and CONST not in film.generator.feature_maps:
            raise ValueProblem(f"{film.generator.family} has no input that could be moved")

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs with the transform that tells each point of the picture where to look."""
        if bool((p.zoom <= 0).any()):
            raise ValueProblem("expected a zoom above 0")
        angle = p.rotate * (torch.pi / 180)
        if p.spin is not None:
            angle = angle + ((frame.turns(p.spin) % 1) * (2 * torch.pi)).float()
        weight = frame.weight
        look = looking(p.x * weight, p.y * weight, angle * weight, 1 + (p.zoom - 1) * weight)
        if frame.generator.has_transform:
            return x.replace(transform=look if x.transform is None else x.transform @ look)
        return x.with_tap(partial(moved, look), (look != torch.eye(3, device=look.device)).flatten(1).any(1))


def moved(look: Tensor, name: str, features: Tensor) -> Tensor:
    """Return the constant [N, C, h, w] that a network begins with, looked at by a transform; edges are mirrored."""
    if name != CONST:
        return features
    place = look[:, :2] * torch.tensor([1.0, 1.0, 2.0], device=look.device)  # its middle is 0, its edges are 1
    grid = affine_grid(place, list(features.shape), align_corners=False)
    return grid_sample(features.float(), grid, padding_mode="reflection", align_corners=False).to(features.dtype)


def looking(x: Tensor, y: Tensor, angle: Tensor, zoom: Tensor) -> Tensor:
    """Return the inverse of zoom, then turn by `angle` in radians, then move by x, y: [N, 3, 3] of numbers each [N]."""
    cosine, sine, zero = angle.cos() / zoom, angle.sin() / zoom, torch.zeros_like(x)
    rows = [cosine, -sine, sine * y - cosine * x, sine, cosine, -sine * x - cosine * y, zero, zero, zero + 1]
    return torch.stack(rows, dim=1).reshape(-1, 3, 3)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Transform)
