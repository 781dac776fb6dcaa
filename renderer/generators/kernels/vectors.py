"""Vectors of the machine, in the language of numba's compiler, for loops that numba does not turn into good code.

Before every loop over channels numba lets the program look whether arrays overlap, which takes longer than the loop,
and it keeps no table of sums in registers. `vector_code` makes a function for kernels of one that says what is loaded,
computed and stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

VECTOR = 16 if binding.get_host_cpu_features().get("avx512f") else 8  # float32 in a register, or in two short ones
FLOAT, INDEX, PLACE = ir.FloatType(), ir.IntType(64), ir.IntType(32)
VECTOR_TYPE = ir.VectorType(FLOAT, VECTOR)
FUSED = ("contract", "nsz")


class Value:
    """Stand for a vector or a whole number in code that is being written; numbers of Python go with both."""

    def __init__(self, builder: Any, made: Any) -> None:
        self.builder, self.made = builder, made

    def __add__(self, other: Value | float) -> Value:
        return self._with(other, "add", "fadd")

    def __sub__(self, other: Value | float) -> Value:
        return self._with(other, "sub", "fsub")

    def __mul__(self, other: Value | float) -> Value:
        return self._with(other, "mul", "fmul")

    __rmul__ = __mul__

    def largest(self, other: Value) -> Value:
        """Return the larger of two vectors in each place; what is not a number gives the other."""
        return self._chosen(">", other)

    def smallest(self, other: Value) -> Value:
        """Return the smaller of two vectors in each place; what is not a number gives the other."""
        return self._chosen("<", other)

    def _with(self, other: Value | float, whole: str, real: str) -> Value:
        is_index = self.made.type == INDEX
        if not isinstance(other, Value):
            constant = ir.Constant(INDEX, other) if is_index else ir.Constant(VECTOR_TYPE, [other] * VECTOR)
            other = Value(self.builder, constant)
        if is_index:
            return Value(self.builder, getattr(self.builder, whole)(self.made, other.made))
        return Value(self.builder, getattr(self.builder, real)(self.made, other.made, flags=FUSED))

    def _chosen(self, sign: str, other: Value) -> Value:
        first = self.builder.fcmp_ordered(sign, self.made, other.made)
        return Value(self.builder, self.builder.select(first, self.made, other.made))


class Floats:
    """Stand for a float32 array, seen as flat, in code that is being written."""

    def __init__(self, builder: Any, data: Any) -> None:
        self.builder, self.data = builder, data

    def __getitem__(self, place: Value) -> Value:
        """Return the vector that begins at a place."""
        return Value(self.builder, self.builder.load(self._vector(place), align=4))

    def __setitem__(self, place: Value, vector: Value) -> None:
        """Write a vector from a place on."""
        self.builder.store(vector.made, self._vector(place), align=4)

    def spread(self, place: Value) -> Value:
        """Return a vector that holds the number at a place everywhere."""
        return spread(self.builder, self.builder.load(self.builder.gep(self.data, [place.made]), align=4))

    def _vector(self, place: Value) -> Any:
        return self.builder.bitcast(self.builder.gep(self.data, [place.made]), VECTOR_TYPE.as_pointer())


class Code:
    """Write loops."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def zero(self) -> Value:
        """Return a vector of zeros."""
        return Value(self.builder, ir.Constant(VECTOR_TYPE, [0.0] * VECTOR))

    @contextmanager
    def vectors(self, count: int) -> Iterator[Value]:
        """Write what follows once for each vector of so many numbers, and give the place where it begins."""
        with cgutils.for_range(self.builder, INDEX(count // VECTOR)) as loop:
            yield Value(self.builder, loop.index) * VECTOR

    def loop(
        self, count: Value, first: Sequence[Value], step: Callable[[Value, Sequence[Value]], Sequence[Value]]
    ) -> list[Value]:
        """Return what becomes of vectors that `step` makes anew for each of 0..count - 1, at least once."""
        builder = self.builder
        before, inside, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.branch(inside)
        builder.position_at_end(inside)
        index, vectors = builder.phi(INDEX), [builder.phi(VECTOR_TYPE) for _ in first]
        results = step(Value(builder, index), [Value(builder, one) for one in vectors])
        following = builder.add(index, INDEX(1))
        firsts, lasts = [INDEX(0), *(one.made for one in first)], [following, *(one.made for one in results)]
        for phi, begin, end in zip([index, *vectors], firsts, lasts, strict=True):
            phi.add_incoming(begin, before)
            phi.add_incoming(end, builder.block)
        builder.cbranch(builder.icmp_signed("<", following, count.made), inside, after)
        builder.position_at_end(after)
        return list(results)


def spread(builder: Any, number: Any) -> Value:
    """Return a vector that holds a float32 everywhere."""
    nothing, first = ir.Constant(VECTOR_TYPE, ir.Undefined), ir.Constant(ir.VectorType(PLACE, VECTOR), [0] * VECTOR)
    return Value(builder, builder.shuffle_vector(builder.insert_element(nothing, number, PLACE(0)), nothing, first))


def vector_code(write: Callable[..., None]) -> Any:
    """Make a function for kernels of one that writes its code, given `Code` and what stands for its arguments.

    Arrays become `Floats`, whole numbers and float32 numbers `Value`. Nothing looks whether places are in the arrays.
    """

    @intrinsic  # type: ignore[misc, unused-ignore]
    def made(context: Any, *given: Any) -> Any:
        def generate(lowering: Any, builder: Any, signature: Any, values: Any) -> Any:
            def stand_in(kind: Any, value: Any) -> Floats | Value:
                if isinstance(kind, types.Array):
                    return Floats(builder, cgutils.create_struct_proxy(kind)(lowering, builder, value).data)
                return Value(builder, value) if isinstance(kind, types.Integer) else spread(builder, value)

            members = cgutils.unpack_tuple(builder, values[0])
            write(Code(builder), *map(stand_in, given, members))
            return lowering.get_dummy_value()

        return types.void(types.StarArgTuple(given)), generate

    return made
