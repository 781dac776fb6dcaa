"""The pixels of `bloom`: polar coordinates, waves of petals, whorls laid over each other, light, film.

Every step is differentiable, pointwise, and written for a batch of maps [N, C, H, W].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from renderer.generators.base import Tap
from renderer.generators.bloom_style import WHORLS, Style

CENTRE_SOFTNESS = 0.014  # radius within which angles fade, so that nothing is singular
Maps = TypeVar("Maps", "Waves", "Flower")
Complex = tuple[Tensor, Tensor]  # cosine and sine of an angle
Numbers = Mapping[str, Tensor]


class Polar(NamedTuple):
    """Hold the polar coordinates of the flower, each [N, 1, H, W]: radius, its square, the angle as a unit vector."""

    radius: Tensor
    square: Tensor
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
    """Hold what the whorls leave, each [N, 1, H, W]: place in the palette, light, and what they hide."""

    tone: Tensor
    light: Tensor
    cover: Tensor

    def under(self, tone: Tensor, light: Tensor, cover: Tensor, *, visible: bool) -> Flower:
        """Return the flower under another whorl; `visible` says whether that one reaches beyond the outline."""
        whole = torch.addcmul(self.cover, cover, 1 - self.cover) if visible else self.cover
        return Flower(torch.lerp(self.tone, tone, cover), torch.lerp(self.light, light, cover), whole)


def paint(style: Style, pixel: float, grain: Tensor | None, tap: Tap | None = None) -> Tensor:
    """Return pictures [N, 3, H, W] in -1..1; `pixel` is the size of one."""
    n = style.numbers
    plane = style.plane @ style.plane_across  # [N, 2, H, W]
    plane = plane if tap is None else tap("coordinates", plane)
    flat = unroll(plane)
    twisted = twist(flat, n["swirl"])
    waves = tapped(tap, "waves", angular_waves(n, twisted, pixel))
    waves = waves if tap is None else waves._replace(petal=waves.petal.clamp(-1, 1))
    flower = tapped(tap, "whorls", lay_whorls(n, flat, waves, pixel))
    light = illuminate(n, flat, waves, flower, style.back @ style.back_across)
    return develop(n, light if tap is None else tap("light", light).clamp_min(0), grain)


def tapped(tap: Tap | None, name: str, maps: Maps) -> Maps:
    """Return several maps, each [N, 1, H, W], after a tap has seen them as the channels of one."""
    if tap is None:
        return maps
    whole = torch.cat(maps, 1)
    changed = tap(name, whole)
    return maps if changed is whole else type(maps)(*torch.split(changed, 1, dim=1))


def line(x: Tensor, gain: float, offset: float) -> Tensor:
    """Return gain x + offset in one pass."""
    return torch.rsub(x, offset, alpha=-gain)


def times(a: Complex, b: Complex) -> Complex:
    """Multiply two complex fields, which adds their angles."""
    return torch.addcmul(a[0] * b[0], a[1], b[1], value=-1), torch.addcmul(a[0] * b[1], a[1], b[0])


def unroll(plane: Tensor) -> Polar:
    """Return polar coordinates of the plane [N, 2, H, W]; the unit vector shrinks to zero at the centre."""
    x, y = plane[:, :1], plane[:, 1:]
    square = torch.addcmul(x * x, y, y) + CENTRE_SOFTNESS**2
    inverse = square.rsqrt()
    return Polar(square * inverse, square, x * inverse, y * inverse)


def twist(polar: Polar, amount: Tensor) -> Polar:
    """Turn by an angle that grows with the radius: twice the arc tangent of `amount` times it."""
    half = polar.radius * amount
    cos = line(1 / (half * half + 1), 2, -1)
    return Polar(polar.radius, polar.square, *times((polar.cos, polar.sin), (cos, half * cos + half)))


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
        petal,
        slope,
        twentyone[1],
        veins(n, twentyone[0], polar.square, pixel),
        seeds(n, thirteen, twentyone, polar.square),
    )


def veins(n: Numbers, wave: Tensor, room: Tensor, pixel: float) -> Tensor:
    """Return fine lines along the petals from the cosine of 21 angles; they fade where there is little room.

    room is the squared radius.
    """
    square = wave * wave
    fine = square * line(square, 8, -8) + 1  # 84 angles
    finer = fine * fine  # 168 angles, 0..1
    room = room / (room + (0.12 + (60 * pixel) ** 2))
    return torch.addcmul(fine * 0.4, finer, finer) * (room * n["veins"])


def seeds(n: Numbers, thirteen: Complex, twentyone: Complex, area: Tensor) -> Tensor:
    """Return the florets of the core, 0..1: where spirals of 13 and of 21 arms cross, as in a sunflower.

    area is the squared radius: the spirals are Fermat's.
    """
    turn = area * n["spiral"]
    cos, sin = turn.cos(), turn.sin()
    left = torch.addcmul(twentyone[0] * cos, twentyone[1], sin)
    right = torch.addcmul(thirteen[0] * cos, thirteen[1], sin, value=-1)
    return line(left, 0.5, 0.5) * line(right, 0.5, 0.5)


def both_sides(n: Numbers, flat: Polar, waves: Waves) -> tuple[Side, Side]:
    """Return the even whorls' side and the odd ones', whose petals stand where the others leave gaps."""
    high = line(waves.petal, 0.5, 0.5)
    low = line(waves.petal, -0.5, 0.5)
    ridges = (high + 0.012).sqrt(), (low + 0.012).sqrt()
    across = torch.addcmul(flat.sin * n["lamp_x"], flat.cos, -n["lamp_y"])
    relief = torch.addcmul(waves.vein, waves.slope, across)
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
    rib = line(1 / line(far, 200, 1), -0.2, 1)
    bands = (reach * n["rings"]).sin() * n["ripple"]
    return Side(reach, torch.add(bands, relief, alpha=0.10), relief + rib)


def lay_whorls(n: Numbers, flat: Polar, waves: Waves, pixel: float) -> Flower:
    """Lay the whorls over each other, the widest first; each darkens the one beneath near its outline."""
    cup = torch.addcmul(flat.cos * n["lamp_x"], flat.sin, n["lamp_y"])  # a petal rises, then bends outwards
    sides = [side._replace(shade=torch.sub(side.shade, cup, alpha=0.6)) for side in both_sides(n, flat, waves)]
    reach, inner = sides[0].reach, sides[1].reach * n["widen1"]
    flower = Flower(*one_whorl(n, sides[0], cup, reach, inner), torch.sigmoid(crisp(reach, 0, pixel)))
    for whorl in range(1, WHORLS):
        reach, inner = inner, sides[1 - whorl % 2].reach * n[f"widen{whorl + 1}"]
        tone, light = one_whorl(n, sides[whorl % 2], cup, reach, inner)
        flower = flower.under(tone, light, torch.sigmoid(crisp(reach, whorl, pixel)), visible=whorl == 1)
    return flower


def one_whorl(n: Numbers, side: Side, cup: Tensor, reach: Tensor, inner: Tensor) -> tuple[Tensor, Tensor]:
    """Return place in the palette and light of a whorl; `inner` is the reach of the next one, which shades it."""
    near = reach.clamp(max=1.08)
    square = near * near
    rise = square * square
    open_ = inner * inner
    open_ = open_ * open_
    open_ = open_ / (open_ + 1.6)
    light = torch.addcmul(side.shade, cup, near) * line(rise, 0.72, 0.30) * open_
    tone = torch.add(side.tone, rise, alpha=0.74)
    return tone, torch.addcmul(light, rise * rise, n["sheen"])


def crisp(reach: Tensor, whorl: int, pixel: float) -> Tensor:
    """Return the logit of a whorl's cover: about a pixel from bare to covered."""
    steep = 0.67 * 0.755**whorl / (0.22 * pixel + 0.0003)
    return line(reach, -steep, steep)


def illuminate(n: Numbers, flat: Polar, waves: Waves, flower: Flower, back: Tensor) -> Tensor:
    """Return linear light [N, 3, H, W]: background and halo, petals, the core, light from within."""
    tone = (flower.tone + 0.13).clamp(0, 1)
    rgb = tone * n["petal3"] + n["petal2"]
    rgb = torch.addcmul(n["petal1"], rgb, tone)
    rgb = torch.addcmul(n["petal0"], rgb, tone) * flower.light.clamp_min(0)
    halo = 1 / (flat.square * n["halo_falls"] + 1)
    aura = halo * halo * line(waves.petal, 0.3, 1)
    rgb = torch.lerp(torch.addcmul(back, n["halo"], aura), rgb, flower.cover)
    bright = flat.square * n["core_falls"]
    disc = torch.sigmoid(line(bright, -12, 12))
    rgb = torch.lerp(rgb, n["floret"] * ((waves.seed + 0.10) * line(bright, 0.85, 0.25)), disc)
    glow = 1 / line(bright, 0.5, 1)
    return torch.addcmul(rgb, n["glow"], glow * glow)


def develop(n: Numbers, light: Tensor, grain: Tensor | None) -> Tensor:
    """Return the film [N, 3, H, W] in -1..1 of linear light: a shoulder, a gamma of 2, grain."""
    image = line((light / (light + 0.9) + 1e-6).sqrt(), 2.75, -1)
    if grain is not None:
        image = torch.addcmul(image, grain, n["grain"])
    return image.clamp(-1, 1)
