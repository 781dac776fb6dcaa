"""Blur by Gaussians whose widths are in parts of a picture's height, so that a preview looks like the film."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MAX_SIGMA = 2.0  # pixels of a Gaussian, above which a smaller picture is blurred


def gaussian_blur(x: Tensor, sigma: Tensor) -> Tensor:
    """Return pictures blurred by Gaussians of sigma [N] in parts of their height; at the edges they go on as they end.

    Wide ones are made of a smaller copy, whose pixels count as part of the blur, and so cost no more than narrow ones.
    """
    pixels = [float(one) * x.shape[2] for one in sigma]
    return torch.cat([_blurred(one[None], wide) for one, wide in zip(x, pixels, strict=True)])


def _blurred(x: Tensor, sigma: float) -> Tensor:
    factor = 1
    while sigma > MAX_SIGMA * factor and 4 * factor <= min(x.shape[2:]):
        factor *= 2
    if factor == 1:
        return gaussian(x, sigma)
    height, width = x.shape[2:]
    padded = F.pad(x, (0, -width % factor, 0, -height % factor), mode="replicate")
    rest = math.sqrt(sigma**2 - (factor**2 - 1) / 12) / factor  # what the pixels of the copy have not blurred already
    small = gaussian(F.avg_pool2d(padded, factor), rest)
    whole = F.interpolate(small, padded.shape[2:], mode="bicubic", antialias=True)
    return whole[..., :height, :width].clamp(0, 1)


def gaussian(x: Tensor, sigma: float) -> Tensor:
    """Return maps [N, C, H, W] blurred by a Gaussian of sigma pixels, along rows and then along columns."""
    reach = math.ceil(3 * sigma)
    if not reach:
        return x
    weights = [math.exp(-0.5 * (step / sigma) ** 2) for step in range(-reach, reach + 1)]
    for axis, pad in ((3, (reach, reach, 0, 0)), (2, (0, 0, reach, reach))):
        padded, length = F.pad(x, pad, mode="replicate"), x.shape[axis]
        x = padded.narrow(axis, 0, length) * (weights[0] / sum(weights))
        for step, weight in enumerate(weights[1:], 1):
            x = x.add_(padded.narrow(axis, step, length), alpha=weight / sum(weights))
    return x
