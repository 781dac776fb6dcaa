"""The pixels of `bloom`: polar coordinates, waves of petals, whorls laid over each other, light, film.

Every step is differentiable, pointwise, and written for a batch of maps [N, C, H, W].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from renderer.generators.base import Tap
from renderer.generators.bloom_style import Style

CENTRE_SOFTNESS = 0.03  # radius within which angles fade, so that nothing is singular
WHORLS = 6  # nested layers of petals
Complex = tuple[Tensor, Tensor]  # cosine and sine of an angle
Numbers = Mapping[str, Tensor]


class Polar(NamedTuple):
    """Hold the polar coordinates of the flower, each [N, 1, H, W]: radius, and the angle as a unit vector."""

    radius: Tensor
    cos: Tensor
    sin: Tensor


class Waves(NamedTuple):
    """Hold angular waves, each [N, 1, H, W]: petals, their slope, frills, veins, and the seeds of the core."""

    petal: Tensor
    slope: Tensor
    frill: Tensor
    vein: Tensor
    seed: Tensor


class Side(NamedTuple):
    """Hold what the whorls of one side share, each [N, 1, H, W]; every other whorl is turned by half a petal.

    reach  distance from the centre, 1 at the outline of the widest whorl.
    tone   bands across the petals.
    shade  how the petals catch the lamp.
    """

    reach: Tensor
    tone: Tensor
    shade: Tensor


class Flower(NamedTuple):
    """Hold what the whorls leave, each [N, 1, H, W]: place in the palette 0..1, light, cover."""

    tone: Tensor
    light: Tensor
    cover: Tensor


def paint(style: Style, pixel: float, grain: Tensor | None, tap: Tap) -> Tensor:
    """Return pictures [N, 3, H, W] in -1..1; `pixel` is the size of one."""
    n = style.numbers
    plane = tap("coordinates", style.plane @ style.plane_across)  # [N, 2, H, W]
    flat = unroll(plane)
    twisted = twist(flat, n["swirl"])
    waves = angular_waves(n, twisted, pixel)
    flower = lay_whorls(n, flat, waves, pixel)
    light = tap("light", illuminate(n, flat, waves, flower, style.back @ style.back_across))
    return develop(n, light, grain)


def times(a: Complex, b: Complex) -> Complex:
    """Multiply two complex fields, which adds their angles."""
    return torch.addcmul(a[0] * b[0], a[1], b[1], value=-1), torch.addcmul(a[0] * b[1], a[1], b[0])


def unroll(plane: Tensor) -> Polar:
    """Return polar coordinates of the plane [N, 2, H, W]; the unit vector shrinks to zero at the centre."""
    x, y = plane[:, :1], plane[:, 1:]
    square = torch.addcmul(x * x, y, y) + CENTRE_SOFTNESS**2
    inverse = square.rsqrt()
    return Polar(square * inverse, x * inverse, y * inverse)


def twist(polar: Polar, amount: Tensor) -> Polar:
    """Turn by an angle that grows with the radius: twice the arc tangent of `amount` times it."""
    half = polar.radius * amount
    cos = 2 / (half * half + 1) - 1
    return Polar(polar.radius, *times((polar.cos, polar.sin), (cos, half * cos + half)))


def angular_waves(n: Numbers, polar: Polar, pixel: float) -> Waves:
    """Return waves of whole numbers around the circle, so that no seam shows: powers of the unit vector."""
    one = (polar.cos, polar.sin)
    two = times(one, one)
    three = times(two, one)
    five = times(three, two)
    eight = times(five, three)
    thirteen = times(eight, five)
    twentyone = times(thirteen, eight)
    petal = n["three"] * three[0]
    petal = torch.addcmul(torch.addcmul(petal, n["five"], five[0]), n["eight"], eight[0])
    slope = n["three"] * three[1]
    slope = torch.addcmul(torch.addcmul(slope, n["five"], five[1]), n["eight"], eight[1])
    return Waves(
        petal, slope, twentyone[1], veins(n, twentyone[0], polar.radius, pixel), seeds(n, eight, thirteen, polar)
    )


def veins(n: Numbers, wave: Tensor, radius: Tensor, pixel: float) -> Tensor:
    """Return fine lines along the petals from the cosine of 21 angles; they fade where they would be too fine."""
    square = wave * wave
    fine = 8 * square * (square - 1) + 1  # 84 angles
    finer = fine * fine  # 168 angles, 0..1
    room = radius * radius
    room = room / (room + (0.12 + (60 * pixel) ** 2))
    return torch.addcmul(fine * 0.4, finer, finer, value=1.0) * (n["veins"] * room)


def seeds(n: Numbers, eight: Complex, thirteen: Complex, polar: Polar) -> Tensor:
    """Return the florets of the core, -1..1: spirals of 8 and 13 arms that cross, as in a sunflower."""
    turn = polar.radius * (9 / n["core"]) * 0.6
    spiral = turn.cos(), turn.sin()
    left = torch.addcmul(thirteen[0] * spiral[0], thirteen[1], spiral[1])
    right = torch.addcmul(eight[0] * spiral[0], eight[1], spiral[1], value=-1)
    return left * right


def both_sides(n: Numbers, flat: Polar, waves: Waves) -> tuple[Side, Side]:
    """Return the even whorls' side and the odd ones', whose petals stand where the others leave gaps."""
    high = 0.5 * waves.petal + 0.5
    low = 1 - high
    ridges = (high + 0.012).sqrt(), (low + 0.012).sqrt()
    across = torch.addcmul(flat.sin * n["lamp_x"], flat.cos, -n["lamp_y"])
    relief = torch.addcmul(waves.vein, waves.slope * 0.5, across)
    frill = waves.frill * n["frill"]
    return (
        one_side(n, flat.radius, ridges[0], ridges[1], low, relief, frill * low),
        one_side(n, flat.radius, ridges[1], ridges[0], high, -relief, -frill * high),
    )


def one_side(
    n: Numbers, radius: Tensor, ridge: Tensor, gap: Tensor, far: Tensor, relief: Tensor, frill: Tensor
) -> Side:
    """Return the side whose petals follow `ridge`, from round ones to pointed ones."""
    profile = torch.lerp(ridge, 1.05 - gap, n["point"])
    edge = torch.addcmul(frill, n["outer"], profile) + n["inner"]
    reach = radius / edge
    rib = 0.2 / (200 * far + 1)
    return Side(reach, (reach * n["rings"]).sin() * n["ripple"], relief - rib + 1)


def lay_whorls(n: Numbers, flat: Polar, waves: Waves, pixel: float) -> Flower:
    """Lay the whorls over each other, the widest first; each darkens the one beneath near its outline."""
    sides = both_sides(n, flat, waves)
    cup = torch.addcmul(flat.cos * n["lamp_x"], flat.sin, n["lamp_y"]) * 0.5
    shades = [torch.sub(side.shade, cup, alpha=0.6) for side in sides]
    tone = light = cover = torch.zeros_like(cup)
    size = torch.ones_like(n["radius"])
    reach = sides[0].reach
    for whorl in range(WHORLS):
        side, shade = sides[whorl % 2], shades[whorl % 2]
        inner = sides[(whorl + 1) % 2].reach * (1 / (size * n["ratio"]))
        fourth = reach * reach
        fourth = fourth * fourth
        open_ = inner * inner
        open_ = open_ * open_
        open_ = open_ / (open_ + 0.9)
        sharp = n["radius"] * size * (0.8 / (0.55 * pixel + 0.0015 * max(0, 2 - whorl)))
        alpha = torch.sigmoid(sharp - sharp * reach)
        body = torch.addcmul(shade, cup, reach) * (reach * 0.55 + 0.35) * open_
        body = torch.addcmul(body, fourth * fourth, n["sheen"])
        light = torch.lerp(light, body, alpha)
        tone = torch.lerp(tone, torch.add(side.tone, reach, alpha=0.70) + (0.21 - 0.045 * whorl), alpha)
        if whorl < 2:
            cover = cover + alpha - cover * alpha
        reach, size = inner, size * n["ratio"]
    return Flower(tone.clamp(0, 1), light.clamp_min(0), cover)


def illuminate(n: Numbers, flat: Polar, waves: Waves, flower: Flower, back: Tensor) -> Tensor:
    """Return linear light [N, 3, H, W]: background and halo, petals, the core, light from within."""
    square = flat.radius * flat.radius
    halo = 1 / (square * (1.0 / n["radius"] ** 2) + 1)
    rgb = n["petal3"] * flower.tone + n["petal2"]
    rgb = torch.addcmul(n["petal1"], rgb, flower.tone)
    rgb = torch.addcmul(n["petal0"], rgb, flower.tone) * (flower.light * 1.5)
    rgb = torch.lerp(torch.addcmul(back, n["halo"], halo * halo), rgb, flower.cover)
    bright = square * (1 / n["core"] ** 2)
    disc = torch.sigmoid(7 - 7 * bright)
    rgb = torch.lerp(rgb, n["floret"] * (0.35 + 0.4 * waves.seed + 0.4 * bright), disc)
    glow = 1 / (0.4 * bright + 1)
    return torch.addcmul(rgb, n["glow"], glow * glow)


def develop(n: Numbers, light: Tensor, grain: Tensor | None) -> Tensor:
    """Return the film [N, 3, H, W] in -1..1 of linear light: a shoulder, a gamma of 2, grain."""
    image = (light / (light + 0.9) + 1e-6).sqrt() * 2.75 - 1
    if grain is not None:
        image = torch.addcmul(image, grain, n["grain"])
    return image.clamp(-1, 1)
