"""Signals as scenes write them: a constant, a keyframe map or an expression, wherever a number stands."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem, at_key
from renderer.values.expression import MAX_NUMBER, Expression, parse_expression
from renderer.values.parsed import Parsed, is_number, show
from renderer.values.time import Time

KEY_OPTIONS = ("value", "ease", "hold")
Number = float | Expression


@dataclass(frozen=True)
class Key:
    """Hold one keyframe: `value` from `time` on, held for `hold`, then eased by `ease` to the next key."""

    time: Time
    value: Number
    ease: str | None = None
    hold: Time | None = None


@dataclass(frozen=True)
class Signal(Parsed):
    """Hold a signal as written; the timeline turns it into numbers over time."""

    written: Any
    value: Number | None = None
    keys: tuple[Key, ...] = ()
    ease: str | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["number", "string", "object"],
        "description": "A number, keyframes {0s: 0, 4s: 1, ease: in-out-cubic}, or an expression '0.6 + 0.4*sin(2s)'",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the signal of a number, a text or a map of keyframes."""
        if isinstance(written, dict):
            return cls._parse_keys(written)
        return cls(written, value=parse_number(written))

    @classmethod
    def _parse_keys(cls, written: dict[Any, Any]) -> Self:
        keys, ease, gather = [], None, Gather()
        for time, value in written.items():
            with gather.below(time):
                if time == "ease":
                    ease = parse_ease(value)
                else:
                    keys.append(_key(time, value))
        gather.check()
        if not keys:
            raise ValueProblem("expected at least one keyframe such as {0s: 0, 4s: 1}")
        return cls(written, keys=tuple(keys), ease=ease)

    @property
    def constant(self) -> float | None:
        """Return the number of a constant signal, else None."""
        if self.value is None or isinstance(self.value, Expression):
            return None
        return self.value

    @property
    def expressions(self) -> Iterator[Expression]:
        """Yield every expression of the signal."""
        for value in (self.value, *(key.value for key in self.keys)):
            if isinstance(value, Expression):
                yield value


def parse_number(written: Any) -> Number:
    """Return the number or the expression that a scene wrote."""
    if is_number(written):
        if not math.isfinite(written):
            raise ValueProblem(f"expected a finite number, got {show(written)}")
        if abs(written) > MAX_NUMBER:
            raise ValueProblem(f"expected a number of at most {MAX_NUMBER:g}, got {show(written)}")
        return float(written)
    if isinstance(written, str) and written.strip():
        expression = parse_expression(written)
        root = expression.root
        return root.value if root.kind == "number" else expression
    raise ValueProblem(f"expected a number, an expression or keyframes, got {show(written)}")


def parse_ease(written: Any) -> str | None:
    """Return the name of an easing, which the registry of easings checks."""
    if written is not None and not isinstance(written, str):
        raise ValueProblem(f"expected the name of an easing such as in-out-sine, got {show(written)}")
    return written


def _key(time: Any, written: Any) -> Key:
    with at_key():
        at = Time.parse(time)
    if not isinstance(written, dict):
        return Key(at, parse_number(written))
    gather = Gather()
    gather.unknown(written, KEY_OPTIONS, "option of a key")
    if "value" not in written:
        gather.note(f"key {at} has no value; write {at}: {{value: 1, ease: out-cubic}}")
    value = gather.part(written, "value", parse_number)
    ease = gather.part(written, "ease", parse_ease)
    hold = gather.part(written, "hold", Time.parse)
    gather.check()
    return Key(at, value or 0.0, ease, hold)
