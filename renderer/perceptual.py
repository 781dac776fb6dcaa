"""Perceptual backends: what `render project` compares pictures by, beside their pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import Tensor

Perceptual = Callable[[Tensor], Sequence[Tensor]]  # images [N, 3, H, W] in 0..1, sRGB, to feature maps [N, C, h, w]
PerceptualMaker = Callable[[Path | None], Perceptual]  # from the user's file of weights, None where none was named
