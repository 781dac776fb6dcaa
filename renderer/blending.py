"""How a picture is laid over another: the blend modes of compositing.

Source: W3C, Compositing and Blending Level 1, sections 5 and 10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from renderer.colour import split_alpha
from renderer.mixing import MIN_ALPHA

Blend = Callable[[Tensor, Tensor], Tensor]  # colours below and above, 0..1, to colours


def hard_light(below: Tensor, above: Tensor) -> Tensor:
    """Multiply where the upper picture is dark, and screen where it is bright."""
    return torch.where(above <= 0.5, below * 2 * above, screen(below, 2 * above - 1))


def screen(below: Tensor, above: Tensor) -> Tensor:
    """Add lights that never burn out."""
    return below + above - below * above


def soft_light(below: Tensor, above: Tensor) -> Tensor:
    """Darken or lighten softly, as a lamp through a slide does."""
    bright = torch.where(below <= 0.25, ((16 * below - 12) * below + 4) * below, below.clamp_min(0).sqrt())
    dark = below - (1 - 2 * above) * below * (1 - below)
    return torch.where(above <= 0.5, dark, below + (2 * above - 1) * (bright - below))


def dodge(below: Tensor, above: Tensor) -> Tensor:
    """Brighten what is below by what is above, until it burns out."""
    lit = (below / (1 - above).clamp_min(1e-6)).clamp_max(1)
    return torch.where(below <= 0, torch.zeros_like(below), lit)


def burn(below: Tensor, above: Tensor) -> Tensor:
    """Darken what is below by what is above, down to black."""
    dark = 1 - ((1 - below) / above.clamp_min(1e-6)).clamp_max(1)
    return torch.where(below >= 1, torch.ones_like(below), dark)


BLENDS: Mapping[str, Blend] = {
    "normal": lambda below, above: above,
    "add": lambda below, above: (below + above).clamp_max(1),
    "multiply": lambda below, above: below * above,
    "screen": screen,
    "overlay": lambda below, above: hard_light(above, below),
    "soft-light": soft_light,
    "hard-light": hard_light,
    "lighten": torch.maximum,
    "darken": torch.minimum,
    "color-dodge": dodge,
    "color-burn": burn,
    "difference": lambda below, above: (below - above).abs(),
    "exclusion": lambda below, above: below + above - 2 * below * above,
}


def laid_over(below: Tensor, above: Tensor, mode: str, opacity: Tensor) -> Tensor:
    """Return pictures [N, C, H, W], 0..1 in sRGB, with others over them by a mode; an opacity [N] of 0 keeps every bit.

    Where there is alpha, what is transparent above is not seen, and what is opaque above covers what is not below.
    """
    (lower, ground), (upper, cover) = split_alpha(below), split_alpha(above)
    strength = opacity.clamp(0, 1).reshape(-1, 1, 1, 1)
    mixed = BLENDS[mode](lower.clamp(0, 1), upper.clamp(0, 1))
    if not ground.shape[1]:
        return torch.where(strength == 0, below, lower + (mixed - lower) * strength)
    mixed, cover = upper + (mixed - upper) * ground, cover * strength
    whole = cover + ground * (1 - cover)
    colours = (mixed * cover + lower * ground * (1 - cover)) / whole.clamp_min(MIN_ALPHA)
    return torch.where(strength == 0, below, torch.cat([colours, whole], 1))
