"""Times as scenes write them (`2.5s`, `1:02.5`, `60f`, `8b`, `bar 17`, `50%`, `drop + 2s`) and their clock."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from renderer.errors import ValueProblem, expected, nearest
from renderer.values.beats import BeatGrid
from renderer.values.parsed import Parsed, is_number, plain, show

Array = NDArray[np.float64]
EXPECTED_TIME = "a time such as 2.5s, 400ms, 1:02.5, 60f, 8b, bar 17, 50% or drop + 2s"
KNOWN_UNITS = "s, ms, f (frames), b (beats), bars and %"
UNITS = {"s": "s", "ms": "ms", "f": "f", "b": "b", "bar": "bars", "bars": "bars", "%": "%"}

BEATS = ("b", "bars")
MAX_SECONDS = 1e9  # 31 years; what is longer is a slip of the pen

_NUMBER = r"(?P<number>[0-9]{1,15}(?:\.[0-9]*)?|\.[0-9]+)"
_AMOUNT = re.compile(rf"{_NUMBER}\s*(?P<unit>[A-Za-z]+|%)?$")
_CLOCK = re.compile(r"(?:(?P<hours>[0-9]{1,6}):)?(?P<minutes>[0-9]{1,6}):(?P<seconds>[0-5]?[0-9](?:\.[0-9]*)?)$")
_BAR = re.compile(rf"bar\s+{_NUMBER}$")
_MARKER = re.compile(r"[^\W\d]\w*$")
_SUM = re.compile(r"\s*(?P<sign>[+-])?\s*(?P<term>[^+-]+)")


class Term(NamedTuple):
    """Hold one part of a time: `amount` of a `unit`, or the marker named by `unit` when amount is None."""

    unit: str
    amount: float | None
    sign: int = 1


@dataclass(frozen=True)
class Time(Parsed):
    """Hold a time as written; a `Clock` turns it into seconds."""

    written: Any
    terms: tuple[Term, ...]

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["number", "string"],
        "description": "A time: 2.5 or 2.5s, 400ms, 1:02.5, 60f, 8b (beats), 2bars, bar 17, 50%, marker + 2s",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the time of a number of seconds or of a text."""
        if is_number(written):
            if not math.isfinite(written):
                raise ValueProblem(f"expected {EXPECTED_TIME}, got {show(written)}")
            if abs(written) > MAX_SECONDS:
                raise ValueProblem(f"expected a time of at most {MAX_SECONDS:.0f} s, got {show(written)}")
            return cls(written, (Term("s", abs(float(written)), -1 if written < 0 else 1),))
        if not isinstance(written, str) or not written.strip():
            raise ValueProblem(f"expected {EXPECTED_TIME}, got {show(written)}")
        return cls(written, tuple(_terms(written)))

    @property
    def is_relative(self) -> bool:
        """Say whether the time needs the span of its entry (a percentage)."""
        return any(term.unit == "%" for term in self.terms)

    @property
    def word(self) -> str | None:
        """Return the word that the time is, if it is only one: a marker, or a misspelt option."""
        (first, *more) = self.terms
        return first.unit if first.amount is None and not more else None

    def __str__(self) -> str:
        return plain(self.written)


def _terms(text: str) -> list[Term]:
    terms: list[Term] = []
    at = 0
    while at < len(text.rstrip()):
        match = _SUM.match(text, at)
        if match is None or (terms and match["sign"] is None):
            raise ValueProblem(f"expected {EXPECTED_TIME}, got {show(text)}")
        term = _term(match["term"].strip(), text)
        terms.append(term._replace(sign=-1 if match["sign"] == "-" else 1))
        at = match.end()
    return terms


def _term(part: str, whole: str) -> Term:
    if match := _BAR.match(part):
        return Term("bar", float(match["number"]))
    if match := _CLOCK.match(part):
        hours, minutes = int(match["hours"] or 0), int(match["minutes"])
        return Term("s", 3600 * hours + 60 * minutes + float(match["seconds"]))
    if match := _AMOUNT.match(part):
        unit = match["unit"] or "s"
        if unit not in UNITS:
            raise ValueProblem(
                f"unknown unit {unit!r} in time {show(whole)}{nearest(unit, UNITS)}; known are {KNOWN_UNITS}"
            )
        amount = float(match["number"])
        return Term("s", amount / 1000) if unit == "ms" else Term(UNITS[unit], amount)
    if _MARKER.match(part):
        return Term(part, None)
    raise ValueProblem(f"expected {EXPECTED_TIME}, got {show(whole)}")


UNKNOWN_TIME = Time(None, (Term("s", math.nan),))  # stands for a marker that is wrong; what counts from it is not


class Span(NamedTuple):
    """Hold the seconds at which an entry starts and ends."""

    start: float
    end: float

    @property
    def length(self) -> float:
        """Return the seconds between start and end."""
        return self.end - self.start


@dataclass(frozen=True)
class Clock:
    """Turn written times into seconds.

    fps is frames per second as the scene writes it, tempo beats per minute or None, offset the seconds of the
    first beat, markers named seconds, duration the seconds of the film or None while it is not known yet. find_beats
    returns the beats where they are not those of a tempo, but given one by one or found in the song. origin is where
    written seconds count from.
    """

    fps: float
    tempo: float | None = None
    beats_per_bar: int = 4
    offset: float = 0.0
    markers: Mapping[str, float] = field(default_factory=dict)
    duration: float | None = None
    find_beats: Callable[[], BeatGrid] | None = None
    origin: float = 0.0

    def within(self, start: float) -> Clock:
        """Return the clock of a part of the film that counts from its own start: seconds, beats and bars."""
        if self.find_beats is None:
            return replace(self, origin=start, offset=start)
        return replace(self, origin=start, find_beats=lambda: self.grid.counted_from(start))

    @property
    def counts_beats(self) -> bool:
        """Say whether there are beats to count by."""
        return self.tempo is not None or self.find_beats is not None

    @cached_property
    def grid(self) -> BeatGrid:
        """Return the beats; raises ValueProblem where there are none."""
        if self.find_beats is not None:
            return self.find_beats()
        if self.tempo is None:
            raise ValueProblem("the scene has no tempo; write e.g. tempo: 120")
        return BeatGrid(self.tempo, self.offset, self.beats_per_bar)

    @property
    def film(self) -> Span:
        """Return the span of the whole film."""
        if self.duration is None:
            raise ValueProblem("the film has no duration yet")
        return Span(0.0, self.duration)

    def position(self, time: Time, span: Span | None = None) -> float:
        """Return the seconds of a point in time; beats and bars count from the first beat."""
        return self._position(time, span) + (self.origin if time.terms[0].unit in ("s", "f") else 0.0)

    def _position(self, time: Time, span: Span | None) -> float:
        if self.find_beats is not None and any(term.unit in BEATS for term in time.terms):
            return self._on_grid(time, span)
        anchored = any(term.unit in BEATS for term in time.terms[:1])
        return (self.offset if anchored else 0.0) + self._sum(time, span, point=True)

    def length(self, time: Time, span: Span | None = None) -> float:
        """Return the seconds of a stretch of time, such as a fade or a period."""
        return self._sum(time, span, point=False)

    def beats_at(self, t: Array) -> Array:
        """Return the beats since the first one at times t [N] in seconds."""
        return self.grid.beats(t)

    def _on_grid(self, time: Time, span: Span | None) -> float:
        """Return the seconds of a point in time whose terms in beats go along the beats, wherever these are."""
        grid = self.grid
        first, *more = time.terms
        beats = {"b": 1, "bars": grid.beats_per_bar}
        if first.unit in beats:
            seconds = float(grid.seconds(first.sign * (first.amount or 0.0) * beats[first.unit]))
        else:
            seconds = self._sum(replace(time, terms=(first,)), span, point=True)
        for term in more:
            if term.unit in beats:
                on = float(grid.beats(seconds)) + term.sign * (term.amount or 0.0) * beats[term.unit]
                seconds = float(grid.seconds(on))
            else:
                seconds += self._sum(replace(time, terms=(term,)), span, point=True)
        return seconds

    def _sum(self, time: Time, span: Span | None, *, point: bool) -> float:
        seconds = math.fsum(term.sign * self._term(term, time, span, point=point) for term in time.terms)
        if math.isnan(seconds):
            raise ValueProblem(f"{show(time.written)} counts from a marker that is wrong", ())
        if abs(seconds) > MAX_SECONDS:
            raise ValueProblem(f"expected a time of at most {MAX_SECONDS:.0f} s, got {show(time.written)}")
        return seconds

    def _term(self, term: Term, time: Time, span: Span | None, *, point: bool) -> float:
        unit, amount = term.unit, term.amount
        if amount is None:
            if not point:
                raise ValueProblem(f"expected a length of time such as 2s or 4b, got {show(time.written)}")
            if unit not in self.markers:
                known = expected(unit, self.markers) if self.markers else "; the scene has no markers"
                raise ValueProblem(f"unknown marker {unit!r}{known}")
            return self.markers[unit]
        if unit == "s":
            return amount
        if unit == "f":
            return amount / self.fps
        if unit == "%":
            within = span or self.film
            return (within.start if point else 0.0) + amount / 100 * within.length
        if unit == "bar" and point and self.find_beats is not None:
            return float(self.grid.seconds((amount - 1) * self.grid.beats_per_bar))
        beat = 60 / self._tempo(time.written)
        if unit == "b":
            return amount * beat
        if unit == "bars":
            return amount * self.beats_per_bar * beat
        if not point:
            raise ValueProblem(f"expected a length of time such as 2bars, got the position {show(time.written)}")
        return self.offset + (amount - 1) * self.beats_per_bar * beat

    def _tempo(self, written: Any) -> float:
        if self.find_beats is not None:
            return self.grid.tempo
        if self.tempo is None:
            raise ValueProblem(f"{show(written)} counts beats, but the scene has no tempo; write e.g. tempo: 120")
        return self.tempo
