"""Let the picture see itself: trails, echoes, and tunnels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from renderer import (
    Edge,
    Frame,
    ImageEffect,
    Signal,
    ValueProblem,
    hookimpl,
    keep_neutral,
    mix,
    param,
    per_picture,
    premultiplied,
    straight,
    view_matrix,
    warp,
)


class Feedback(ImageEffect):
    """Let the picture see itself, as a camera that films its own screen: trails, echoes, and tunnels.

    The last picture that this returned is enlarged and turned a little, and mixed with the new one; `trail` seconds
    later half of it is left. That is the same in a still as in the film, at every frame rate; 2 s of past are seen.
    """

    name = "feedback"
    warm_up: ClassVar[float] = 2.0
    example: ClassVar[str] = (
        "- walk: {keys: {0s: 3, 1s: 14, 2s: 3}}\n- feedback: {trail: 0.3, zoom: 1.5, rotate: 40, by: lighten}"
    )

    trail: Signal = param(0.2, description="Seconds after which half of the past is left, 0 to 0.4; 0 is no past")
    zoom: Signal = param(1.3, description="How much larger the past gets in a second; 1 is not at all; above 0")
    rotate: Signal = param(0, description="Degrees by which the past turns in a second, against the clock")
    x: Signal = param(0.5, description="Where the point is that stays in place: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    by: Literal["mix", "lighten"] = param("mix", description="mix: the past fades into the new; lighten: lights stay")
    edge: Edge = param("mirror", description="How the past goes on beyond its edges; empty is black, or transparent")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the pictures with their past; where the trail is 0, the very same."""
        if frame.past is None or bool((p.zoom <= 0).any()):
            raise ValueProblem("expected a zoom above 0")
        age = frame.past.age
        look = view_matrix(x, p.zoom**age, p.rotate * age, p.x, p.y)
        past = warp(frame.past.image, look, self.edge)
        keep = torch.exp2(-age / p.trail.clamp(1e-6, 0.4))
        if self.by == "lighten":
            lights = premultiplied(past) * per_picture(keep)
            return keep_neutral(x, straight(torch.maximum(premultiplied(x), lights)), p.trail <= 0)
        return keep_neutral(x, mix(x, past, keep), p.trail <= 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Feedback)
