"""What is done to rows of 32 channels between and in the two filters of StyleGAN3, in vectors of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from renderer.generators.kernels.smooth import HALVES
from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Places, Value, vector_code

SIX, TWELVE = 6, 12  # taps of the filters before and behind the activation
GROUPS = [HALVES[n : n + VECTOR // 8] for n in range(0, len(HALVES), VECTOR // 8)]  # whose sums fit into registers


def weighted(code: Code, x: Floats, rows: Sequence[Value], taps: Sequence[Value], to: Value) -> Value:
    """Return the sum of the vectors at `to` of several rows, each times its tap."""
    total = code.zero()
    for row, tap in zip(rows, taps, strict=True):
        total = total + x[row + to] * tap
    return total


@vector_code
def six_down(
    code: Code, x: Floats, places: Places, taps: Floats, first: Value, line: Floats, to: Value, vectors: Value
) -> None:
    """Write the sum of six rows, which begin at places, each times its tap."""
    rows, factors = [places[code.index(k)] for k in range(SIX)], [taps.spread(first + k) for k in range(SIX)]
    with code.each(vectors) as number:
        line[to + number * VECTOR] = weighted(code, x, rows, factors, number * VECTOR)


@vector_code
def six_across(
    code: Code,
    line: Floats,
    at: Value,
    taps: Floats,
    first: Value,
    slope: Value,
    limit: Value,
    planes: Floats,
    to: Value,
    vectors: Value,
) -> None:
    """Write the activated sum of six pixels of a line, from every pixel on, each times its tap."""
    factors, pixels = [taps.spread(first + k) for k in range(SIX)], [at + 32 * k for k in range(SIX)]
    with code.each(vectors) as number:
        value = weighted(code, line, pixels, factors, number * VECTOR)
        value = value.largest(value * slope)
        planes[to + number * VECTOR] = value.smallest(limit).largest(limit * -1.0)


@vector_code
def twelve_down(
    code: Code, x: Floats, at: Value, places: Places, taps: Floats, y: Floats, to: Value, right: Value, pixels: Value
) -> None:
    """Write pixels that are `right` apart in y: the sum of twelve rows, from `at` on, each times its tap."""
    numbers = [code.index(k) for k in range(TWELVE)]
    rows, factors = [places[k] + at for k in numbers], [taps.spread(k) for k in numbers]
    with code.each(pixels) as pixel:
        for half in HALVES:
            y[to + pixel * right + half] = weighted(code, x, rows, factors, pixel * 32 + half)


@vector_code
def copied(code: Code, x: Floats, at: Value, y: Floats, to: Value, right: Value, pixels: Value) -> None:
    """Write pixels that are `right` apart in y."""
    with code.each(pixels) as pixel:
        for half in HALVES:
            y[to + pixel * right + half] = x[at + pixel * 32 + half]


def across(
    code: Code,
    x: Floats,
    above: Places,
    below: Places,
    count: Value,
    taps: Floats,
    wide: Value,
    line: Floats,
    apart: Value,
    pixels: Value,
    *,
    factor: int,
    folded: bool,
) -> None:
    """Write every second pixel of rows at the raised rate, filtered by twelve taps for each row, and summed.

    Pixel factor * q + p of a row is number q of its plane p; planes are `wide` pixels. Rows begin at the places
    `above`; where they are folded, those `below` are added to them first. Pixel factor / 2 * m + r of the result
    becomes number m + reach of line r, lines being `apart` floats; the `reach` numbers before are only written to.
    """
    outputs = factor // 2
    reach = (TWELVE - 1 + 2 * (outputs - 1)) // factor
    for halves in GROUPS:
        keys = [(r, j, half) for r in range(outputs) for j in range(reach + 1) for half in halves]

        def step(q: Value, sums: Sequence[Value], keys: list[tuple[int, int, int]] = keys) -> list[Value]:
            def row(k: Value, sums: Sequence[Value]) -> list[Value]:
                totals = dict(zip(keys, sums, strict=True))
                for p in range(factor):
                    used = [(r, j) for r in range(outputs) for j in range(reach + 1)]
                    used = [(r, j) for r, j in used if 0 <= factor * j + p - 2 * r < TWELVE]
                    factors = {(r, j): taps.spread(k * TWELVE + (factor * j + p - 2 * r)) for r, j in used}
                    for half in {half for _, _, half in keys}:
                        place = (wide * p + q) * 32 + half
                        value = x[above[k] + place]
                        if folded:
                            value = value + x[below[k] + place]
                        for r, j in used:
                            totals[r, j, half] = totals[r, j, half] + value * factors[r, j]
                return [totals[key] for key in keys]

            totals = dict(zip(keys, code.loop(count, sums, row), strict=True))
            for (r, j, half), total in totals.items():
                if j == reach:
                    line[apart * r + q * 32 + half] = total
            zero = code.zero()
            return [totals[r, j - 1, half] if j else zero for r, j, half in keys]

        code.loop(pixels + reach, [code.zero()] * len(keys), step)


across_two, across_four = (vector_code(partial(across, factor=factor, folded=False)) for factor in (2, 4))
folded_across_two, folded_across_four = (vector_code(partial(across, factor=factor, folded=True)) for factor in (2, 4))
