"""Compare pictures by nothing but their pixels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from torch import Tensor

from renderer import ValueProblem, hookimpl


def no_features(images: Tensor) -> tuple[Tensor, ...]:
    """Return no feature maps: the pixels, which are always compared, are left alone."""
    return ()


def make(file: Path | None) -> Any:
    """Return the backend; raise ValueProblem for a file, which it does not take."""
    if file is not None:
        raise ValueProblem(f"pixel takes no file of weights, got {file}")
    return no_features


@hookimpl
def register_perceptual(register: Any) -> None:
    """Register the backend."""
    register("pixel", make)
