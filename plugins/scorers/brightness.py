"""Score how bright a picture is."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from renderer import hookimpl


def brightness(images: Tensor) -> Tensor:
    """Return the mean luma (Rec. 709), [N] in 0..1, of images [N, 3, H, W] in 0..1."""
    return (images * images.new_tensor((0.2126, 0.7152, 0.0722))[:, None, None]).sum(1).mean((1, 2))


@hookimpl
def register_scorers(register: Any) -> None:
    """Register the scorer."""
    register("brightness", brightness)
