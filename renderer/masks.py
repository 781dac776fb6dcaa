"""Painted masks: pictures that say where something is."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from renderer.colour import luma, split_alpha
from renderer.picture_file import read_picture


def read_mask(path: Path) -> Tensor:
    """Return the brightness of a picture times its alpha, float32 [1, 1, h, w] in 0..1.

    Raises ValueProblem where it cannot be read.
    """
    colours, alpha = split_alpha(read_picture(path))
    return luma(colours) * alpha


def sampled(mask: Tensor, x: Tensor, y: Tensor, step: Tensor) -> Tensor:
    """Return a mask [1, 1, h, w] at points x, y [N, H, W], [N, 1, H, W], 0 outside of it.

    Points count in widths of the mask from its middle; step [N, 1, 1] is how far apart they are. The mask is made
    smaller first where they lie further apart than its pixels.
    """
    height, width = mask.shape[2:]
    finest = float(step.min())
    if finest * width > 1:
        side = max(1, round(1 / finest))
        mask = interpolate(mask, (max(1, round(height / width * side)), side), mode="area")
    grid = torch.stack([2 * x + 0 * y, 2 * y * width / height + 0 * x], -1)
    return grid_sample(mask.expand(len(grid), -1, -1, -1), grid, align_corners=False)
