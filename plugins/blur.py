"""Blur the picture."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from torch import Tensor

from renderer import Frame, ImageEffect, Signal, gaussian_blur, hookimpl, keep_neutral, param, premultiplied, straight


class Blur(ImageEffect):
    """Blur the picture, as a lens out of focus.

    A Gaussian in linear light, so that what is bright stays bright; beyond its edges the picture goes on as it ends.
    """

    name = "blur"
    space: ClassVar[Literal["srgb", "linear"]] = "linear"
    example: ClassVar[str] = "- walk: {keys: 3}\n- blur: {radius: '0.03 + 0.03*sin(1s)'}"

    radius: Signal = param(0.01, description="Standard deviation of the blur, in parts of the height; 0 is none")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the blurred pictures; where the radius is 0, the very same."""
        blurred = straight(gaussian_blur(premultiplied(x), p.radius.clamp_min(0)))
        return keep_neutral(x, blurred, p.radius <= 0)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Blur)
