"""Evaluate the checked tree of an expression over an array of times."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from renderer.errors import ValueProblem, expected
from renderer.noise import fitted, smooth_noise
from renderer.registry import Registry
from renderer.values.easing import EasingFunction
from renderer.values.expression import CLOCKS, CONSTANTS, Expression, Node
from renderer.values.feature import Feature
from renderer.values.signal import Signal
from renderer.values.time import BEATS, Clock, Span

if TYPE_CHECKING:
    from renderer.timeline.music import SceneMusic

Array = NDArray[np.float64]
Curve = Callable[[Array], Array]


MIN_PERIOD, MAX_PERIOD = 1e-3, 1e9  # seconds; a frame never lasts less
MAX_DEPTH = 40  # named signals that build on each other


class Named:
    """Hold the named signals of a scene, each bound once, when it is first read or by `signals.bind_named`.

    `failed` holds what kept some from being bound; what reads those reads zeros, so that each says it once.
    """

    def __init__(self, signals: Mapping[str, Signal | Feature] | None = None) -> None:
        self.signals = dict(signals or {})
        self.curves: dict[str, Curve] = {}
        self.depths: dict[str, int] = {}
        self.failed: dict[str, ValueProblem] = {}


@dataclass(frozen=True)
class Scope:
    """Hold what the values of one field of a scene are bound in.

    loop is the period in seconds that everything must close, or None; key seeds the noise; probe are times at which
    expressions are tried, so that one without a value is refused before the first frame; binding are the named
    signals that are being bound, from the outermost in.
    """

    clock: Clock
    span: Span
    easings: Registry[EasingFunction]
    named: Named = field(default_factory=Named)
    loop: float | None = None
    key: tuple[object, ...] = ()
    music: SceneMusic | None = None
    probe: Array = field(default_factory=lambda: np.zeros(1))
    binding: tuple[str, ...] = ()

    def part(self, *key: object) -> Scope:
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


BindNamed = Callable[[str, Scope], Curve]


def bind_expression(expression: Expression, scope: Scope, bind_named: BindNamed) -> Curve:
    """Return the function of time that an expression means.

    Raises ValueProblem for unknown names, for periods that are not positive, and for what cannot close a loop.
    """
    return _Binder(expression, scope, bind_named).bind(expression.root)


class _Binder:
    def __init__(self, expression: Expression, scope: Scope, bind_named: BindNamed) -> None:
        self.expression, self.scope, self.bind_named = expression, scope, bind_named
        self.noises = 0

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
            seconds = np.nan_to_num(scope.clock.markers[name])  # one that is wrong has been refused by itself
            return lambda t: np.full_like(t, seconds)
        if name not in scope.named.signals and scope.music is not None and scope.music.knows(name):
            scope.named.signals[name] = Feature.parse(name)
        if name not in scope.named.signals:
            known = [*CLOCKS, *CONSTANTS, *scope.clock.markers, *scope.named.signals]
            raise self.refuse(f"unknown name {name!r}{expected(name, known)}")
        if name in scope.binding:
            raise self.refuse(f"signal {name!r} needs itself: {' -> '.join((*scope.binding, name))}")
        return self.bind_named(name, scope)

    def _clock(self, name: str) -> Curve:
        scope, clock = self.scope, self.scope.clock
        if scope.loop is not None:
            raise self.refuse(
                f"the loop cannot close: {name} ends elsewhere than it began; "
                "use an oscillator such as sin(4s), or write loop: {blend: 1s}"
            )
        if name == "t":
            return lambda t: t
        if name == "progress":
            start, length = scope.span.start, max(scope.span.length, 1e-9)
            return lambda t: np.clip((t - start) / length, 0, 1)
        if not clock.counts_beats:
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
        with np.errstate(all="ignore"):
            period = float(self.bind(node.args[0])(np.zeros(1))[0])
        if not MIN_PERIOD <= period <= MAX_PERIOD:
            raise self.refuse(f"expected {node.value} with a period of {MIN_PERIOD:g} s or more, got {period:g} s")
        options = {name: self.bind(value) for name, value in node.options}
        if node.value == "noise":
            return self._noise(period, options)
        turns = self._turns(node.args[0], period)
        phase = options.get("phase", np.zeros_like)
        if node.value in WAVES:
            wave = WAVES[node.value]
            return lambda t: wave(turns(t) + phase(t))
        width = options.get("width") or (lambda t: np.full_like(t, 0.5 if node.value == "square" else 0.1))
        low = -1.0 if node.value == "square" else 0.0
        return lambda t: np.where(np.mod(turns(t) + phase(t), 1) < width(t), 1.0, low)

    def _turns(self, written: Node, period: float) -> Curve:
        """Return the rounds of an oscillator; one of a period in beats counts from the first beat, and along them."""
        clock, step = self.scope.clock, fitted(period, self.scope.loop)[0]
        if written.kind != "time" or {term.unit for term in written.value.terms} - set(BEATS):
            return lambda t: t / step
        if clock.find_beats is not None and self.scope.loop is None:
            beats = period / clock.grid.beat_length
            return lambda t: clock.grid.beats(t) / beats
        start = float(clock.grid.seconds(0.0))
        return lambda t: (t - start) / step

    def _noise(self, period: float, options: dict[str, Curve]) -> Curve:
        self.noises += 1
        seed = float(options["seed"](np.zeros(1))[0]) if "seed" in options else float(-self.noises)
        key, loop = (*self.scope.key, "noise", seed), self.scope.loop
        phase = options.get("phase", np.zeros_like)
        return lambda t: smooth_noise(t + phase(t) * period, period, (), key, loop) / 2
