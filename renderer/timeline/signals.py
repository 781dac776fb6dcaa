"""Bind signals: constants, keyframes and expressions become functions from times [N] to numbers [N]."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from renderer.errors import Gather, ValueProblem
from renderer.timeline.expressions import Array, Curve, Scope, bind_expression
from renderer.timeline.keys import KeyTimes, key_times
from renderer.values.expression import Expression
from renderer.values.signal import Key, Number, Signal

DEFAULT_EASE = "linear"


def bind_signal(signal: Signal, scope: Scope) -> Curve:
    """Return the function of time that a signal means.

    Raises ValueProblem for unknown names and easings, keys out of order, and tracks that cannot close a loop.
    """
    if signal.value is not None:
        return bind_number(signal.value, scope)
    return _bind_keys(signal, scope)


def bind_number(value: Number, scope: Scope) -> Curve:
    """Return the function of time of a number or an expression; it raises nothing but ends in finite numbers."""
    if isinstance(value, Expression):
        return _Finite(value.text, bind_expression(value, scope, bind_signal))
    return lambda t: np.full_like(t, value)


@dataclass(frozen=True)
class _Finite:
    text: str
    curve: Curve

    def __call__(self, t: Array) -> Array:
        with np.errstate(all="ignore"):
            values = self.curve(t)
        bad = ~np.isfinite(values)
        if bad.any():
            raise ValueProblem(f"expression {self.text!r} gives {values[bad][0]} at {t[bad][0]:g} s")
        return values


@dataclass(frozen=True)
class _Keyframes:
    times: KeyTimes
    curves: tuple[Curve, ...]

    def __call__(self, t: Array) -> Array:
        before, after, way = self.times.locate(t)
        values = np.stack([curve(t) for curve in self.curves])
        rows = np.arange(len(t))
        start, end = values[before, rows], values[after, rows]
        return np.where(way >= 1, end, start + (end - start) * way)


def _bind_keys(signal: Signal, scope: Scope) -> Curve:
    keys, gather = _closing(signal.keys, scope), Gather()
    curves = []
    for index, key in enumerate(keys):
        with gather.below(key.time.written):
            curves.append(bind_number(key.value, scope.named(index)))
            scope.easings.find(key.ease or DEFAULT_EASE)
    with gather.below():
        times = key_times(keys, signal.ease or DEFAULT_EASE, scope)
    gather.check()
    return _Keyframes(times, tuple(curves))


def _closing(keys: tuple[Key, ...], scope: Scope) -> tuple[Key, ...]:
    """Drop a last key that stands at the end of the loop, where it must equal the first."""
    if scope.loop is None or len(keys) < 2:
        return keys
    last, first = keys[-1], keys[0]
    if abs(scope.clock.position(last.time, scope.span) - scope.loop) > 1e-9:
        return keys
    if last.value != first.value:
        raise ValueProblem(
            f"the loop cannot close: the first key is {shown(first.value)} and the key at the end, {last.time}, is "
            f"{shown(last.value)}; make them equal, or write loop: {{blend: 1s}}"
        )
    return keys[:-1]


def shown(value: Number) -> str:
    """Return a number or an expression as a message shows it."""
    return repr(value.text) if isinstance(value, Expression) else f"{value:g}"
