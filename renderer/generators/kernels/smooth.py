"""A small separable filter over rows of 32 channels, and what finishes them, in vectors of the machine."""

from __future__ import annotations

from collections.abc import Sequence

from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Places, Value, vector_code

HALVES = range(0, 32, VECTOR)  # where the vectors of a pixel begin


def finished(value: Value, factor: Value, offset: Value, slope: Value, limit: Value) -> Value:
    """Return what becomes of a convolved value; see `Finish`."""
    value = value * factor + offset
    value = value.largest(value * slope)
    return value.smallest(limit).largest(limit * -1.0)


@vector_code
def filtered_down(
    code: Code, x: Floats, places: Places, taps: Floats, count: Value, line: Floats, to: Value, pixels: Value
) -> None:
    """Write to a line the sum of several rows of so many pixels, which begin at places, each times its tap."""
    with code.each(pixels) as pixel:

        def add(k: Value, sums: Sequence[Value]) -> list[Value]:
            tap, at = taps.spread(k), places[k] + pixel * 32
            return [total + x[at + half] * tap for half, total in zip(HALVES, sums, strict=True)]

        for half, total in zip(HALVES, code.loop(count, [code.zero() for _ in HALVES], add), strict=True):
            line[to + pixel * 32 + half] = total


@vector_code
def filtered_across(
    code: Code,
    line: Floats,
    at: Value,
    taps: Floats,
    count: Value,
    scale: Floats,
    bias: Floats,
    place: Value,
    noise: Floats,
    above: Value,
    strength: Value,
    slope: Value,
    limit: Value,
    y: Floats,
    to: Value,
    right: Value,
    pixels: Value,
) -> None:
    """Write so many finished pixels, `right` apart in y: pixel i sees those of the line from i on, each by its tap."""
    factors, offsets = ([numbers[place + half] for half in HALVES] for numbers in (scale, bias))
    with code.each(pixels) as pixel:

        def add(k: Value, sums: Sequence[Value]) -> list[Value]:
            tap, begin = taps.spread(k), at + (pixel + k) * 32
            return [total + line[begin + half] * tap for half, total in zip(HALVES, sums, strict=True)]

        totals = code.loop(count, [code.zero() for _ in HALVES], add)
        grain = noise.spread(above + pixel) * strength
        for half, total, factor, offset in zip(HALVES, totals, factors, offsets, strict=True):
            y[to + pixel * right + half] = finished(total, factor, grain + offset, slope, limit)
