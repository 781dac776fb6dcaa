"""What image effects have in common: what is neutral stays as it is, and pictures with alpha are mixed rightly.

Pictures are float32 [N, C, H, W] from 0 to 1; where C is 2 or 4 the last channel is alpha, by which colours are not
multiplied.
"""

from __future__ import annotations

import torch
from torch import Tensor

from renderer.colour import split_alpha

MIN_ALPHA = 1 / 512  # below it a pixel has no colour


def keep_neutral(x: Tensor, changed: Tensor, neutral: Tensor) -> Tensor:
    """Return the changed pictures, but the very x where neutral, bool [N], is true."""
    if not bool(neutral.any()):
        return changed
    return x if bool(neutral.all()) else torch.where(per_picture(neutral), x, changed)


def per_picture(values: Tensor) -> Tensor:
    """Return numbers [N] as [N, 1, 1, 1], one for each picture."""
    return values.reshape(-1, 1, 1, 1)


def premultiplied(x: Tensor) -> Tensor:
    """Return pictures whose colours, where there is alpha, are laid on black: what nobody sees is not mixed in."""
    colours, alpha = split_alpha(x)
    return torch.cat([colours * alpha, alpha], 1) if alpha.shape[1] else x


def straight(x: Tensor) -> Tensor:
    """Return pictures whose colours, where there is alpha, are their own again."""
    colours, alpha = split_alpha(x)
    if not alpha.shape[1]:
        return x
    return torch.cat([torch.where(alpha < MIN_ALPHA, 0, colours / alpha.clamp_min(MIN_ALPHA)).clamp(0, 1), alpha], 1)


def mix(x: Tensor, other: Tensor, amount: Tensor) -> Tensor:
    """Return what lies between pictures and others, by amount [N]: x at 0, the others at 1; colours count by alpha."""
    return straight(torch.lerp(premultiplied(x), premultiplied(other), per_picture(amount)))


def lay_over(x: Tensor, color: Tensor, cover: Tensor) -> Tensor:
    """Return pictures with a colour, or colours of their own shape, laid over them where cover, 0..1, says so.

    Where there is alpha, what is laid over them is seen: alpha grows to 1 with the cover.
    """
    colours, alpha = split_alpha(x)
    if not alpha.shape[1]:
        return torch.lerp(colours, color, cover)
    whole = alpha + (1 - alpha) * cover
    mixed = colours * alpha * (1 - cover) + color * cover
    return torch.cat([mixed / whole.clamp_min(MIN_ALPHA), whole], 1)
