"""From attributes to the numbers that `bloom` paints with, once for a batch and before any pixel.

What is a sum of functions of x times functions of y (affine maps, plane waves, soft spots) is written here as two
small factors, and is one product [H, K] @ [K, W] later instead of passes over the pixels.
Lengths are in half-lengths of the shorter side: the frame spans -1..1 along it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from renderer.generators.bloom_color import palette

CONSTANTS_SEED = 1597  # of NumPy's RandomState, which never changes what it draws
MOTES = 36
WHORLS = 6  # nested layers of petals
# Plane waves of the warp: wave vector x, y; displacement x, y; how `flow` and `eddy` turn the phase; the phase.
WAVES = (
    (1.6, 0.9, 0.50, -0.90, 1.0, 0.0, 0.3),
    (-1.1, 2.1, 0.90, 0.45, 0.0, 1.0, 1.9),
    (2.9, -1.3, -0.20, -0.42, -0.7, 0.7, 4.1),
    (1.2, 3.4, 0.40, -0.16, 0.7, 0.7, 5.2),
    (4.6, 2.8, -0.10, 0.17, 1.2, -0.6, 2.7),
)


class Canvas(NamedTuple):
    """Hold what depends on the size of the picture only, lengths in half-lengths of the shorter side."""

    x: Tensor  # [W], centres of the pixels
    y: Tensor  # [H]
    pixel: float  # the size of one
    grain: Tensor  # [1, 1, H, W], standard normal
    motes: Tensor  # [MOTES, 4] in 0..1: x, y, nearness, hue

    @classmethod
    def of(cls, size: tuple[int, int], device: torch.device) -> Canvas:
        """Make the canvas of a (height, width) in pixels."""
        height, width = size
        half = min(size) / 2
        y = (torch.arange(height, device=device) + 0.5 - height / 2) / half
        x = (torch.arange(width, device=device) + 0.5 - width / 2) / half
        random = np.random.RandomState(CONSTANTS_SEED)
        motes = torch.from_numpy(random.rand(MOTES, 4)).float().to(device)
        grain = torch.from_numpy(random.randn(1, 1, height, width)).float().to(device)
        return cls(x, y, 1 / half, grain, motes)


class Style(NamedTuple):
    """Hold all that a batch of pictures is painted from.

    numbers  each [N, 1, 1, 1], colours [N, 3, 1, 1].
    plane, plane_across, back, back_across  factors of the coordinates and of the background,
             [N, C, H, K] and [N, 1, K, W].
    """

    numbers: dict[str, Tensor]
    plane: Tensor
    plane_across: Tensor
    back: Tensor
    back_across: Tensor

    def frame(self, index: int) -> Style:
        """Return the style of one picture of the batch."""
        one = slice(index, index + 1)
        numbers = {name: value[one] for name, value in self.numbers.items()}
        return Style(numbers, self.plane[one], self.plane_across[one], self.back[one], self.back_across[one])

    def strip(self, rows: slice) -> Style:
        """Return the style of some rows of pixels."""
        return self._replace(plane=self.plane[:, :, rows], back=self.back[:, :, rows])


def soft(value: Tensor, limit: float = 2.5) -> Tensor:
    """Bound smoothly to -limit..limit; what is near zero stays as it is."""
    return limit * torch.tanh(value / limit)


def style(attributes: Mapping[str, Tensor], canvas: Canvas, transform: Tensor | None) -> Style:
    """Return the style of a batch from its attributes, each [N], and transforms [N, 3, 3] of the coordinates."""
    a = {name: soft(value) for name, value in attributes.items()}
    colors = {name: color.reshape(-1, 3, 1, 1) for name, color in palette(a).items()}
    numbers = {name: number.reshape(-1, 1, 1, 1) for name, number in _numbers(a).items()}
    place = placement(a, transform)
    return Style({**numbers, **colors}, *coordinate_factors(a, place, canvas), *backdrop_factors(a, colors, canvas))


def _numbers(a: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what the shapes, the pattern and the light need, each [N]."""
    count = 0.9 * a["petals"].unsqueeze(1) - a["petals"].new_tensor((-1.1, 0.0, 1.1))  # [N, 3]
    share = torch.softmax(-2.2 * count * count, dim=1)
    depth = 0.16 + 0.56 * torch.sigmoid(0.9 * a["depth"] + 0.3)
    radius = 0.84 * torch.exp(0.16 * a["radius"])
    core = 0.13 * torch.exp(0.25 * a["core"])
    ratio = 0.755 + 0.035 * a["spread"]
    lamp = 0.9 * a["light"] - 2.2
    turned = lamp - 0.5 * a["rotate"]  # the lamp as the flower sees it
    return {
        "three": share[:, 0],
        "five": share[:, 1],
        "eight": share[:, 2],
        "inner": radius * (1 - depth),
        "outer": radius * depth,
        "frill": 0.022 * radius * torch.exp(0.6 * a["ruffle"]),
        "point": torch.sigmoid(1.2 * a["point"] - 0.3),
        **{f"widen{whorl}": ratio**-whorl for whorl in range(1, WHORLS + 1)},
        "swirl": 0.42 * a["swirl"],
        "rings": 2 * math.pi * 1.3 * torch.exp(0.3 * a["rings"]),
        "ripple": 0.07 * torch.exp(0.6 * a["ripple"]),
        "veins": 0.14 * torch.exp(0.5 * a["veins"]),
        "sheen": 0.23 * torch.exp(0.6 * a["sheen"]),
        "core_falls": 1 / core**2,
        "halo_falls": 1 / radius**2,
        "spiral": 14 / core**2,
        "lamp_x": 0.5 * turned.cos(),
        "lamp_y": 0.5 * turned.sin(),
        "grain": 0.011 * torch.exp(0.5 * a["grain"]),
    }


def placement(a: Mapping[str, Tensor], transform: Tensor | None) -> Tensor:
    """Return the affine map [N, 2, 3] from the frame to the flower: move, lean, zoom, turn."""
    zero = torch.zeros_like(a["x"])
    one = torch.ones_like(zero)
    cos, sin = torch.cos(0.5 * a["rotate"]), torch.sin(0.5 * a["rotate"])
    lean_x, lean_y = 0.3 * a["tilt_x"], 0.3 * a["tilt_y"] + 0.2
    scale = (torch.exp(-0.15 * a["zoom"]) * (1 + lean_x**2 + lean_y**2) ** -0.35).reshape(-1, 1, 1)
    move = torch.stack([one, zero, -0.13 * a["x"], zero, one, -0.13 * a["y"]], -1).reshape(-1, 2, 3)
    lean = torch.stack([1 + lean_x**2, lean_x * lean_y, lean_x * lean_y, 1 + lean_y**2], -1).reshape(-1, 2, 2)
    turn = torch.stack([cos, sin, -sin, cos], -1).reshape(-1, 2, 2)
    place = scale * turn @ lean @ move  # [N, 2, 3]
    if transform is None:
        return place
    units = place.new_tensor((0.5, 0.5, 1.0))  # one unit of a transform is the shorter side
    whole = transform.to(place) * units / units.unsqueeze(1)  # [N, 3, 3]
    bottom = place.new_tensor((0.0, 0.0, 1.0)).expand(len(place), 1, 3)
    return (torch.cat([place, bottom], 1) @ whole)[:, :2]


def coordinate_factors(a: Mapping[str, Tensor], place: Tensor, canvas: Canvas) -> tuple[Tensor, Tensor]:
    """Return [N, 2, H, K] and [N, 1, K, W]: the place of each pixel in the flower's plane, bent by plane waves.

    A plane wave is sin(p x) cos(q y) + cos(p x) sin(q y).
    """
    waves = place.new_tensor(WAVES)  # [J, 7]
    vectors = waves[:, :2] @ place  # [N, J, 3]
    turns = torch.stack([a["flow"], a["eddy"]], -1)  # [N, 2]
    phases = vectors[:, :, 2] + 0.9 * turns @ waves[:, 4:6].T + waves[:, 6]  # [N, J]
    across = vectors[:, :, :1] * canvas.x  # [N, J, W]
    down = (vectors[:, :, 1:2] * canvas.y + phases.unsqueeze(-1)).unsqueeze(1)  # [N, 1, J, H]
    push = (0.065 * torch.exp(0.45 * a["warp"])).reshape(-1, 1, 1, 1) * waves[:, 2:4].T.unsqueeze(-1)  # [N, 2, J, 1]
    slope = place[:, :, :1, None].expand(-1, -1, -1, len(canvas.y))
    straight = (place[:, :, 1:2] * canvas.y + place[:, :, 2:3]).unsqueeze(2)  # [N, 2, 1, H]
    left = torch.cat([slope, straight, push * down.cos(), push * down.sin()], 2)  # [N, 2, K, H]
    lines = torch.stack([canvas.x, torch.ones_like(canvas.x)]).expand(len(place), -1, -1)
    right = torch.cat([lines, across.sin(), across.cos()], 1).unsqueeze(1)  # [N, 1, K, W]
    return left.transpose(2, 3), right


def backdrop_factors(a: Mapping[str, Tensor], colors: Mapping[str, Tensor], canvas: Canvas) -> tuple[Tensor, Tensor]:
    """Return [N, 3, H, K] and [N, 1, K, W]: a dim ground, a soft light from the lamp's side, and motes."""
    lamp = 0.9 * a["light"].reshape(-1, 1) - 2.2
    light_x = torch.exp(-0.6 * (canvas.x - 0.75 * lamp.cos()) ** 2)  # [N, W]
    light_y = torch.exp(-0.6 * (canvas.y - 0.75 * lamp.sin()) ** 2)  # [N, H]
    near = canvas.motes[:, 2]
    size = 0.006 + 0.11 * near**4  # [MOTES], the near ones are out of focus
    width = (size**2 + (0.7 * canvas.pixel) ** 2).sqrt()  # never finer than the pixels, with the same light
    power = 0.75 * torch.exp(0.6 * a["dust"]).unsqueeze(1) * (0.006 / size) ** 0.6 * (size / width) ** 2
    spot_x = _spots(canvas.motes[:, 0], near, 0.2 * a["x"] + 0.15 * a["flow"], width, canvas.x)  # [N, MOTES, W]
    spot_y = _spots(canvas.motes[:, 1], near, 0.2 * a["y"] + 0.15 * a["eddy"], width, canvas.y)
    tint = torch.lerp(colors["mote"], colors["halo"], 0.7 * canvas.motes[:, 3].reshape(1, 1, -1, 1))
    ground = colors["low"] * torch.ones_like(canvas.y)
    glow = (colors["high"] - colors["low"]) * light_y[:, None, None]
    left = torch.cat([ground, glow, tint * (power.unsqueeze(-1) * spot_y)[:, None]], 2)  # [N, 3, K, H]
    right = torch.cat([torch.ones_like(light_x)[:, None], light_x[:, None], spot_x], 1)  # [N, K, W]
    return left.transpose(2, 3), right.unsqueeze(1)


def _spots(at: Tensor, near: Tensor, shift: Tensor, width: Tensor, line: Tensor) -> Tensor:
    """Return bell curves [N, MOTES, len(line)]: what is near moves further with the shift [N]."""
    place = 3.6 * at - 1.8 + shift.unsqueeze(1) * (0.3 + near)  # [N, MOTES]
    return torch.exp(-(((line - place.unsqueeze(-1)) / width.unsqueeze(-1)) ** 2))
