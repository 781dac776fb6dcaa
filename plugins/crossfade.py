"""Fade the picture to a colour or to another picture, and back."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from renderer import (
    Colour,
    Film,
    Frame,
    ImageEffect,
    Signal,
    fit,
    hookimpl,
    keep_neutral,
    lay_over,
    luma,
    paint,
    param,
    per_picture,
    pixel_centres,
    read_picture,
    split_alpha,
)


class Crossfade(ImageEffect):
    """Fade the picture to a colour or to a picture in a file, and back: beginnings, ends, title cards, cuts.

    fade mixes both everywhere; wipe moves an edge across the frame, iris closes a circle, luma begins in the dark.
    A fade between latents is a `walk`; one between whole scenes is a cut between clips.
    """

    name = "crossfade"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- crossfade: {color: '#20103a', by: iris, amount: {0s: 1, 800ms: 0, 1200ms: 0, 2s: 1}}"
    )

    to: str | None = param(None, description="A picture in a file, which fills the frame; default: the colour")
    color: Colour = param("black", description="The colour to fade to: a name, or '#102030'")
    amount: Signal = param(0.5, description="0 is the film, 1 the colour or the picture")
    by: Literal["fade", "wipe", "iris", "luma"] = param("fade", description="How one becomes the other")
    softness: float = param(0.1, ge=0.001, le=1, description="Width of the edge, in parts of its way, 0.001 to 1")
    degrees: Signal = param(0, description="Where the edge of a wipe goes, against the clock from the right")

    def prepare(self, film: Film) -> Callable[[int, int], Tensor] | None:
        """Return what gives the picture at a size (width, height), which stays the same through a film."""
        if self.to is None:
            return None
        picture = read_picture(film.file(self.to)).to(film.generator.device)
        return functools.lru_cache(1)(lambda width, height: (fit(picture * 2 - 1, (width, height)) + 1) / 2)

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures on the way; where the amount is 0, the very same."""
        amount = per_picture(p.amount.clamp(0, 1))
        cover, other = amount, paint(p.color, x)
        if self.by != "fade":
            cover = ((amount * (1 + self.softness) - self.order(x, p)) / self.softness).clamp(0, 1)
        if frame.prepared is not None:
            colours, alpha = split_alpha(frame.prepared(x.shape[3], x.shape[2]))
            cover, other = cover * alpha, colours if x.shape[1] >= 3 else luma(colours)
        return keep_neutral(x, lay_over(x, other, cover), p.amount <= 0)

    def order(self, x: Tensor, p: Any) -> Tensor:
        """Return when each point is covered, 0 first and 1 last, [N, 1, H, W]."""
        if self.by == "luma":
            return luma(split_alpha(x)[0]).clamp(0, 1)
        columns, rows = (axis.reshape(shape) for axis, shape in zip(pixel_centres(x), ((1, -1), (-1, 1)), strict=True))
        if self.by == "iris":
            aspect = x.shape[3] / x.shape[2]
            reach = ((columns * aspect).square() + rows.square()).sqrt() / math.hypot(aspect, 1)
            return (1 - reach).clamp(0, 1)[None, None]
        angle = per_picture(p.degrees * (torch.pi / 180))
        cosine, sine = torch.cos(angle), torch.sin(angle)
        return (cosine * columns - sine * rows) / (2 * (cosine.abs() + sine.abs())) + 0.5


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Crossfade)
