"""Deforum's formulas, in `t` (frames), `max_f` and `s` (the seed), as expressions of a scene.

Deforum evaluates them by numexpr, whose functions and operators these are:
https://numexpr.readthedocs.io/en/latest/user_guide.html
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Any

from renderer.errors import ValueProblem, expected
from renderer.importing.term import (
    CHOICE,
    COMPARE,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Term,
    called,
    joined,
    negative,
    sine,
    straight,
    times,
)
from renderer.values.expression import MAX_LENGTH

Function = Callable[..., Term]
GIVEN = {"max_f": "--max-frames", "s": "--seed"}
JUMPING = ("floor", "ceil", "trunc", "round")
COMPARISONS: dict[type[ast.AST], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}


def formula(text: str, names: Mapping[str, Term]) -> Term:
    """Return a formula as a term of a scene; names are those that it may use.

    Raises ValueProblem for what does not read as a formula, and for what scenes cannot say.
    """
    if len(text) > MAX_LENGTH:
        raise ValueProblem(f"expected a formula of at most {MAX_LENGTH} characters, got {len(text)}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueProblem(f"{text.strip()!r} does not read as a formula such as 1.05+0.02*sin(t/10)") from error
    try:
        return _Reader(text.strip(), names).read(tree.body)
    except (ArithmeticError, RecursionError) as error:
        raise ValueProblem(f"in {text.strip()!r}: {error}") from error


class _Reader:
    def __init__(self, text: str, names: Mapping[str, Term]) -> None:
        self.text, self.names = text, names

    def refuse(self, why: str) -> ValueProblem:
        return ValueProblem(f"in {self.text!r}: {why}")

    def read(self, tree: ast.AST) -> Term:
        match tree:
            case ast.Constant(value=bool() | int() | float() as value):
                return straight(0, float(value))
            case ast.Name(id=name):
                return self.name(name)
            case ast.UnaryOp(op=operation, operand=operand):
                return self.unary(operation, self.read(operand))
            case ast.BinOp(left=left, op=operation, right=right):
                inner = self.stepping() if isinstance(operation, ast.Mod | ast.FloorDiv) else self
                return self.binary(operation, inner.read(left), inner.read(right))
            case ast.Compare(left=left, ops=[operation], comparators=[right]):
                inner = self.stepping()
                return self.compare(operation, inner.read(left), inner.read(right))
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                inner = self.stepping() if name in JUMPING else self
                return self.call(name, [inner.read(arg) for arg in args])
        raise self.refuse(f"{type(tree).__name__.lower()} is no part of Deforum's formulas")

    def stepping(self) -> _Reader:
        """Return a reader for what jumps, where the frame must be whole to the last bit."""
        frame = self.names.get("t")
        if frame is None or frame.constant is not None or frame.line is None:
            return self
        return _Reader(self.text, {**self.names, "t": called("round", frame)})

    def name(self, name: str) -> Term:
        if name in GIVEN and name not in self.names:
            raise self.refuse(f"{name} is not known here; give it by {GIVEN[name]}")
        if name not in self.names:
            raise self.refuse(f"unknown name {name!r}{expected(name, self.names)}")
        return self.names[name]

    def unary(self, operation: ast.AST, term: Term) -> Term:
        if isinstance(operation, ast.Invert):
            return self.logic(term, joined(straight(0, 1), "-", term))
        return negative(term) if isinstance(operation, ast.USub) else term

    def binary(self, operation: ast.AST, left: Term, right: Term) -> Term:
        match operation:
            case ast.Add() if left.truth and right.truth:  # of truths, numexpr makes a truth
                return Term(called("max", left, right).text, truth=True)
            case ast.Add():
                return joined(left, "+", right)
            case ast.Sub():
                return joined(left, "-", right)
            case ast.Mult():
                return times(left, right)
            case ast.BitAnd():
                return self.logic(left, self.logic(right, times(left, right)))
            case ast.BitOr():
                return self.logic(left, self.logic(right, called("max", left, right)))
        return self.fold(OPERATIONS, type(operation), left, right)

    def logic(self, term: Term, result: Term) -> Term:
        """Return the result of a logic operation, if it was one of truths and not of bits."""
        if not term.truth:
            raise self.refuse("&, | and ~ join comparisons only, such as (t>10) & (t<20)")
        return Term(result.text, result.level, truth=True)

    def compare(self, operation: ast.AST, left: Term, right: Term) -> Term:
        def said(sign: str) -> Term:
            return Term(f"{left.within(SUM)} {sign} {right.within(SUM)}", COMPARE, truth=True)

        if type(operation) in COMPARISONS:
            return said(COMPARISONS[type(operation)])
        equal = times(said(">="), said("<="))
        if isinstance(operation, ast.Eq):
            return equal
        return Term(f"1 - {equal.within(PRODUCT)}", SUM, truth=True)

    def call(self, name: str, args: list[Term]) -> Term:
        if name not in FUNCTIONS:
            raise self.refuse(f"{name} cannot be said in a scene{expected(name, FUNCTIONS)}")
        count = 3 if name == "where" else 1
        if len(args) != count:
            raise self.refuse(f"{name} takes {count} value{'s' * (count > 1)}, got {len(args)}")
        return self.fold(FUNCTIONS, name, *args)

    def fold(self, table: Mapping[Any, tuple[Callable[..., float], Function]], which: Any, *terms: Term) -> Term:
        """Return what an operation makes of terms: a number where all are constant."""
        if which not in table:
            raise self.refuse(f"{which.__name__.lower()} is no part of Deforum's formulas")
        compute, say = table[which]
        values = [term.constant for term in terms]
        known = [value for value in values if value is not None]
        if len(known) < len(values):
            return say(*terms)
        try:
            return straight(0, float(compute(*known)))
        except (ValueError, TypeError) as error:
            raise self.refuse(f"there is no number for it ({error})") from error


def over(left: Term, right: Term) -> Term:
    """Return a quotient."""
    if right.constant:
        return times(straight(0, 1 / right.constant), left) if left.line else _quotient(left, right)
    return _quotient(left, right)


def _quotient(left: Term, right: Term) -> Term:
    return Term(f"{left.within(PRODUCT)}/{right.within(SIGN)}", PRODUCT)


def rest(left: Term, right: Term) -> Term:
    """Return what is left of a division; for negative numbers, too, as numexpr has it."""
    return Term(f"{left.within(PRODUCT)} % {right.within(SIGN)}", PRODUCT)


def power(left: Term, right: Term) -> Term:
    """Return a power."""
    return Term(f"{left.within(POWER + 1)}**{right.within(POWER)}", POWER)


def choice(test: Term, then: Term, otherwise: Term) -> Term:
    """Return numexpr's where."""
    return Term(f"{then.within(COMPARE)} if {test.within(COMPARE)} else {otherwise.within(CHOICE)}", CHOICE)


def tangent(x: Term) -> Term:
    """Return a tangent, as the quotient of a sine and a cosine."""
    return over(sine(x), sine(x, 0.25))


def grown(x: Term, sign: str) -> Term:
    """Return exp(x) + exp(-x) or exp(x) - exp(-x)."""
    return joined(called("exp", x), sign, called("exp", negative(x)))


def whole(x: Term) -> Term:
    """Return a number without what is behind its point."""
    up = negative(called("floor", negative(x)))
    return choice(Term(f"{x.within(SUM)} >= 0", COMPARE), called("floor", x), up)


HALF = straight(0, 0.5)
OPERATIONS: dict[type[ast.AST], tuple[Callable[..., float], Function]] = {
    ast.Div: (lambda a, b: a / b, over),
    ast.Mod: (lambda a, b: a % b, rest),
    ast.FloorDiv: (lambda a, b: a // b, lambda a, b: called("floor", over(a, b))),
    ast.Pow: (lambda a, b: a**b, power),
}
FUNCTIONS: dict[str, tuple[Callable[..., float], Function]] = {
    "sin": (math.sin, sine),
    "cos": (math.cos, lambda x: sine(x, 0.25)),
    "tan": (math.tan, tangent),
    "sinh": (math.sinh, lambda x: times(HALF, grown(x, "-"))),
    "cosh": (math.cosh, lambda x: times(HALF, grown(x, "+"))),
    "tanh": (math.tanh, lambda x: over(grown(x, "-"), grown(x, "+"))),
    "abs": (abs, lambda x: called("abs", x)),
    "sqrt": (math.sqrt, lambda x: called("sqrt", x)),
    "exp": (math.exp, lambda x: called("exp", x)),
    "expm1": (math.expm1, lambda x: joined(called("exp", x), "-", straight(0, 1))),
    "floor": (math.floor, lambda x: called("floor", x)),
    "ceil": (math.ceil, lambda x: negative(called("floor", negative(x)))),
    "trunc": (math.trunc, whole),
    "round": (round, lambda x: called("round", x)),
    "where": (lambda test, then, otherwise: then if test else otherwise, choice),
}


def frame_names(fps: float, max_frames: int | None, seed: int | None) -> dict[str, Term]:
    """Return what a formula may use: the frame, the last frame and the seed, those of them that are known."""
    known = {"max_f": None if max_frames is None else max_frames - 1, "s": seed}
    return {"t": straight(fps, 0)} | {name: straight(0, value) for name, value in known.items() if value is not None}
