"""Colours of `bloom`: a few attributes become a handful of colours, chosen in Oklab so that they sit well together.

Everything here is a tensor of a few numbers per frame; it costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

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
# The petals from base to tip: lightness, what `contrast` and yellow add to it, chroma, share of the travel in hue.
_LIGHTNESS = (0.22, 0.45, 0.65, 0.87)
_CONTRAST = (-0.08, -0.08, 0.0, 0.06)
_YELLOW = (0.04, 0.09, 0.09, 0.04)
_CHROMA = (0.15, 0.24, 0.21, 0.10)
_TRAVEL = (1.0, 0.4, 0.0, -0.3)


def oklch(lightness: Tensor, chroma: Tensor, hue: Tensor) -> Tensor:
    """Return linear sRGB [..., 3] of Oklab lightness 0..1, chroma and hue in radians, kept within the gamut."""
    lab = torch.stack([lightness, chroma * hue.cos(), chroma * hue.sin()], dim=-1)  # [..., 3]
    rgb = (lab @ lab.new_tensor(_CONES).T) ** 3 @ lab.new_tensor(_RGB).T
    grey = lightness.unsqueeze(-1) ** 3
    lowest = rgb.amin(-1, keepdim=True).clamp_max(0)
    return grey + (rgb - grey) * grey / (grey - lowest + 1e-6)


def palette(a: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Choose the colours of a frame, each [N, 3] in linear sRGB, from its bounded attributes, each [N].

    petal0 to petal3 are the coefficients of a cubic in t, from the base of the petals (0) to their tips (1);
    then light from within (`glow`), light around (`halo`), the background's two (`low`, `high`), motes, florets.
    """
    hue = 0.85 + 1.7 * a["hue"]
    hue = hue + 0.65 * torch.sin(hue - 2.1)  # radians; the mean is a rose, and leaf greens are passed quickly
    rich = 0.65 + 0.8 * torch.sigmoid(1.1 * a["saturation"])
    points = _petals(hue, rich, 0.55 * a["accent"], a["contrast"])  # [N, 4, 3]
    night = 4.75 + 0.75 * a["background"] + 0.35 * torch.sin(hue)  # teal, blue, violet; olive and brown are rare
    dark = 0.12 + 0.32 * torch.sigmoid(1.5 * a["dusk"] - 2.2)
    warm = 1.15 + 0.3 * torch.tanh(0.7 * a["warmth"])
    power = torch.exp(0.45 * a["glow"])
    one = torch.ones_like(hue)
    curve = hue.new_tensor(_BEZIER) @ points
    return {
        **{f"petal{i}": 1.75 * curve[:, i] for i in range(4)},
        "glow": oklch(0.84 * one, 0.15 * rich, warm) * (0.40 * power).unsqueeze(1),
        "halo": oklch(0.60 * one, 0.17 * rich, night - 0.5 * torch.sin(night - hue)) * (0.42 * power).unsqueeze(1),
        "low": oklch(0.6 * dark, 0.06 * rich, night + 0.45),
        "high": oklch(1.6 * dark + 0.04, 0.10 * rich, night - 0.35),
        "mote": oklch(0.84 * one, 0.10 * rich, warm + 0.35 * a["background"]),
        "floret": oklch(0.80 * one, 0.16 * rich, warm + 0.1),
    }


def _petals(hue: Tensor, rich: Tensor, accent: Tensor, contrast: Tensor) -> Tensor:
    """Return four colours [N, 4, 3] from the base of a petal to its tip.

    In the dark the hue turns as painters have it, towards violet, and yellow towards red; yellow is bright too.
    """
    yellow = (0.5 + 0.5 * torch.cos(hue - 1.8)) ** 2  # [N], 0..1
    travel = 0.8 * torch.sin(5.0 - hue) - 0.75 * yellow + accent
    lift = torch.tanh(0.5 * contrast).unsqueeze(1) * hue.new_tensor(_CONTRAST)
    lightness = hue.new_tensor(_LIGHTNESS) + lift + yellow.unsqueeze(1) * hue.new_tensor(_YELLOW)
    hues = hue.unsqueeze(1) + travel.unsqueeze(1) * hue.new_tensor(_TRAVEL)
    return oklch(lightness, rich.unsqueeze(1) * hue.new_tensor(_CHROMA), hues)
