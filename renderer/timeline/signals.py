"""Bind signals: constants, keyframes and expressions become functions from times [N] to numbers [N]."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from renderer.errors import KEY, Gather, ValueProblem, expected
from renderer.timeline.expressions import MAX_DEPTH, Array, Curve, Scope, bind_expression
from renderer.timeline.features import bind_feature
from renderer.timeline.keys import KeyTimes, key_times
from renderer.values.expression import MAX_NUMBER, Expression
from renderer.values.feature import Feature
from renderer.values.signal import Key, Number, Signal
from renderer.values.time import Time

DEFAULT_EASE = "linear"
TOO_DEEP = f"expected at most {MAX_DEPTH} signals that build on each other, got more"
LOOP_HINT = "repeat the first key there, make the film longer, or write loop: {blend: 1s}"


def bind_signal(signal: Signal, scope: Scope) -> Curve:
    """Return the function of time that a signal means.

    Raises ValueProblem for unknown names and easings, keys out of order, expressions without a value, and tracks
    that cannot close a loop.
    """
    if signal.value is not None:
        return bind_number(signal.value, scope)
    return _bind_keys(signal, scope)


def bind_number(value: Number, scope: Scope) -> Curve:
    """Return the function of time of a number or an expression."""
    if not isinstance(value, Expression):
        return lambda t: np.full_like(t, value)
    end = scope.clock.film.end if scope.clock.duration is not None else scope.span.end
    until = np.inf if scope.span.end >= end else scope.span.end
    curve = _Checked(value.text, bind_expression(value, scope, bind_named), scope.span.start, until)
    curve(scope.probe)
    return curve


def bind_named(name: str, scope: Scope) -> Curve:
    """Return the function of time of a named signal, over the whole film, with noise of its own.

    What is wrong with it is noted in `scope.named.failed`, and zeros are returned.
    """
    named = scope.named
    if len(scope.binding) > MAX_DEPTH:
        raise ValueProblem(TOO_DEEP)
    if name not in named.curves:
        inner = replace(scope, binding=(*scope.binding, name), key=(*scope.key[:1], "signals", name))
        try:
            written, inner = named.signals[name], replace(inner, span=scope.clock.film)
            bound = bind_feature(written, inner) if isinstance(written, Feature) else bind_signal(written, inner)
            curve: Curve = _Remembered(bound)
        except ValueProblem as problem:
            named.failed[name], curve = problem, np.zeros_like
        named.curves[name] = curve
    if scope.binding:
        reader = scope.binding[-1]
        named.depths[reader] = max(named.depths.get(reader, 0), named.depths.get(name, 0) + 1)
        if named.depths[reader] > MAX_DEPTH:
            raise ValueProblem(TOO_DEEP)
    return named.curves[name]


class _Remembered:
    """Keep the last values of a curve, which several expressions may read at the same times."""

    def __init__(self, curve: Curve) -> None:
        self.curve = curve
        self.last: tuple[bytes, Array] | None = None

    def __call__(self, t: Array) -> Array:
        times, last = t.tobytes(), self.last
        if last is None or last[0] != times:
            last = self.last = (times, self.curve(t))
        return last[1]


@dataclass(frozen=True)
class _Checked:
    """Refuse values of an expression that are no finite numbers where they count: from `start` to `until`."""

    text: str
    curve: Curve
    start: float
    until: float

    def __call__(self, t: Array) -> Array:
        with np.errstate(all="ignore"):
            values = self.curve(t)
        bad = ~(np.abs(values) <= MAX_NUMBER)
        wrong = bad & (t >= self.start) & (t <= self.until)
        if wrong.any():
            wanted = f"a number of at most {MAX_NUMBER:g}" if np.isfinite(values[wrong][0]) else "a finite number"
            found = f"{values[wrong][0]:g} at {t[wrong][0]:g}s"
            raise ValueProblem(f"in expression {self.text!r}: expected {wanted}, got {found}")
        return np.where(bad, 0.0, values)


@dataclass(frozen=True)
class _Keyframes:
    times: KeyTimes
    curves: tuple[Curve, ...]

    def __call__(self, t: Array) -> Array:
        before, after, way = self.times.locate(t)
        values = np.stack([curve(t) for curve in self.curves])
        rows = np.arange(len(t))
        start, end = values[before, rows], values[after, rows]
        return np.where(way == 1, end, start + (end - start) * way)  # an easing may overshoot


def _bind_keys(signal: Signal, scope: Scope) -> Curve:
    gather = Gather()
    for key in signal.keys:
        check_word(key.time, scope, gather, ("ease",))
    gather.check()
    keys = _closing(signal.keys, scope, gather)
    curves = []
    for index, key in enumerate(keys):
        with gather.below(key.time.written):
            curves.append(bind_number(key.value, scope.part(index)))
        with gather.below(key.time.written, "ease"):
            scope.easings.find(key.ease or DEFAULT_EASE)
    with gather.below("ease"):
        scope.easings.find(signal.ease or DEFAULT_EASE)
    gather.check()
    return _Keyframes(key_times(keys, signal.ease or DEFAULT_EASE, scope), tuple(curves))


def check_word(time: Time | None, scope: Scope, gather: Gather, options: tuple[str, ...]) -> None:
    """Note a key that is a word, but neither a marker nor an option: most likely an option misspelt."""
    word = None if time is None else time.word
    if word is not None and word not in scope.clock.markers:
        hint = expected(word, [*scope.clock.markers, *options])
        gather.note(f"unknown key {word!r}, expected a time such as 2s, or a marker{hint}", word, KEY)


def _closing(keys: tuple[Key, ...], scope: Scope, gather: Gather) -> tuple[Key, ...]:
    """Drop a last key that stands at the end of the loop, where it must equal the first."""
    if scope.loop is None or len(keys) < 2:
        return keys
    last, first = keys[-1], keys[0]
    with gather.below(last.time.written, KEY):
        if abs(scope.clock.position(last.time, scope.span) - scope.loop) > 1e-9:
            return keys
    if last.value != first.value:
        values = f"the first key is {shown(first.value)}, the one at the end, {last.time}, is {shown(last.value)}"
        gather.note(
            f"the loop cannot close: {values}; make them equal, or write loop: {{blend: 1s}}", last.time.written
        )
    return keys[:-1]


def shown(value: Number) -> str:
    """Return a number or an expression as a message shows it."""
    return repr(value.text) if isinstance(value, Expression) else f"{value:g}"
