"""The pixels of `bloom` in one pass over memory: what `bloom_look.paint` does in a hundred, for a CPU.

The formulas, their order and their names are those of `bloom_look`, which stays in charge where there are gradients,
taps, or another device; a test holds the two together. Every value is a float32 scalar, the loop runs along a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.bloom_look import CENTRE_SOFTNESS
from renderer.generators.bloom_style import WHORLS
from renderer.generators.kernels.functions import F, cosine, reduced, sigmoid, sine, woven
from renderer.generators.kernels.jit import kernel

Map = NDArray[F]  # [H, W] or [C, H, W]
Pair = tuple[F, F]
Side = tuple[F, F, F]  # reach, tone, shade
_SOFT = F(CENTRE_SOFTNESS**2)
_STEEP = tuple(F(0.67 * 0.755**whorl) for whorl in range(WHORLS))


class Numbers(NamedTuple):
    """Hold the numbers of `Style.numbers` for one picture, each np.float32, colours as three of them."""

    three: F
    five: F
    eight: F
    inner: F
    outer: F
    frill: F
    point: F
    widen: tuple[F, ...]
    swirl: F
    rings: F
    ripple: F
    veins: F
    sheen: F
    core_falls: F
    halo_falls: F
    spiral: F
    lamp_x: F
    lamp_y: F
    grain: F
    petal0: tuple[F, ...]
    petal1: tuple[F, ...]
    petal2: tuple[F, ...]
    petal3: tuple[F, ...]
    glow: tuple[F, ...]
    halo: tuple[F, ...]
    floret: tuple[F, ...]


def numbers_of(numbers: Mapping[str, Tensor]) -> Numbers:
    """Return the numbers of one picture, as the kernel takes them, from those of its style, [1, 1 or 3, 1, 1]."""
    found: dict[str, Any] = {}
    for name, value in numbers.items():
        values = tuple(value.reshape(-1).numpy())
        found[name] = values if len(values) > 1 else values[0]
    found["widen"] = (F(1), *(found[f"widen{whorl}"] for whorl in range(1, WHORLS + 1)))
    return Numbers(*(found[name] for name in Numbers._fields))


@kernel
def paint_rows(n: Numbers, plane: Map, back: Map, grain: Map, pixel: F, out: Map, top: int) -> None:
    """Paint h rows of `out` [3, H, W], -1..1, from `top` on: from coordinates [2, h, W], a background [3, h, W] and
    grain [h, W].
    """
    width = out.shape[2]
    soft_vein = F(0.12) + (F(60) * pixel) * (F(60) * pixel)
    crisp = F(1) / (F(0.22) * pixel + F(0.0003))
    for row in range(grain.shape[0]):
        xs, ys, noise = plane[0, row], plane[1, row], grain[row]
        back_r, back_g, back_b = back[0, row], back[1, row], back[2, row]
        out_r, out_g, out_b = out[0, top + row], out[1, top + row], out[2, top + row]
        for i in range(width):
            tone, light, cover, square, petal, seed = flower(n, xs[i], ys[i], soft_vein, crisp)
            tone = min(max(tone + F(0.13), F(0)), F(1))
            light = max(light, F(0))
            around = F(1) / (square * n.halo_falls + F(1))
            aura = around * around * (F(1) + F(0.3) * petal)
            bright = square * n.core_falls
            disc = sigmoid(F(12) - F(12) * bright)
            core = (seed + F(0.10)) * (F(0.25) + F(0.85) * bright)
            within = F(1) / (F(1) + F(0.5) * bright)
            within = within * within
            film = noise[i] * n.grain
            out_r[i] = developed(n, 0, back_r[i], tone, light, cover, aura, disc, core, within, film)
            out_g[i] = developed(n, 1, back_g[i], tone, light, cover, aura, disc, core, within, film)
            out_b[i] = developed(n, 2, back_b[i], tone, light, cover, aura, disc, core, within, film)


@woven
def developed(
    n: Numbers, c: int, back: F, tone: F, light: F, cover: F, aura: F, disc: F, core: F, within: F, film: F
) -> F:
    """Return one colour of a pixel in -1..1: `illuminate` and `develop`."""
    petals = (n.petal0[c] + tone * (n.petal1[c] + tone * (n.petal2[c] + tone * n.petal3[c]))) * light
    ground = back + n.halo[c] * aura
    colour = ground + cover * (petals - ground)
    colour = colour + disc * (n.floret[c] * core - colour)
    colour = colour + n.glow[c] * within
    shade = np.sqrt(colour / (colour + F(0.9)) + F(1e-6)) * F(2.75) - F(1) + film
    return min(max(shade, F(-1)), F(1))


@woven
def flower(n: Numbers, x: F, y: F, soft_vein: F, crisp: F) -> tuple[F, F, F, F, F, F]:
    """Return place in the palette, light, cover, squared radius, petal wave and seeds at one place of the plane."""
    square = x * x + y * y + _SOFT
    inverse = F(1) / np.sqrt(square)
    radius, cos, sin = square * inverse, x * inverse, y * inverse
    half = radius * n.swirl
    turn = F(2) / (half * half + F(1)) - F(1)
    one = times(cos, sin, turn, half * turn + half)
    two = times(one[0], one[1], one[0], one[1])
    three = times(two[0], two[1], one[0], one[1])
    five = times(three[0], three[1], two[0], two[1])
    eight = times(five[0], five[1], three[0], three[1])
    thirteen = times(eight[0], eight[1], five[0], five[1])
    twentyone = times(thirteen[0], thirteen[1], eight[0], eight[1])
    petal = n.three * three[0] + n.five * five[0] + n.eight * eight[0]
    slope = n.three * three[1] + n.five * five[1] + n.eight * eight[1]
    seed = seeds(thirteen, twentyone, square * n.spiral)
    relief = vein(n.veins, twentyone[0], square, soft_vein)
    relief = relief + slope * (sin * n.lamp_x - cos * n.lamp_y)
    cup = cos * n.lamp_x + sin * n.lamp_y
    high, low = F(0.5) + F(0.5) * petal, F(0.5) - F(0.5) * petal
    ridge, gap = np.sqrt(high + F(0.012)), np.sqrt(low + F(0.012))
    frill = twentyone[1] * n.frill
    even = one_side(n, radius, ridge, gap, low, relief, frill * low, cup)
    odd = one_side(n, radius, gap, ridge, high, -relief, -frill * high, cup)
    tone, light, cover = whorls(n, even, odd, cup, crisp)
    return tone, light, cover, square, petal, seed


@woven
def times(a: F, b: F, c: F, d: F) -> Pair:
    """Multiply the complex numbers a + b i and c + d i."""
    return a * c - b * d, a * d + b * c


@woven
def vein(strength: F, wave: F, square: F, soft_vein: F) -> F:
    """Return fine lines along the petals: `bloom_look.veins`."""
    wave = wave * wave
    fine = wave * (F(8) * wave - F(8)) + F(1)
    finer = fine * fine
    return (F(0.4) * fine + finer * finer) * (square / (square + soft_vein) * strength)


@woven
def seeds(thirteen: Pair, twentyone: Pair, turn: F) -> F:
    """Return the florets of the core, 0..1."""
    angle = reduced(turn)
    cos, sin = cosine(angle), sine(angle)
    left = twentyone[0] * cos + twentyone[1] * sin
    right = thirteen[0] * cos - thirteen[1] * sin
    both: F = (F(0.5) + F(0.5) * left) * (F(0.5) + F(0.5) * right)
    return both


@woven
def one_side(n: Numbers, radius: F, ridge: F, gap: F, far: F, relief: F, frill: F, cup: F) -> Side:
    """Return reach, tone and shade of a side."""
    profile = ridge + n.point * (F(1.05) - gap - ridge)
    reach = radius / (frill + n.outer * profile + n.inner)
    rib = F(1) - F(0.2) / (F(1) + F(200) * far)
    bands = sine(reduced(reach * n.rings)) * n.ripple
    return reach, bands + F(0.10) * relief, relief + rib - F(0.6) * cup


@woven
def whorls(n: Numbers, even: Side, odd: Side, cup: F, crisp: F) -> tuple[F, F, F]:
    """Return place in the palette, light and cover of the whorls laid over each other, the widest first."""
    tone, light = one_whorl(n, even, cup, even[0], odd[0] * n.widen[1])
    cover = sigmoid(_STEEP[0] * crisp * (F(1) - even[0]))
    tone, light, cover = over(n, 1, odd, even, cup, crisp, tone, light, cover)
    tone, light, _ = over(n, 2, even, odd, cup, crisp, tone, light, cover)
    tone, light, _ = over(n, 3, odd, even, cup, crisp, tone, light, cover)
    tone, light, _ = over(n, 4, even, odd, cup, crisp, tone, light, cover)
    tone, light, _ = over(n, 5, odd, even, cup, crisp, tone, light, cover)
    return tone, light, cover


@woven
def over(
    n: Numbers, whorl: int, side: Side, other: Side, cup: F, crisp: F, tone: F, light: F, cover: F
) -> tuple[F, F, F]:
    """Return place in the palette, light and cover of the flower under another whorl."""
    reach = side[0] * n.widen[whorl]
    above = one_whorl(n, side, cup, reach, other[0] * n.widen[whorl + 1])
    hides = sigmoid(_STEEP[whorl] * crisp * (F(1) - reach))
    return tone + hides * (above[0] - tone), light + hides * (above[1] - light), cover + hides * (F(1) - cover)


@woven
def one_whorl(n: Numbers, side: Side, cup: F, reach: F, inner: F) -> Pair:
    """Return place in the palette and light of a whorl."""
    near = min(reach, F(1.08))
    square = near * near
    rise = square * square
    beyond = inner * inner
    beyond = beyond * beyond
    light = (side[2] + cup * near) * (F(0.30) + F(0.72) * rise) * (beyond / (beyond + F(1.6)))
    return side[1] + F(0.74) * rise, light + rise * rise * n.sheen
