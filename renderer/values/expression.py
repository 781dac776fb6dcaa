"""Expressions over time such as `0.6 + 0.4*sin(2s)`: parsed to a checked tree, never evaluated as code."""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from renderer.errors import ValueProblem, expected
from renderer.values.parsed import is_number
from renderer.values.time import Time

CONSTANTS = {"pi": math.pi, "tau": math.tau, "e": math.e}
CLOCKS = {
    "t": "seconds since the start of the film",
    "beat": "beats since the first beat (needs tempo: or a song)",
    "bar": "bars since the first beat (needs tempo: or a song)",
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
OSCILLATOR_OPTIONS: dict[str, tuple[str, ...]] = dict.fromkeys(OSCILLATORS, ("phase",))
OSCILLATOR_OPTIONS |= {"square": ("phase", "width"), "pulse": ("phase", "width"), "noise": ("phase", "seed")}
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
RESERVED = {*CONSTANTS, *CLOCKS, *OSCILLATORS, *FUNCTIONS}  # names that neither marker nor signal may have
OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.Mod: "%",
    ast.USub: "neg", ast.UAdd: "pos",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=",
}  # fmt: skip

PARTS = {  # what is not part of the language, by what Python calls it
    "Attribute": "a dot between names", "Subscript": "an index", "List": "a list", "Await": "await",
    "Lambda": "lambda", "ListComp": "a comprehension", "SetComp": "a comprehension", "DictComp": "a comprehension",
    "GeneratorExp": "a comprehension", "NamedExpr": ":=", "JoinedStr": "a text", "Tuple": "a comma outside a call",
    "BoolOp": "and/or", "Dict": "a map", "Set": "a map", "Starred": "*", "Not": "not", "Invert": "~", "FloorDiv": "//",
    "BitXor": "^ (write ** for powers)", "BitAnd": "&", "BitOr": "|", "MatMult": "@", "Eq": "==", "NotEq": "!=",
}  # fmt: skip
SYNTAX = "it does not read as an expression such as 0.6 + 0.4*sin(2s)"

MAX_LENGTH, MAX_NODES, MAX_NUMBER = 500, 200, 1e12
_TIME_LITERAL = re.compile(r"(?<![\w.])(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:bars?|ms|s|f|b)\b")
_TIME_NAME = "__time_"


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

    @property
    def is_constant(self) -> bool:
        """Say whether it is the same at all times."""
        return not any(node.kind in ("name", "oscillator") for node in self.walk())


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
    if "__" in text:
        raise ValueProblem(f"in expression {text!r}: names with __ are not part of the language")
    times: list[Time] = []

    def hold(match: re.Match[str]) -> str:
        times.append(Time.parse(match[0]))
        return f"{_TIME_NAME}{len(times) - 1}"

    held = _TIME_LITERAL.sub(hold, text.strip())
    try:
        with warnings.catch_warnings(action="ignore"):  # Python's advice on code that is none
            tree = ast.parse(held, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueProblem(f"in expression {text!r}: {SYNTAX}") from error
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
            raise self.not_part(tree)
        return reader(tree)

    def refuse(self, why: str) -> ValueProblem:
        return ValueProblem(f"in expression {self.text!r}: {why}")

    def not_part(self, tree: ast.AST) -> ValueProblem:
        kind = type(tree).__name__
        return self.refuse(f"{PARTS.get(kind, kind.lower())} is not part of the language")

    def constant(self, tree: ast.Constant) -> Node:
        if not is_number(tree.value):
            raise self.refuse(f"expected a number, got {tree.value!r}")
        if not abs(tree.value) <= MAX_NUMBER:
            raise self.refuse(f"expected a number of at most {MAX_NUMBER:g}")
        return Node("number", float(tree.value))

    def name(self, tree: ast.Name) -> Node:
        if tree.id.startswith(_TIME_NAME):
            return Node("time", self.times[int(tree.id.removeprefix(_TIME_NAME))])
        if tree.id in CONSTANTS:
            return Node("number", CONSTANTS[tree.id])
        if tree.id in OSCILLATORS or tree.id in FUNCTIONS:
            raise self.refuse(f"{tree.id} needs brackets, such as {tree.id}(2s)")
        return Node("name", tree.id)

    def operator(self, operation: ast.AST) -> str:
        if type(operation) not in OPERATORS:
            raise self.not_part(operation)
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
            raise self.refuse(f"{name} takes one period, such as {name}(2s) or {name}(4b), got {len(args)} values")
        if not args[0].is_constant:
            raise self.refuse(f"the period of {name} must be constant; let phase= move instead: {name}(2s, phase=t*t)")
        options: dict[str, Node] = {}
        for keyword in tree.keywords:
            if keyword.arg not in OSCILLATOR_OPTIONS[name] or keyword.arg in options:
                known = expected(str(keyword.arg), OSCILLATOR_OPTIONS[name])
                what = "repeated" if keyword.arg in options else "unknown"
                raise self.refuse(f"{what} option {str(keyword.arg)!r} of {name}{known}")
            options[keyword.arg] = self.read(keyword.value)
        if "seed" in options and not options["seed"].is_constant:
            raise self.refuse("the seed of noise must be constant, such as seed=3")
        return tuple(options.items())
