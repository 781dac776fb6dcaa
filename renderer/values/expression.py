"""Expressions over time such as `0.6 + 0.4*sin(2s)`: parsed to a checked tree, never evaluated as code."""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from renderer.errors import ValueProblem, expected
from renderer.values.time import Time

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
CLOCKS = {
    "t": "seconds since the start of the film",
    "beat": "beats since the first beat (needs tempo:)",
    "bar": "bars since the first beat (needs tempo:)",
    "progress": "0 to 1 over the span of the entry",
}
OSCILLATORS = {
    "sin": "a sine of the given period, -1 to 1",
    "tri": "a triangle, -1 to 1",
    "saw": "a rising sawtooth, -1 to 1",
    "square": "-1 and 1 in turn; width= sets the share of the 1",
    "pulse": "1 at each period's start for width= of it (0.1), else 0",
    "noise": "smooth seeded noise, about -1 to 1, changing every period; seed= picks another",
}
OSCILLATOR_OPTIONS = ("phase", "width", "seed")
FUNCTIONS = {
    "min": (2, 8),
    "max": (2, 8),
    "clamp": (3, 3),
    "abs": (1, 1),
    "floor": (1, 1),
    "sqrt": (1, 1),
    "exp": (1, 1),
}
FUNCTIONS |= {"smoothstep": (3, 3), "mod": (2, 2), "round": (1, 1)}
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%",
    ast.USub: "neg", ast.UAdd: "pos",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip

MAX_LENGTH, MAX_NODES = 500, 200
_TIME_LITERAL = re.compile(r"(?<![\w.])(?:\d+(?:\.\d*)?|\.\d+)(?:bars?|ms|s|f|b)\b")


@dataclass(frozen=True)
class Node:
    """Hold one operation of an expression: its kind, its name or value, and what it works on.

    kind is one of number, time, name, call, oscillator, operator, choose.
    """

    kind: str
    value: Any = None
    args: tuple[Node, ...] = ()
    options: tuple[tuple[str, Node], ...] = ()

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for below in (*self.args, *(node for _, node in self.options)):
            yield from below.walk()


@dataclass(frozen=True)
class Expression:
    """Hold a checked expression."""

    text: str
    root: Node

    @property
    def names(self) -> set[str]:
        """Return the clocks and signals that the expression reads."""
        return {node.value for node in self.root.walk() if node.kind == "name"}


def parse_expression(text: str) -> Expression:
    """Return the checked tree of an expression.

    Raises ValueProblem naming the part that is not allowed.
    """
    if len(text) > MAX_LENGTH:
        raise ValueProblem(f"expected an expression of at most {MAX_LENGTH} characters, got {len(text)}")
    times: list[Time] = []

    def hold(match: re.Match[str]) -> str:
        times.append(Time.parse(match[0]))
        return f"__time_{len(times) - 1}"

    try:
        tree = ast.parse(_TIME_LITERAL.sub(hold, text.strip()), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        reason = error.msg if isinstance(error, SyntaxError) else "it is nested too deep"
        raise ValueProblem(f"expected a number or an expression, got {text!r} ({reason})") from error
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise ValueProblem(f"expected an expression of at most {MAX_NODES} parts, got a longer one")
    return Expression(text, _Reader(text, times).read(tree.body))


class _Reader:
    def __init__(self, text: str, times: list[Time]) -> None:
        self.text, self.times = text, times
        self.readers: dict[type[ast.AST], Callable[[Any], Node]] = {
            ast.Constant: self.constant, ast.Name: self.name, ast.Call: self.call,
            ast.BinOp: self.binary, ast.UnaryOp: self.unary, ast.Compare: self.compare, ast.IfExp: self.choose,
        }  # fmt: skip

    def read(self, tree: ast.AST) -> Node:
        reader = self.readers.get(type(tree))
        if reader is None:
            raise self.refuse(f"{type(tree).__name__.lower()} is not part of the language")
        return reader(tree)

    def refuse(self, why: str) -> ValueProblem:
        return ValueProblem(f"in expression {self.text!r}: {why}")

    def constant(self, tree: ast.Constant) -> Node:
        value = tree.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.refuse(f"expected a number, got {value!r}")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise self.refuse("expected a finite number")
        return Node("number", number)

    def name(self, tree: ast.Name) -> Node:
        if tree.id.startswith("__time_"):
            return Node("time", self.times[int(tree.id.removeprefix("__time_"))])
        if tree.id in CONSTANTS:
            return Node("number", CONSTANTS[tree.id])
        if tree.id in OSCILLATORS or tree.id in FUNCTIONS:
            raise self.refuse(f"{tree.id} needs brackets, such as {tree.id}(2s)")
        return Node("name", tree.id)

    def operator(self, operation: ast.AST) -> str:
        if type(operation) not in OPERATORS:
            raise self.refuse(f"operator {type(operation).__name__} is not part of the language")
        return OPERATORS[type(operation)]

    def binary(self, tree: ast.BinOp) -> Node:
        return Node("operator", self.operator(tree.op), (self.read(tree.left), self.read(tree.right)))

    def unary(self, tree: ast.UnaryOp) -> Node:
        return Node("operator", self.operator(tree.op), (self.read(tree.operand),))

    def compare(self, tree: ast.Compare) -> Node:
        if len(tree.ops) != 1:
            raise self.refuse("compare two things at a time")
        operands = (self.read(tree.left), self.read(tree.comparators[0]))
        return Node("operator", self.operator(tree.ops[0]), operands)

    def choose(self, tree: ast.IfExp) -> Node:
        return Node("choose", None, (self.read(tree.test), self.read(tree.body), self.read(tree.orelse)))

    def call(self, tree: ast.Call) -> Node:
        if not isinstance(tree.func, ast.Name):
            raise self.refuse("only the functions of the language can be called")
        name = tree.func.id
        args = tuple(self.read(arg) for arg in tree.args)
        if name in OSCILLATORS:
            return Node("oscillator", name, args, self.options(name, tree, args))
        if name not in FUNCTIONS:
            raise self.refuse(f"unknown function {name!r}{expected(name, [*OSCILLATORS, *FUNCTIONS])}")
        fewest, most = FUNCTIONS[name]
        if tree.keywords or not fewest <= len(args) <= most:
            count = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise self.refuse(f"{name} takes {count} values, got {len(args)}")
        return Node("call", name, args)

    def options(self, name: str, tree: ast.Call, args: tuple[Node, ...]) -> tuple[tuple[str, Node], ...]:
        if len(args) != 1:
            raise self.refuse(f"{name} takes one period, such as {name}(2s) or {name}(4b)")
        if any(node.kind in ("name", "oscillator") for node in args[0].walk()):
            raise self.refuse(f"the period of {name} must be constant; let phase= move instead: {name}(2s, phase=t*t)")
        options = []
        for keyword in tree.keywords:
            if keyword.arg not in OSCILLATOR_OPTIONS:
                known = expected(str(keyword.arg), OSCILLATOR_OPTIONS)
                raise self.refuse(f"unknown option {keyword.arg!r} of {name}{known}")
            options.append((keyword.arg, self.read(keyword.value)))
        return tuple(options)
