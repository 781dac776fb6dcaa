"""Evaluate the checked tree of an expression over an array of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from renderer.errors import ValueProblem, expected
from renderer.noise import fitted, smooth_noise
from renderer.registry import Registry
from renderer.values.easing import EasingFunction
from renderer.values.expression import CLOCKS, CONSTANTS, Expression, Node
from renderer.values.signal import Signal
from renderer.values.time import Clock, Span

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]


@dataclass(frozen=True)
class Scope:
    """Hold what the values of one field of a scene are bound in.

    loop is the period in seconds that everything must close, or None; key seeds the noise.
    """

    clock: Clock
    span: Span
    easings: Registry[EasingFunction]
    signals: Mapping[str, Signal] = field(default_factory=dict)
    loop: float | None = None
    key: tuple[object, ...] = ()
    binding: tuple[str, ...] = ()

    def named(self, *key: object) -> Scope:
        """Return the scope of a part, with noise of its own."""
        return replace(self, key=(*self.key, *key))


OPERATIONS: dict[str, Callable[..., Array]] = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "**": np.power, "%": np.mod,
    "neg": np.negative, "pos": np.positive,
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


def _smoothstep(low: Array, high: Array, x: Array) -> Array:
    x = np.clip((x - low) / (high - low), 0, 1)
    return x * x * (3 - 2 * x)


CALLS: dict[str, Callable[..., Array]] = {
    "min": lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
    "max": lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
    "clamp": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    "abs": np.abs, "floor": np.floor, "sqrt": np.sqrt, "exp": np.exp, "round": np.round, "mod": np.mod,
    "smoothstep": _smoothstep,
}  # fmt: skip


def _triangle(turn: Array) -> Array:
    return 1 - 4 * np.abs(np.mod(turn + 0.25, 1) - 0.5)


def _saw(turn: Array) -> Array:
    return 2 * np.mod(turn, 1) - 1


WAVES: dict[str, Curve] = {"sin": lambda turn: np.sin(2 * np.pi * np.mod(turn, 1)), "tri": _triangle, "saw": _saw}


def bind_expression(expression: Expression, scope: Scope, bind_signal: Callable[[Signal, Scope], Curve]) -> Curve:
    """Return the function of time that an expression means.

    Raises ValueProblem for unknown names, for periods that are not positive, and for what cannot close a loop.
    """
    return _Binder(expression, scope, bind_signal).bind(expression.root)


class _Binder:
    def __init__(self, expression: Expression, scope: Scope, bind_signal: Callable[[Signal, Scope], Curve]) -> None:
        self.expression, self.scope, self.bind_signal = expression, scope, bind_signal
        self.oscillators = 0

    def bind(self, node: Node) -> Curve:
        return getattr(self, f"_{node.kind}")(node)  # type: ignore[no-any-return]

    def refuse(self, why: str) -> ValueProblem:
        return ValueProblem(f"in expression {self.expression.text!r}: {why}")

    def _number(self, node: Node) -> Curve:
        return lambda t: np.full_like(t, node.value)

    def _time(self, node: Node) -> Curve:
        seconds = self.scope.clock.length(node.value, self.scope.span)
        return lambda t: np.full_like(t, seconds)

    def _name(self, node: Node) -> Curve:
        name, scope = node.value, self.scope
        if name in CLOCKS:
            return self._clock(name)
        if name in scope.clock.markers:
            seconds = scope.clock.markers[name]
            return lambda t: np.full_like(t, seconds)
        if name in scope.binding:
            raise self.refuse(f"signal {name!r} needs itself: {' -> '.join((*scope.binding, name))}")
        if name not in scope.signals:
            known = [*CLOCKS, *CONSTANTS, *scope.clock.markers, *scope.signals]
            raise self.refuse(f"unknown name {name!r}{expected(name, known)}")
        inner = replace(scope, binding=(*scope.binding, name), key=(scope.key[:1], "signals", name))
        inner = replace(inner, span=scope.clock.film)
        return self.bind_signal(scope.signals[name], inner)

    def _clock(self, name: str) -> Curve:
        scope, clock = self.scope, self.scope.clock
        if scope.loop is not None:
            raise self.refuse(
                f"it reads {name}, which cannot close a loop; use an oscillator such as sin(4s), or loop: {{blend: 1s}}"
            )
        if name == "t":
            return lambda t: t
        if name == "progress":
            start, length = scope.span.start, max(scope.span.length, 1e-9)
            return lambda t: np.clip((t - start) / length, 0, 1)
        if clock.tempo is None:
            raise self.refuse(f"{name} needs the scene's tempo; write e.g. tempo: 120")
        count = clock.beats_per_bar if name == "bar" else 1
        return lambda t: clock.beats_at(t) / count

    def _operator(self, node: Node) -> Curve:
        operation, curves = OPERATIONS[node.value], [self.bind(arg) for arg in node.args]
        return lambda t: np.asarray(operation(*(curve(t) for curve in curves)), np.float64)

    def _call(self, node: Node) -> Curve:
        function, curves = CALLS[node.value], [self.bind(arg) for arg in node.args]
        return lambda t: np.asarray(function(*(curve(t) for curve in curves)), np.float64)

    def _choose(self, node: Node) -> Curve:
        test, then, otherwise = (self.bind(arg) for arg in node.args)
        return lambda t: np.where(test(t) != 0, then(t), otherwise(t))

    def _oscillator(self, node: Node) -> Curve:
        period = float(self.bind(node.args[0])(np.zeros(1))[0])
        if not (np.isfinite(period) and period > 0):
            raise self.refuse(f"the period of {node.value} must be longer than 0, got {period:g} s")
        self.oscillators += 1
        options = {name: self.bind(value) for name, value in node.options}
        if node.value == "noise":
            return self._noise(period, options)
        step = fitted(period, self.scope.loop)[0]
        phase = options.get("phase", np.zeros_like)
        if node.value in WAVES:
            wave = WAVES[node.value]
            return lambda t: wave(t / step + phase(t))
        width = options.get("width") or (lambda t: np.full_like(t, 0.5 if node.value == "square" else 0.1))
        low = -1.0 if node.value == "square" else 0.0
        return lambda t: np.where(np.mod(t / step + phase(t), 1) < width(t), 1.0, low)

    def _noise(self, period: float, options: dict[str, Curve]) -> Curve:
        seed = float(options["seed"](np.zeros(1))[0]) if "seed" in options else float(-self.oscillators)
        key, loop = (*self.scope.key, "noise", seed), self.scope.loop
        phase = options.get("phase", np.zeros_like)
        return lambda t: smooth_noise(t + phase(t) * period, period, (), key, loop) / 2
