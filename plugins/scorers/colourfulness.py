"""Score how colourful a picture is."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from renderer import hookimpl


def colourfulness(images: Tensor) -> Tensor:
    """Return how far colours are from grey and from each other, [N], of images [N, 3, H, W] in 0..1.

    Source: Hasler and Süsstrunk 2003, Measuring colourfulness in natural images, equation 3.
    """
    red, green, blue = images.unbind(1)
    opponents = (red - green, (red + green) / 2 - blue)
    spread = sum(one.var((1, 2), correction=0) for one in opponents)
    middle = sum(one.mean((1, 2)).square() for one in opponents)
    return (spread + 1e-12) ** 0.5 + 0.3 * (middle + 1e-12) ** 0.5


@hookimpl
def register_scorers(register: Any) -> None:
    """Register the scorer."""
    register("colourfulness", colourfulness)
