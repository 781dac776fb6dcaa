"""The picture that `bloom` paints: coordinates, petals, whorls, light, film.

Every step is differentiable and written for a batch [N, C, H, W]. What is a sum of functions of x times functions
of y (affine maps, plane waves, soft spots) is one small matrix product and not a pass over the pixels.
Lengths are in half-lengths of the shorter side: the frame spans -1..1 along it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from renderer.generators.base import Tap
from renderer.generators.bloom_color import Palette, palette

GRAIN_SEED = 1597
CENTRE_SOFTNESS = 0.03  # radius within which angles fade, so that nothing is singular
WHORLS = 6  # nested layers of petals
# Plane waves of the warp: wave vector x, y; displacement x, y; how `flow` and `eddy` turn their phase.
WAVES = (
    (1.6, 0.9, 0.5, -0.9, 1.0, 0.0, 0.3),
    (-1.1, 2.1, 0.9, 0.45, 0.0, 1.0, 1.9),
    (2.9, -1.3, -0.20, -0.42, -0.7, 0.7, 4.1),
    (1.2, 3.4, 0.40, -0.16, 0.7, 0.7, 5.2),
    (4.6, 2.8, -0.10, 0.17, 1.2, -0.6, 2.7),
)
MOTES = 28


class Canvas(NamedTuple):
    """Hold what depends on the size of the picture only: pixel centres x [W] and y [H], a pixel's size, grain."""

    x: Tensor
    y: Tensor
    pixel: float
    grain: Tensor  # [1, 1, H, W], standard normal
    motes: Tensor  # [MOTES, 4]: x, y, nearness, phase

    @classmethod
    def of(cls, size: tuple[int, int], device: torch.device) -> Canvas:
        """Make the canvas of a (height, width) in pixels."""
        height, width = size
        half = min(size) / 2
        y = (torch.arange(height, device=device) + 0.5 - height / 2) / half
        x = (torch.arange(width, device=device) + 0.5 - width / 2) / half
        random = np.random.RandomState(GRAIN_SEED)
        motes = torch.from_numpy(random.rand(MOTES, 4)).float().to(device)
        grain = torch.from_numpy(random.randn(1, 1, height, width)).float().to(device)
        return cls(x, y, 1 / half, grain, motes)


def paint(
    a: Mapping[str, Tensor], canvas: Canvas, grain: Tensor | None, transform: Tensor | None, taps: Tap | None
) -> Tensor:
    """Return pictures [N, 3, H, W] in -1..1 of attributes [N, 1, 1, 1] each."""
    tap = taps or (lambda _name, feature: feature)
    colors = palette(a)
    plane = tap("coordinates", coordinates(a, canvas, transform))  # [N, 2, H, W]
    flat = unroll(plane)
    polar = twist(flat, 0.5 * soft(a["swirl"]))
    wave = harmonics(a, polar)
    tone = whorls(a, flat, polar, wave, canvas.pixel)
    light = tap("light", illuminate(a, colors, flat, tone, canvas))  # [N, 3, H, W]
    return develop(a, light, grain)


def soft(value: Tensor, limit: float = 2.5) -> Tensor:
    """Bound an attribute smoothly to -limit..limit; near zero it stays as it is."""
    return limit * torch.tanh(value / limit)


class Polar(NamedTuple):
    """Hold the polar coordinates of the flower, each [N, 1, H, W]: radius, cosine and sine of the angle."""

    radius: Tensor
    cos: Tensor
    sin: Tensor


class Harmonics(NamedTuple):
    """Hold angular waves, each [N, 1, H, W]: the petals and their slope, frills, and fine lines."""

    petal: Tensor
    slope: Tensor
    frill: Tensor
    line: Tensor


class Tone(NamedTuple):
    """Hold what the whorls leave, each [N, 1, H, W]: place in the palette 0..1, light, cover, light beneath."""

    hue: Tensor
    light: Tensor
    cover: Tensor
    beneath: Tensor


def placement(a: Mapping[str, Tensor], transform: Tensor | None) -> Tensor:
    """Return the affine map [N, 2, 3] from the frame to the flower: move, lean, zoom, turn."""
    number = {name: soft(a[name]).reshape(-1) for name in ("x", "y", "zoom", "rotate", "tilt_x", "tilt_y")}
    zero = torch.zeros_like(number["x"])
    one = torch.ones_like(zero)
    scale = torch.exp(-0.16 * number["zoom"])
    cos, sin = torch.cos(0.5 * number["rotate"]), torch.sin(0.5 * number["rotate"])
    lean_x, lean_y = 0.36 * number["tilt_x"], 0.36 * number["tilt_y"] + 0.2
    move = torch.stack([one, zero, -0.15 * number["x"], zero, one, -0.15 * number["y"]], -1).reshape(-1, 2, 3)
    lean = torch.stack([1 + lean_x**2, lean_x * lean_y, lean_x * lean_y, 1 + lean_y**2], -1).reshape(-1, 2, 2)
    turn = torch.stack([cos, sin, -sin, cos], -1).reshape(-1, 2, 2) * scale.reshape(-1, 1, 1)
    place = turn @ lean @ move  # [N, 2, 3]
    if transform is None:
        return place
    units = place.new_tensor((0.5, 0.5, 1.0))  # one unit of a transform is the shorter side
    whole = transform.to(place) * units / units.unsqueeze(1)  # [N, 3, 3]
    bottom = place.new_tensor((0.0, 0.0, 1.0)).expand(len(place), 1, 3)
    return (torch.cat([place, bottom], 1) @ whole)[:, :2]


def coordinates(a: Mapping[str, Tensor], canvas: Canvas, transform: Tensor | None) -> Tensor:
    """Return where in the flower's plane each pixel looks, [N, 2, H, W]: placed, then bent by plane waves.

    A plane wave is sin(p x) cos(q y) + cos(p x) sin(q y), so all of this is one product [H, K] @ [K, W].
    """
    place = placement(a, transform)  # [N, 2, 3]
    waves = place.new_tensor(WAVES)  # [K, 7]
    vectors = waves[:, :2] @ place  # [N, K, 3]
    turns = torch.stack([soft(a["flow"]).reshape(-1), soft(a["eddy"]).reshape(-1)], -1)  # [N, 2]
    phases = vectors[:, :, 2] + 0.9 * turns @ waves[:, 4:6].T + waves[:, 6]  # [N, K]
    across = vectors[:, :, :1] * canvas.x  # [N, K, W]
    down = vectors[:, :, 1:2] * canvas.y + phases.unsqueeze(-1)  # [N, K, H]
    strength = 0.11 * torch.exp(0.55 * soft(a["warp"]))  # [N, 1, 1, 1]
    push = strength * waves[:, 2:4].T.unsqueeze(-1)  # [N, 2, K, 1]
    straight = place[:, :, 1:2] * canvas.y + place[:, :, 2:3]  # [N, 2, H]
    left = torch.cat(
        [
            place[:, :, :1, None].expand(-1, -1, -1, len(canvas.y)),
            straight.unsqueeze(2),
            push * down.cos().unsqueeze(1),
            push * down.sin().unsqueeze(1),
        ],
        2,
    )  # [N, 2, 2 + 2 K, H]
    ones = torch.ones_like(canvas.x).expand(len(place), 1, -1)
    right = torch.cat([canvas.x * ones, ones, across.sin(), across.cos()], 1)  # [N, 2 + 2 K, W]
    return left.transpose(2, 3) @ right.unsqueeze(1)


def unroll(plane: Tensor) -> Polar:
    """Return polar coordinates of the plane [N, 2, H, W]; the angle fades towards the centre."""
    x, y = plane[:, :1], plane[:, 1:]
    square = torch.addcmul(x * x, y, y) + CENTRE_SOFTNESS**2
    inverse = square.rsqrt()
    return Polar(square * inverse, x * inverse, y * inverse)


def twist(polar: Polar, amount: Tensor) -> Polar:
    """Turn by an angle that grows with the radius: twice the arc tangent of `amount` [N, 1, 1, 1] times it."""
    half = polar.radius * amount
    square = half * half
    scale = 1 / (1 + square)
    cos, sin = (1 - square) * scale, 2 * half * scale
    return Polar(polar.radius, *times((polar.cos, polar.sin), (cos, sin)))


def times(a: tuple[Tensor, Tensor], b: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    """Multiply two complex fields: add their angles."""
    return torch.addcmul(a[0] * b[0], a[1], b[1], value=-1), torch.addcmul(a[0] * b[1], a[1], b[0])


def harmonics(a: Mapping[str, Tensor], polar: Polar) -> Harmonics:
    """Return waves of whole numbers of petals, so that no seam shows; by powers of the unit vector.

    Three, five and eight petals are mixed by how near `petals` is to each.
    """
    one = (polar.cos, polar.sin)
    two = times(one, one)
    three = times(two, one)
    five = times(three, two)
    eight = times(five, three)
    thirteen = times(eight, five)
    count = 0.9 * soft(a["petals"]) - a["petals"].new_tensor((-1.1, 0.0, 1.1)).reshape(1, 3, 1, 1)  # [N, 3, 1, 1]
    share = torch.softmax(-2.2 * count * count, dim=1)
    w3, w5, w8 = share[:, :1], share[:, 1:2], share[:, 2:]
    petal = torch.addcmul(torch.addcmul(w3 * three[0], w5, five[0]), w8, eight[0])
    slope = torch.addcmul(torch.addcmul(w3 * three[1], w5, five[1]), w8, eight[1])
    twentyone = times(thirteen, eight)
    line = 2 * twentyone[0] * twentyone[0] - 1  # 42
    line = 2 * line * line - 1  # 84
    return Harmonics(petal, slope, twentyone[1], line)


def whorls(a: Mapping[str, Tensor], flat: Polar, polar: Polar, wave: Harmonics, pixel: float) -> Tone:
    """Lay the whorls over each other, the widest first; every other one is turned by half a petal."""
    radius = 0.62 * torch.exp(0.2 * soft(a["radius"]))
    depth = 0.12 + 0.6 * torch.sigmoid(0.9 * a["depth"] + 0.3)
    pointed = torch.sigmoid(1.2 * a["point"] - 0.3)
    ratio = 0.74 + 0.07 * torch.tanh(0.6 * a["spread"])
    frill = 0.035 * torch.exp(0.6 * soft(a["ruffle"]))
    high, low = torch.addcmul(torch.full_like(depth, 0.5), wave.petal, torch.full_like(depth, 0.5)), None
    low = 1 - high
    round_ = (high + 0.012).sqrt(), (low + 0.012).sqrt()
    angle = 0.9 * soft(a["light"]) - 2.2 - 0.5 * soft(a["rotate"])
    lx, ly = angle.cos(), angle.sin()
    along = lx * flat.cos + ly * flat.sin
    across = lx * flat.sin - ly * flat.cos
    fine = 0.07 * torch.exp(0.5 * soft(a["veins"]))
    fade = polar.radius * polar.radius
    fade = fade / (fade + 0.12 + (30 * pixel) ** 2)
    shape = torch.addcmul(0.55 * wave.slope * across, fine * wave.line, fade)
    bands = 2 * 3.14159 * torch.exp(0.3 * soft(a["rings"])) * 1.5
    strength = 0.09 * torch.exp(0.6 * soft(a["ripple"]))
    q, ring, shade = [], [], []
    for side in (0, 1):
        sign = 1 - 2 * side
        profile = torch.lerp(round_[side], 1.05 - round_[1 - side], pointed)
        edge = radius * (1 - depth) + radius * depth * profile
        edge = edge + (frill * sign) * radius * wave.frill * (low, high)[1 - side]
        q.append(polar.radius / edge)
        ring.append((bands * q[side]).sin() * strength)
        rib = 1 / (1 + 260 * (low, high)[side])
        shade.append(1 + sign * shape - 0.22 * rib)
    light, hue, cover = torch.zeros_like(high), torch.zeros_like(high), torch.zeros_like(high)
    beneath = None
    size = torch.ones_like(radius)
    rim = 0.5 * torch.exp(0.5 * soft(a["sheen"]))
    for whorl in range(WHORLS):
        side = whorl % 2
        u = q[side] / size
        focus = 0.55 * pixel + 0.004 * max(0, 2 - whorl)
        sharp = radius * size * 0.8 / focus
        alpha = torch.sigmoid(sharp - sharp * u)
        shadow = torch.sigmoid(9.0 - 8.0 * u)
        light = light - 0.62 * light * shadow
        if beneath is None:
            beneath = 1 - 0.5 * shadow
        u2 = u * u
        u4 = u2 * u2
        body = (0.20 + 0.62 * u + rim * u4 * u4 * 0.5) * (shade[side] + 0.45 * (u - 0.6) * along)
        tone = 0.10 + 0.62 * u + 0.045 * (WHORLS - 2 * whorl) + ring[side]
        light = torch.lerp(light, body * (0.85 + 0.09 * whorl), alpha)
        hue = torch.lerp(hue, tone, alpha)
        cover = cover + alpha - cover * alpha
        size = size * ratio
    return Tone(hue.clamp(0, 1), light, cover, beneath)


def illuminate(a: Mapping[str, Tensor], colors: Palette, flat: Polar, tone: Tone, canvas: Canvas) -> Tensor:
    """Return linear light [N, 3, H, W]: background and motes, halo, petals, light from within."""
    c = [colors.petals[:, i].reshape(-1, 3, 1, 1) for i in range(4)]
    rgb = ((c[3] * tone.hue + c[2]) * tone.hue + c[1]) * tone.hue + c[0]
    rgb = rgb * (1.25 * tone.light)
    back = backdrop(a, colors, canvas)
    radius = 0.62 * torch.exp(0.2 * soft(a["radius"]))
    h = 1 / (1 + (1.1 / radius**2) * flat.radius * flat.radius)
    strength = torch.exp(0.5 * soft(a["glow"]))
    back = back * tone.beneath + (0.35 * strength * colors.halo.reshape(-1, 3, 1, 1)) * (h * h)
    rgb = torch.lerp(back, rgb, tone.cover)
    core = 0.16 * torch.exp(0.25 * soft(a["core"]))
    g = 1 / (1 + (1 / core**2) * flat.radius * flat.radius)
    return rgb + colors.glow.reshape(-1, 3, 1, 1) * (g * g)


def backdrop(a: Mapping[str, Tensor], colors: Palette, canvas: Canvas) -> Tensor:
    """Return the background [N, 3, H, W]: a soft light, a gradient and motes; a product [H, K] @ [K, W]."""
    count = len(a["x"])
    lx = 0.7 * torch.cos(0.9 * soft(a["light"]) - 2.2).reshape(-1, 1)
    ly = 0.7 * torch.sin(0.9 * soft(a["light"]) - 2.2).reshape(-1, 1)
    gx = torch.exp(-0.55 * (canvas.x - lx) ** 2)  # [N, W]
    gy = torch.exp(-0.55 * (canvas.y - ly) ** 2)
    px = soft(a["x"]).reshape(-1, 1) * 0.15
    py = soft(a["y"]).reshape(-1, 1) * 0.15
    near = canvas.motes[:, 2]
    mx = (canvas.motes[:, 0] * 3.4 - 1.7) + px * near * 1.5 + 0.2 * soft(a["flow"]).reshape(-1, 1) * near
    my = (canvas.motes[:, 1] * 3.4 - 1.7) + py * near * 1.5 + 0.2 * soft(a["eddy"]).reshape(-1, 1) * near
    width = 0.006 + 0.10 * near**4 + canvas.pixel
    bx = torch.exp(-(((canvas.x - mx.unsqueeze(-1)) / width.unsqueeze(-1)) ** 2))  # [N, K, W]
    by = torch.exp(-(((canvas.y - my.unsqueeze(-1)) / width.unsqueeze(-1)) ** 2))
    power = 0.5 * torch.exp(0.6 * soft(a["dust"])).reshape(-1, 1) * (0.006 / width) ** 0.8  # [N, K]
    one = torch.ones_like(gx)
    right = torch.cat([one.unsqueeze(1), gx.unsqueeze(1), bx], 1)  # [N, K, W]
    left = torch.cat(
        [
            colors.low[:, :, None, None] * torch.ones_like(gy)[:, None, None],
            (colors.high - colors.low)[:, :, None, None] * gy[:, None, None],
            colors.dust[:, :, None, None] * (power.unsqueeze(-1) * by)[:, None],
        ],
        2,
    )  # [N, 3, K, H]
    return left.transpose(2, 3) @ right.unsqueeze(1)


def develop(a: Mapping[str, Tensor], light: Tensor, grain: Tensor | None) -> Tensor:
    """Return the film [N, 3, H, W] in -1..1 of linear light: a shoulder, a gamma of 2, grain."""
    image = 2 * (1.15 * light / (light + 0.9) * 1.9 / 1.15 + 1e-5).sqrt() - 1
    if grain is not None:
        image = image + (0.016 * torch.exp(0.4 * soft(a["grain"]))) * grain
    return image.clamp(-1, 1)
