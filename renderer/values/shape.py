"""How a feature of the music becomes a signal, as scenes write it; every time constant is in seconds or beats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from renderer.errors import Gather, ValueProblem
from renderer.values.parsed import is_number, show
from renderer.values.time import Time

MEANINGS = {
    "clip": "[low, high] percentiles of the song that values are clipped to",
    "normalise": "true: stretch to 0..1 over the whole song; a time such as 8s: over what is near",
    "power": "raise to this power: above 1 keeps the peaks, below 1 lifts the quiet parts",
    "threshold": "what lies below is 0, the rest is stretched to 0..1",
    "delay": "come later by this time; earlier where it is negative",
    "attack": "time to rise to a peak: it has done 63 % of the way after this time",
    "release": "time to fall from a peak: 37 % are left after this time",
    "smooth": "smooth to both sides, without delay, by a Gaussian of this sigma",
    "invert": "true: 1 minus the signal",
    "range": "[low, high] that 0 and 1 become",
    "accumulate": "true: a clock in seconds that runs faster when there is more; in the mean as fast as time",
}
WORDS = tuple(MEANINGS)  # in the order in which they work, however they are written


@dataclass(frozen=True)
class Shape:
    """Hold the steps of shaping; None where a step is not written."""

    clip: tuple[float, float] | None = None
    normalise: Time | bool | None = None
    power: float | None = None
    threshold: float | None = None
    delay: Time | None = None
    attack: Time | None = None
    release: Time | None = None
    smooth: Time | None = None
    invert: bool | None = None
    range: tuple[float, float] | None = None
    accumulate: bool | None = None

    @classmethod
    def parse(cls, written: Mapping[Any, Any]) -> Self:
        """Return the shape of a map; raise ValueProblem with everything that is wrong in it."""
        gather = Gather()
        gather.unknown(written, WORDS, "step of shaping")
        steps = {name: gather.part(written, name, PARSERS[name]) for name in WORDS}
        gather.check()
        return cls(**steps)

    def over(self, below: Shape) -> Shape:
        """Return this shape with the steps of another where it says nothing."""
        chosen = {one.name: getattr(self, one.name) for one in fields(self)}
        return Shape(**{name: getattr(below, name) if value is None else value for name, value in chosen.items()})


def _truth(written: Any) -> bool:
    if not isinstance(written, bool):
        raise ValueProblem(f"expected true or false, got {show(written)}")
    return written


def _number(wanted: str, low: float, high: float) -> Callable[[Any], float]:
    def parse(written: Any) -> float:
        if not is_number(written) or not low <= written <= high:
            raise ValueProblem(f"expected {wanted}, got {show(written)}")
        return float(written)

    return parse


def _pair(wanted: str, low: float, high: float, *, rising: bool) -> Callable[[Any], tuple[float, float]]:
    def parse(written: Any) -> tuple[float, float]:
        first, last = written if isinstance(written, list | tuple) and len(written) == 2 else (None, None)
        if not (is_number(first) and is_number(last) and low <= min(first, last) and max(first, last) <= high):
            raise ValueProblem(f"expected {wanted}, got {show(written)}")
        if rising and first >= last:
            raise ValueProblem(f"expected {wanted}, the lower first, got {show(written)}")
        return (float(first), float(last))

    return parse


def _span(written: Any) -> Time:
    time = Time.parse(written)
    if time.is_relative or time.word:
        raise ValueProblem(f"expected a length of time such as 200ms or 1b, got {show(written)}")
    return time


def _normalise(written: Any) -> Time | bool:
    return written if isinstance(written, bool) else _span(written)


PARSERS: dict[str, Callable[[Any], Any]] = {
    "clip": _pair("two percentiles such as [5, 99]", 0, 100, rising=True),
    "normalise": _normalise,
    "power": _number("a power above 0, such as 2", 1e-3, 100),
    "threshold": _number("a threshold of 0 or more and below 1", 0, 0.999),
    "delay": _span,
    "attack": _span,
    "release": _span,
    "smooth": _span,
    "invert": _truth,
    "range": _pair("two numbers such as [0, 2]", -1e12, 1e12, rising=False),
    "accumulate": _truth,
}
