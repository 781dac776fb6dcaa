"""Colours of `bloom`: a few attributes become a handful of colours, mixed in Oklab so that they sit well together.

Everything here is a tensor of a few numbers per frame; it costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

# Oklab to the cube roots of cone responses, and those cubed to linear sRGB.
# Source: Ottosson 2020, *A perceptual color space for image processing*.
_CONES = ((1.0, 0.3963377774, 0.2158037573), (1.0, -0.1055613458, -0.0638541728), (1.0, -0.0894841775, -1.2914855480))
_RGB = (
    (4.0767416621, -3.3077115913, 0.2309699292),
    (-1.2684380046, 2.6097574011, -0.3413193965),
    (-0.0041960863, -0.7034186147, 1.7076147010),
)
# Rows: powers of t; columns: the four points of a cubic Bezier curve.
_BEZIER = ((1.0, 0.0, 0.0, 0.0), (-3.0, 3.0, 0.0, 0.0), (3.0, -6.0, 3.0, 0.0), (-1.0, 3.0, -3.0, 1.0))


class Palette(NamedTuple):
    """Hold the colours of a frame, all linear sRGB.

    petals  [N, 4, 3]: coefficients of a cubic in t, from the base of the petals (0) to their tips (1).
    sheen, glow, halo, low, high, dust  [N, 3]: rim light, light from within, light around, background, motes.
    """

    petals: Tensor
    sheen: Tensor
    glow: Tensor
    halo: Tensor
    low: Tensor
    high: Tensor
    dust: Tensor


def oklch(lightness: Tensor, chroma: Tensor, hue: Tensor) -> Tensor:
    """Return linear sRGB [..., 3] of Oklab lightness 0..1, chroma and hue in radians, kept within the gamut."""
    lab = torch.stack([lightness, chroma * hue.cos(), chroma * hue.sin()], dim=-1)  # [..., 3]
    rgb = (lab @ lab.new_tensor(_CONES).T) ** 3 @ lab.new_tensor(_RGB).T
    grey = lightness.unsqueeze(-1) ** 3
    lowest = rgb.amin(-1, keepdim=True).clamp_max(0)
    return grey + (rgb - grey) * grey / (grey - lowest + 1e-6)


def palette(a: Mapping[str, Tensor]) -> Palette:
    """Choose the colours of a frame from its attributes [N, 1, 1, 1]."""
    hue, accent, saturation, background, glow, warmth, dusk, contrast = (
        a[name].reshape(-1)
        for name in ("hue", "accent", "saturation", "background", "glow", "warmth", "dusk", "contrast")
    )
    base = 0.15 + 1.7 * hue  # [N], radians: rose for the mean
    travel = 0.9 + 0.8 * accent
    rich = 0.55 + 0.9 * torch.sigmoid(1.2 * saturation)  # about 1 for the mean
    range_ = 0.16 * torch.tanh(0.5 * contrast)
    stops = base.unsqueeze(1) + travel.unsqueeze(1) * base.new_tensor((-0.6, -0.2, 0.15, 0.5))  # [N, 4]
    light = base.new_tensor((0.30, 0.50, 0.72, 0.90)) + range_.unsqueeze(1) * base.new_tensor((-0.7, -0.6, 0.0, 0.4))
    chroma = rich.unsqueeze(1) * base.new_tensor((0.13, 0.20, 0.17, 0.08))
    points = oklch(light, chroma, stops)  # [N, 4, 3]
    far = base + 2.7 + 0.8 * background
    dark = 0.16 + 0.42 * torch.sigmoid(1.6 * dusk - 2.2)
    one = torch.ones_like(base)
    warm = 1.25 + 0.6 * torch.tanh(0.7 * warmth)
    return Palette(
        petals=base.new_tensor(_BEZIER) @ points,
        sheen=oklch(0.93 * one, 0.05 * rich, stops[:, 3] + 0.4),
        glow=oklch(0.86 * one, 0.13 * rich, warm) * (0.9 * torch.exp(0.5 * torch.tanh(0.6 * glow))).unsqueeze(1),
        halo=oklch(0.62 * one, 0.16 * rich, stops[:, 1]),
        low=oklch(dark * 0.55, 0.045 * rich, far + 0.35),
        high=oklch(dark * 1.5 + 0.04, 0.075 * rich, far - 0.25),
        dust=oklch(0.85 * one, 0.09 * rich, warm + 0.3 * background),
    )
