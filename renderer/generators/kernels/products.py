"""Products of a few rows of one matrix and a panel of another, in registers: what larger products are made of.

The sums are always added up in the same order, whatever else is computed.
Source: Goto and van de Geijn 2008, doi:10.1145/1356052.1356053.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Value, vector_code

ROWS, PANEL = 6, 2 * VECTOR  # twelve sums, two vectors of the panel and one number of a row: most registers there are


@vector_code
def multiply(
    code: Code, a: Floats, at: Value, depth: Value, b: Floats, panel: Value, c: Floats, to: Value, step: Value
) -> None:
    """Write the product of ROWS rows [depth] of a and a panel [depth, PANEL] of b to c, whose rows are `step` apart."""
    write_product(code, [code.zero()] * 2 * ROWS, a, at, depth, b, panel, c, to, step)


@vector_code
def multiply_on(
    code: Code, a: Floats, at: Value, depth: Value, b: Floats, panel: Value, c: Floats, to: Value, step: Value
) -> None:
    """Add the product to c; see `multiply`."""
    sums = [c[place(to, step, row, half)] for row, half in product(range(ROWS), range(2))]
    write_product(code, sums, a, at, depth, b, panel, c, to, step)


def write_product(
    code: Code,
    sums: Sequence[Value],
    a: Floats,
    at: Value,
    depth: Value,
    b: Floats,
    panel: Value,
    c: Floats,
    to: Value,
    step: Value,
) -> None:
    """Write what is added to the sums."""

    def add(k: Value, sums: Sequence[Value]) -> list[Value]:
        columns = [b[panel + k * PANEL + half * VECTOR] for half in range(2)]
        numbers = [a.spread(at + depth * row + k) for row in range(ROWS)]
        return [sums[2 * row + half] + numbers[row] * columns[half] for row, half in product(range(ROWS), range(2))]

    totals = code.loop(depth, sums, add)
    for (row, half), total in zip(product(range(ROWS), range(2)), totals, strict=True):
        c[place(to, step, row, half)] = total


def place(to: Value, step: Value, row: int, half: int) -> Value:
    """Return where half a row of results is."""
    return to + step * row + half * VECTOR
