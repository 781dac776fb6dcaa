"""What network bending does to feature maps [N, C, h, w], each by an amount [N] of which 0 is nothing.

Source: Broad, Leymarie and Grierson 2021, arXiv:2005.12420.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from renderer.blur import gaussian
from renderer.mixing import per_picture

WINDOW = 0.1  # of the width of a map: how far an amount of 1 erodes, dilates and blurs
Bend = Callable[[Tensor, Tensor, Tensor], Tensor]  # map [N, C, h, w], amount [N], angle [N] in radians


def warped(x: Tensor, look: Tensor) -> Tensor:
    """Return maps [N, C, h, w] whose points look where `look` [N, 2, 3] tells, in -1..1; edges are mirrored."""
    grid = functional.affine_grid(look, list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, padding_mode="reflection", align_corners=False)


def placed(a: Tensor, b: Tensor, c: Tensor, d: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return [N, 2, 3] of the numbers [N] of ((a, b, x), (c, d, y))."""
    return torch.stack([torch.stack([a, b, x], 1), torch.stack([c, d, y], 1)], 1)


def translate(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Move maps by so many of their widths towards an angle, against the clock from the right."""
    one, zero = torch.ones_like(amount), torch.zeros_like(amount)
    return warped(x, placed(one, zero, zero, one, -2 * amount * angle.cos(), 2 * amount * angle.sin()))


def zoom(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Show maps 1 + amount times as large, below 0 smaller."""
    scale, zero = 1 / (1 + amount).clamp_min(0.01), torch.zeros_like(amount)
    return warped(x, placed(scale, zero, zero, scale, zero, zero))


def rotate(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Turn maps against the clock; 1 is all the way round."""
    cosine, sine, zero = (amount * math.tau).cos(), (amount * math.tau).sin(), torch.zeros_like(amount)
    aspect = x.shape[3] / x.shape[2]
    return warped(x, placed(cosine, -sine / aspect, sine * aspect, cosine, zero, zero))


def shear(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Push the upper edge of maps to the right, and the lower to the left, by so many of half their widths."""
    one, zero = torch.ones_like(amount), torch.zeros_like(amount)
    return warped(x, placed(one, amount, zero, one, zero, zero))


def flip(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Mix maps with their mirror images, left for right."""
    return mixed(x, x.flip(3), amount)


def dilate(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Give every point the largest value around it; 1 reaches a tenth of the width."""
    return spread(x, amount)


def erode(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Give every point the smallest value around it; 1 reaches a tenth of the width."""
    return -spread(-x, amount)


def blur(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Blur maps by a Gaussian; at 1 its standard deviation is a tenth of the width."""
    rows = []
    for one, sigma in zip(torch.split(x, 1), (amount.abs() * WINDOW * x.shape[3]).tolist(), strict=True):
        rows.append(gaussian(one, sigma) if sigma > 0.05 else one)
    return torch.cat(rows)


def invert(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Mix maps with what is as far on the other side of their means."""
    return mixed(x, 2 * x.mean((2, 3), keepdim=True) - x, amount)


def threshold(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Mix maps with two levels: the mean of what lies above their mean, and of what lies below."""
    high = x > x.mean((2, 3), keepdim=True)
    count = high.sum((2, 3), keepdim=True)
    above = (x * high).sum((2, 3), keepdim=True) / count.clamp_min(1)
    below = (x * ~high).sum((2, 3), keepdim=True) / (high[0, 0].numel() - count).clamp_min(1)
    return mixed(x, torch.where(high, above, below), amount)


def ablate(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Take maps away: 1 leaves nothing of them."""
    return mixed(x, torch.zeros_like(x), amount)


def multiply(x: Tensor, amount: Tensor, angle: Tensor) -> Tensor:
    """Make maps stronger by a factor of 1 + amount."""
    return x * (1 + per_picture(amount))


def mixed(x: Tensor, other: Tensor, amount: Tensor) -> Tensor:
    """Return what lies between two maps, at an amount [N] within 0..1."""
    return x + (other - x) * per_picture(amount.clamp(0, 1))


def spread(x: Tensor, amount: Tensor) -> Tensor:
    """Return the largest value around every point, in windows that grow with an amount [N] without a jump."""
    radius = (amount.abs() * WINDOW * x.shape[3]).clamp_max(min(x.shape[2:]) // 2)
    rows = []
    for one, r in zip(torch.split(x, 1), radius.tolist(), strict=True):
        whole = int(r)
        small, large = windowed(one, whole), windowed(one, whole + 1)
        rows.append(small + (large - small) * (r - whole))
    return torch.cat(rows)


def windowed(x: Tensor, radius: int) -> Tensor:
    """Return the largest value within a square window around every point."""
    if not radius:
        return x
    x = functional.pad(x, (radius,) * 4, value=-math.inf)
    for axis in (2, 3):
        whole, width = 2 * radius + 1, 1
        while width < whole:  # windows twice as wide, from two that lie beside each other or overlap
            step = min(width, whole - width)
            count = x.shape[axis] - step
            x = torch.maximum(x.narrow(axis, 0, count), x.narrow(axis, step, count))
            width += step
    return x


BENDS: Mapping[str, Bend] = {
    one.__name__: one
    for one in (translate, zoom, rotate, shear, flip, erode, dilate, blur, invert, threshold, ablate, multiply)
}
