"""A small separable filter over rows of 32 channels, and what finishes them, in vectors of the machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Places, Value, vector_code

HALVES = range(0, 32, VECTOR)  # where the vectors of a pixel begin
TAPS = 4  # that are in registers at a time; filters have zeros behind, up to a multiple of as many
ACROSS = 4  # pixels of a line that are filtered together, since they see most of the same
Vectors = list[list[Value]]  # of some pixels, each by halves


def finished(value: Value, factor: Value, offset: Value, slope: Value, limit: Value) -> Value:
    """Return what becomes of a convolved value; see `Finish`."""
    value = value * factor + offset
    value = value.largest(value * slope)
    return value.smallest(limit).largest(limit * -1.0)


@vector_code
def filtered_down(
    code: Code,
    x: Floats,
    places: Places,
    begin: Value,
    taps: Floats,
    count: Value,
    lines: Floats,
    to: Value,
    apart: Value,
    pixels: Value,
) -> None:
    """Write to each of two lines, so far apart, the sum of rows of so many pixels, each times its tap.

    The rows lie at places, from `begin` on; the second line sees those that come one later.
    """

    def write(group: Value, is_first: bool) -> None:
        rows = [places[group * TAPS + k] + begin for k in range(TAPS + 1)]
        factors = [taps.spread(group * TAPS + k) for k in range(TAPS)]
        with code.each(pixels) as pixel:
            for half in HALVES:
                seen = [x[row + pixel * 32 + half] for row in rows]
                for line in range(2):
                    place = to + apart * line + pixel * 32 + half
                    total = code.zero() if is_first else lines[place]
                    for k, tap in enumerate(factors):
                        total = total + seen[line + k] * tap
                    lines[place] = total

    write(code.index(0), True)
    with code.each(count - 1) as group:
        write(group + 1, False)


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

    def filtered(begin: Value, together: int) -> Vectors:
        def add(group: Value, sums: Sequence[Value]) -> list[Value]:
            factors = [taps.spread(group * TAPS + k) for k in range(TAPS)]
            first, totals = begin + group * TAPS, iter(sums)
            seen = [[line[at + (first + n) * 32 + half] for half in HALVES] for n in range(together + TAPS - 1)]
            return [
                sum((seen[n + k][half] * factors[k] for k in range(TAPS)), next(totals))
                for n in range(together)
                for half in range(len(HALVES))
            ]

        made = iter(code.loop(count, [code.zero()] * together * len(HALVES), add))
        return [[next(made) for _ in HALVES] for _ in range(together)]

    finish = Finishing(code, scale, bias, place, noise, above, strength, slope, limit, y, to, right)
    finish.write(pixels, filtered)


@vector_code
def finished_across(
    code: Code,
    line: Floats,
    at: Value,
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
    """Do what `filtered_across` does, without a filter."""

    def taken(begin: Value, together: int) -> Vectors:
        return [[line[at + (begin + n) * 32 + half] for half in HALVES] for n in range(together)]

    finish = Finishing(code, scale, bias, place, noise, above, strength, slope, limit, y, to, right)
    finish.write(pixels, taken)


class Finishing:
    """Write what finishes pixels of 32 channels from a place on, as `Finish` says, and puts them so far apart in y."""

    def __init__(
        self,
        code: Code,
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
    ) -> None:
        self.code, self.noise, self.above, self.strength = code, noise, above, strength
        self.y, self.to, self.right, self.slope, self.limit = y, to, right, slope, limit
        self.factors, self.offsets = ([numbers[place + half] for half in HALVES] for numbers in (scale, bias))

    def write(self, pixels: Value, make: Callable[[Value, int], Vectors]) -> None:
        """Write all pixels that `make` makes, given the first and how many."""
        whole = pixels // ACROSS
        with self.code.each(whole) as number:
            self.put(number * ACROSS, make(number * ACROSS, ACROSS))
        with self.code.each(pixels - whole * ACROSS) as number:
            self.put(number + whole * ACROSS, make(number + whole * ACROSS, 1))

    def put(self, begin: Value, made: Vectors) -> None:
        """Finish and write some pixels."""
        for n, halves in enumerate(made):
            pixel = begin + n
            grain = self.noise.spread(self.above + pixel) * self.strength
            for half, total, factor, offset in zip(HALVES, halves, self.factors, self.offsets, strict=True):
                value = finished(total, factor, grain + offset, self.slope, self.limit)
                self.y[self.to + pixel * self.right + half] = value
