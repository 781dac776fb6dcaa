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

FEATURES = binding.get_host_cpu_features()
VECTOR = 16 if FEATURES.get("avx512f") else 8  # float32 in a register, or in two short ones
FLOAT, INDEX, PLACE, BITS, HALF = ir.FloatType(), ir.IntType(64), ir.IntType(32), ir.IntType(32), ir.IntType(16)
VECTOR_TYPE, BITS_TYPE = ir.VectorType(FLOAT, VECTOR), ir.VectorType(BITS, VECTOR)
FUSED = ("contract", "nsz")
DOT = "llvm.x86.avx512bf16.dpbf16ps.512"  # whose arguments have been of bfloat16 since LLVM 16
HAS_DOT = bool(VECTOR == 16 and FEATURES.get("avx512bf16") and binding.llvm_version_info >= (16,))


class BFloatType(ir.types.Type):  # type: ignore[misc, unused-ignore]
    """Name bfloat16, which llvmlite does not know, to LLVM."""

    def _to_string(self) -> str:
        return "bfloat"


PAIRS_TYPE = ir.VectorType(BFloatType(), 2 * VECTOR)


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

    def __floordiv__(self, other: int) -> Value:
        return Value(self.builder, self.builder.udiv(self.made, ir.Constant(INDEX, other)))

    def largest(self, other: Value) -> Value:
        """Return the larger of two vectors in each place; what is not a number gives the other."""
        return self._chosen(">", other)

    def smallest(self, other: Value) -> Value:
        """Return the smaller of two vectors in each place; what is not a number gives the other."""
        return self._chosen("<", other)

    def with_pairs(self, one: Value, two: Value) -> Value:
        """Return this and the products of two vectors, each of which holds pairs of bfloat16 in place of float32."""
        if HAS_DOT:
            kind = ir.FunctionType(VECTOR_TYPE, [VECTOR_TYPE, PAIRS_TYPE, PAIRS_TYPE])
            dot = self.builder.module.declare_intrinsic(DOT, (), kind)
            given = [self.made, *(self.builder.bitcast(each.made, PAIRS_TYPE) for each in (one, two))]
            return Value(self.builder, self.builder.call(dot, given))
        return self + one.first_of_pairs() * two.first_of_pairs() + one.second_of_pairs() * two.second_of_pairs()

    def first_of_pairs(self) -> Value:
        """Return the float32 of those bfloat16 that come first."""
        return self._of_bits(self.builder.shl(self.bits(), each_of(16)))

    def second_of_pairs(self) -> Value:
        """Return the float32 of those bfloat16 that come second."""
        return self._of_bits(self.builder.and_(self.bits(), each_of(-65536)))

    def rounded(self) -> Any:
        """Return the bits [VECTOR] of the nearest bfloat16, the even one where two are as near."""
        builder, bits = self.builder, self.bits()
        even = builder.and_(builder.lshr(bits, each_of(16)), each_of(1))
        up = builder.add(builder.add(bits, each_of(0x7FFF)), even)
        return builder.trunc(builder.lshr(up, each_of(16)), ir.VectorType(HALF, VECTOR))

    def bits(self) -> Any:
        """Return the vector as whole numbers."""
        return self.builder.bitcast(self.made, BITS_TYPE)

    def _of_bits(self, bits: Any) -> Value:
        return Value(self.builder, self.builder.bitcast(bits, VECTOR_TYPE))

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

    def put_rounded(self, place: Value, vector: Value) -> None:
        """Write a vector in bfloat16, so that it takes half the room, from a place on."""
        made = vector.rounded()
        at = self.builder.bitcast(self.builder.gep(self.data, [place.made]), made.type.as_pointer())
        self.builder.store(made, at, align=2)

    def _vector(self, place: Value) -> Any:
        return self.builder.bitcast(self.builder.gep(self.data, [place.made]), VECTOR_TYPE.as_pointer())


class Places:
    """Stand for an array of whole numbers, seen as flat, in code that is being written."""

    def __init__(self, builder: Any, data: Any) -> None:
        self.builder, self.data = builder, data

    def __getitem__(self, place: Value) -> Value:
        """Return the number at a place."""
        return Value(self.builder, self.builder.load(self.builder.gep(self.data, [place.made]), align=8))


class Code:
    """Write loops."""

    def __init__(self, builder: Any) -> None:
        self.builder = builder

    def index(self, number: int) -> Value:
        """Return a whole number."""
        return Value(self.builder, INDEX(number))

    def zero(self) -> Value:
        """Return a vector of zeros."""
        return Value(self.builder, ir.Constant(VECTOR_TYPE, [0.0] * VECTOR))

    @contextmanager
    def each(self, count: Value | int) -> Iterator[Value]:
        """Write what follows once for each of 0..count - 1."""
        with cgutils.for_range(self.builder, INDEX(count) if isinstance(count, int) else count.made) as loop:
            yield Value(self.builder, loop.index)

    @contextmanager
    def vectors(self, count: int) -> Iterator[Value]:
        """Write what follows once for each vector of so many numbers, and give the place where it begins."""
        with self.each(count // VECTOR) as number:
            yield number * VECTOR

    def turned(self, rows: Sequence[Value]) -> list[Value]:
        """Return the columns of a square of VECTOR rows."""
        found, kind = [row.made for row in rows], ir.VectorType(PLACE, VECTOR)
        for apart in (1 << bit for bit in range(VECTOR.bit_length() - 1)):
            early = ir.Constant(kind, [k + (VECTOR - apart if k & apart else 0) for k in range(VECTOR)])
            late = ir.Constant(kind, [k + (VECTOR if k & apart else apart) for k in range(VECTOR)])
            for row in (row for row in range(VECTOR) if not row & apart):
                pair = found[row], found[row + apart]
                found[row] = self.builder.shuffle_vector(*pair, early)
                found[row + apart] = self.builder.shuffle_vector(*pair, late)
        return [Value(self.builder, one) for one in found]

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


def each_of(number: int) -> Any:
    """Return a vector that holds a whole number everywhere."""
    return ir.Constant(BITS_TYPE, [number] * VECTOR)


def spread(builder: Any, number: Any) -> Value:
    """Return a vector that holds a float32 everywhere."""
    nothing, first = ir.Constant(VECTOR_TYPE, ir.Undefined), ir.Constant(ir.VectorType(PLACE, VECTOR), [0] * VECTOR)
    return Value(builder, builder.shuffle_vector(builder.insert_element(nothing, number, PLACE(0)), nothing, first))


def vector_code(write: Callable[..., None]) -> Any:
    """Make a function for kernels of one that writes its code, given `Code` and what stands for its arguments.

    Arrays of float32 become `Floats`, those of whole numbers `Places`, whole numbers and float32 numbers `Value`.
    Nothing looks whether places are in the arrays.
    """

    @intrinsic  # type: ignore[misc, unused-ignore]
    def made(context: Any, *given: Any) -> Any:
        def generate(lowering: Any, builder: Any, signature: Any, values: Any) -> Any:
            def stand_in(kind: Any, value: Any) -> Floats | Places | Value:
                if isinstance(kind, types.Array):
                    stands = Places if isinstance(kind.dtype, types.Integer) else Floats
                    return stands(builder, cgutils.create_struct_proxy(kind)(lowering, builder, value).data)
                return Value(builder, value) if isinstance(kind, types.Integer) else spread(builder, value)

            members = cgutils.unpack_tuple(builder, values[0])
            write(Code(builder), *map(stand_in, given, members))
            return lowering.get_dummy_value()

        return types.void(types.StarArgTuple(given)), generate

    return made
