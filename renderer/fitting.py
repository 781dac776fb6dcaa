"""Bring images into the frame: fill it, stand in it whole between bars, or before a blurred copy of themselves."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from renderer.values.fit import FitMode

GROUND_SIDE, GROUND_SIGMA = 64, 2.0  # the longer side at which a ground is blurred, and how far, in pixels
MIN_ALPHA = 1 / 512  # below it a pixel has no colour


def fit(images: Tensor, size: tuple[int, int], how: FitMode = "cover") -> Tensor:
    """Return images [N, C, height, width], -1..1, of size (width, height); those of that size come back as they are.

    cover fills the frame and cuts at the middle, as native does with what its network made; contain shows all of the
    image between black bars, transparent where there is alpha; blur lays it on a blurred copy that fills the frame.
    """
    if images.shape[-2:] == (size[1], size[0]):
        return images
    images = premultiplied(images)
    if how == "contain":
        images = placed(images, images.new_full((*images.shape[:2], size[1], size[0]), -1))
    elif how == "blur":
        images = placed(images, blurred(images, size))
    else:
        images = covering(images, size)
    return straight(images)


def scaled(images: Tensor, height: int, width: int) -> Tensor:
    """Return images [N, C, height, width], bicubic, and smoothed first where they shrink."""
    return F.interpolate(images, (height, width), mode="bicubic", antialias=True)


def covering(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return images that fill size (width, height): scaled, and cropped at the middle."""
    (width, height), (rows, columns) = size, images.shape[-2:]
    scale = max(height / rows, width / columns)
    images = scaled(images, max(height, round(rows * scale)), max(width, round(columns * scale)))
    top, left = (images.shape[-2] - height) // 2, (images.shape[-1] - width) // 2
    return images[..., top : top + height, left : left + width]


def placed(images: Tensor, ground: Tensor) -> Tensor:
    """Return the ground [N, C, height, width] with the whole images, as large as they fit, in its middle."""
    (height, width), (rows, columns) = ground.shape[-2:], images.shape[-2:]
    scale = min(height / rows, width / columns)
    high, wide = max(1, min(height, round(rows * scale))), max(1, min(width, round(columns * scale)))
    top, left = (height - high) // 2, (width - wide) // 2
    ground[..., top : top + high, left : left + wide] = scaled(images, high, wide)
    return ground


def blurred(images: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a blurred copy of images that fills size (width, height), as soft at every size."""
    width, height = (max(1, round(side * GROUND_SIDE / max(size))) for side in size)
    reach = math.ceil(3 * GROUND_SIGMA)
    weights = [math.exp(-0.5 * (step / GROUND_SIGMA) ** 2) for step in range(-reach, reach + 1)]
    x = F.pad(covering(images, (width, height)), (reach, reach, reach, reach), mode="replicate")
    for axis, length in ((2, height), (3, width)):
        x = torch.stack([x.narrow(axis, i, length) * one for i, one in enumerate(weights)]).sum(0) / sum(weights)
    return scaled(x, size[1], size[0])


def premultiplied(images: Tensor) -> Tensor:
    """Return images whose colours, where there is alpha, are laid on black, so that what nobody sees is not scaled."""
    if images.shape[1] != 4:
        return images
    alpha = ((images[:, 3:] + 1) / 2).clamp(0, 1)
    return torch.cat([(images[:, :3].clamp(-1, 1) + 1) * alpha - 1, alpha * 2 - 1], 1)


def straight(images: Tensor) -> Tensor:
    """Return images whose colours, where there is alpha, are their own again."""
    if images.shape[1] != 4:
        return images
    alpha = ((images[:, 3:] + 1) / 2).clamp(0, 1)
    colours = (images[:, :3] + 1) / alpha.clamp_min(MIN_ALPHA)
    return torch.cat([torch.where(alpha < MIN_ALPHA, 0, colours).clamp(0, 2) - 1, alpha * 2 - 1], 1)
