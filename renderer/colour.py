"""The curve between sRGB, in which pictures are stored, and linear light, in which lights add up; and brightness.

Sources: IEC 61966-2-1 for the curve, Rec. ITU-R BT.709 for brightness.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

KNEE_LEVEL, KNEE_LIGHT = 0.04045, 0.04045 / 12.92  # the curve is straight below, a power above
LUMA = (0.2126, 0.7152, 0.0722)  # the share of red, green and blue in brightness


def to_linear(images: Tensor) -> Tensor:
    """Return images [N, C, H, W] in linear light, of sRGB 0..1; below 0 as the mirror image of above."""
    return _colours(images, _light)


def to_srgb(images: Tensor) -> Tensor:
    """Return images [N, C, H, W] in sRGB, of linear light 0..1."""
    return _colours(images, _level)


def split_alpha(images: Tensor) -> tuple[Tensor, Tensor]:
    """Return the colours of images [N, C, H, W], and the alpha that is their last channel where C is 2 or 4."""
    colours = images.shape[1] - (images.shape[1] in (2, 4))
    return images[:, :colours], images[:, colours:]


def luma(colours: Tensor) -> Tensor:
    """Return the brightness of colours [N, 1 or 3, H, W] as [N, 1, H, W]."""
    if colours.shape[1] == 1:
        return colours
    red, green, blue = (colours[:, i : i + 1] * share for i, share in enumerate(LUMA))
    return red + green + blue


def paint(color: Tensor, images: Tensor) -> Tensor:
    """Return a colour [3] as [1, 1 or 3, 1, 1], for the colours of images; grey ones take its brightness."""
    whole = color.to(images.device).reshape(1, 3, 1, 1)
    return luma(whole) if images.shape[1] < 3 else whole


def _colours(images: Tensor, curve: Callable[[Tensor], Tensor]) -> Tensor:
    colours, alpha = split_alpha(images)
    curved = curve(colours.abs()).copysign(colours)
    return torch.cat([curved, alpha], 1) if alpha.shape[1] else curved


def _light(level: Tensor) -> Tensor:
    bent = level.clamp_min(KNEE_LEVEL).add_(0.055).div_(1.055).log_().mul_(2.4).exp_()
    return bent.add(level.clamp_max(KNEE_LEVEL), alpha=1 / 12.92).sub_(KNEE_LIGHT)


def _level(light: Tensor) -> Tensor:
    bent = light.clamp_min(KNEE_LIGHT).log_().mul_(1 / 2.4).exp_()
    return (bent * 1.055).sub_(0.055).add_(light.clamp_max(KNEE_LIGHT), alpha=12.92).sub_(KNEE_LEVEL)
