"""Products of a few rows of one matrix and a panel of another, in registers: what larger products are made of.

The sums are always added up in the same order, whatever else is computed. In place of each float32 matrices may hold a
pair of bfloat16, one behind the other along the rows; a pair of them is multiplied and added in float32.
Source: Goto and van de Geijn 2008, doi:10.1145/1356052.1356053.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import product

import numpy as np
from numpy.typing import NDArray

from renderer.generators.kernels.jit import Array, kernel
from renderer.generators.kernels.vectors import VECTOR, Code, Floats, Places, Value, vector_code

ROWS, PANEL = 6, 2 * VECTOR  # twelve sums, two vectors of the panel and one number of a row: most registers there are
Add = Callable[[Value, Value, Value], Value]


def product_of(
    code: Code,
    a: Floats,
    at: Value,
    depth: Value,
    b: Floats,
    panel: Value,
    c: Floats,
    to: Value,
    step: Value,
    *,
    add: Add,
) -> None:
    """Write the product of ROWS rows [depth] of a and a panel [depth, PANEL] of b to c, whose rows are `step` apart."""
    write(code, added(code, zeros(code), a, at, depth, b, panel, add), c, to, step)


def shifted_products_of(
    code: Code,
    a: Floats,
    at: Value,
    shifts: Places,
    first: Value,
    count: Value,
    depth: Value,
    b: Floats,
    panel: Value,
    c: Floats,
    to: Value,
    step: Value,
    *,
    add: Add,
) -> None:
    """Write the sum of several products, each of rows that lie a shift further in a, and of the next panel of b."""

    def one(number: Value, sums: Sequence[Value]) -> list[Value]:
        number = number + first
        return added(code, sums, a, at + shifts[number] * depth, depth, b, panel + number * depth * PANEL, add)

    write(code, code.loop(count, zeros(code), one), c, to, step)


def zeros(code: Code) -> list[Value]:
    """Return the sums of nothing."""
    return [code.zero()] * 2 * ROWS


def summed(total: Value, number: Value, column: Value) -> Value:
    """Return a sum with one more product."""
    return total + number * column


def added(
    code: Code, sums: Sequence[Value], a: Floats, at: Value, depth: Value, b: Floats, panel: Value, add: Add
) -> list[Value]:
    """Return sums with a product of rows and a panel added."""

    def step(k: Value, sums: Sequence[Value]) -> list[Value]:
        columns = [b[panel + k * PANEL + half * VECTOR] for half in range(2)]
        numbers = [a.spread(at + depth * row + k) for row in range(ROWS)]
        return [add(sums[2 * row + half], numbers[row], columns[half]) for row, half in product(range(ROWS), range(2))]

    return code.loop(depth, sums, step)


def write(code: Code, totals: Sequence[Value], c: Floats, to: Value, step: Value) -> None:
    """Write sums to rows that are so far apart."""
    for (row, half), total in zip(product(range(ROWS), range(2)), totals, strict=True):
        c[to + step * row + half * VECTOR] = total


multiply, multiply_pairs = (vector_code(partial(product_of, add=add)) for add in (summed, Value.with_pairs))
multiply_shifted, multiply_shifted_pairs = (
    vector_code(partial(shifted_products_of, add=add)) for add in (summed, Value.with_pairs)
)


@vector_code
def turn(code: Code, a: Floats, at: Value, apart: Value, panels: Floats, to: Value) -> None:
    """Write a square of VECTOR rows, so far apart, to as many rows of a panel, as columns."""
    rows = [a[at + apart * row] for row in range(VECTOR)]
    for column, values in enumerate(code.turned(rows)):
        panels[to + column * PANEL] = values


@kernel
def packed(weight: Array, panel: int, order: NDArray[np.int64], panels: Array) -> None:
    """Write a panel [K, depth, PANEL] of a weight [O, K, depth] in an order; the depth is a multiple of VECTOR."""
    _, count, depth = weight.shape
    for half in range(0, PANEL, VECTOR):
        for number in range(count):
            for k in range(0, depth, VECTOR):
                at = ((panel * PANEL + half) * count + order[number]) * depth + k
                turn(weight, at, count * depth, panels, (number * depth + k) * PANEL + half)
