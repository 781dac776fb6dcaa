"""Parts of an expression of a scene as they are put together: their text, and what is known of their value."""

from __future__ import annotations

import math
from dataclasses import dataclass

CHOICE, COMPARE, SUM, PRODUCT, SIGN, POWER, ATOM = range(7)  # how tightly a text binds
MIN_PERIOD, MAX_PERIOD = 2e-3, 1e6  # seconds of an oscillator; beyond, the phase moves instead


def number(value: float) -> str:
    """Return a number as a scene writes it, to 12 digits."""
    return f"{value:.12g}"


@dataclass(frozen=True)
class Term:
    """Hold the text of a part; `line` is (slope, start) where it is start + slope*t, `truth` says that it is 0 or 1."""

    text: str
    level: int = ATOM
    line: tuple[float, float] | None = None
    truth: bool = False

    @property
    def constant(self) -> float | None:
        """Return its value where that never changes, else None."""
        return self.line[1] if self.line is not None and self.line[0] == 0 else None

    def within(self, level: int) -> str:
        """Return the text for a place that binds so tightly, in brackets where it must be."""
        return self.text if self.level >= level else f"({self.text})"


def straight(slope: float, start: float) -> Term:
    """Return the term of start + slope*t, with t in seconds."""
    if slope == 0:
        return Term(number(start), ATOM if start >= 0 else SIGN, (0.0, start))
    moving = "t" if slope == 1 else "-t" if slope == -1 else f"{number(slope)}*t"
    if start == 0:
        return Term(moving, PRODUCT if slope > 0 else SIGN, (slope, 0.0))
    joined = f"{number(start)} {'-' if slope < 0 else '+'} {moving.removeprefix('-')}"
    return Term(joined, SUM, (slope, start))


def joined(left: Term, sign: str, right: Term) -> Term:
    """Return a sum or a difference."""
    if left.line is not None and right.line is not None:
        way = 1 if sign == "+" else -1
        return straight(left.line[0] + way * right.line[0], left.line[1] + way * right.line[1])
    other = right.within(SUM if sign == "+" else PRODUCT)
    if sign == "+" and other.startswith("-"):
        sign, other = "-", other.removeprefix("-")
    return Term(f"{left.within(SUM)} {sign} {other}", SUM)


def times(left: Term, right: Term) -> Term:
    """Return a product."""
    for one, other in ((left, right), (right, left)):
        if one.constant is not None and other.line is not None:
            return straight(one.constant * other.line[0], one.constant * other.line[1])
    return Term(f"{left.within(PRODUCT)}*{right.within(PRODUCT)}", PRODUCT, truth=left.truth and right.truth)


def negative(term: Term) -> Term:
    """Return the term with the other sign."""
    return times(straight(0, -1), term) if term.line is not None else Term(f"-{term.within(SIGN)}", SIGN)


def called(name: str, *terms: Term, truth: bool = False) -> Term:
    """Return the call of a function of the language."""
    return Term(f"{name}({', '.join(term.text for term in terms)})", truth=truth)


def sine(angle: Term, shift: float = 0.0) -> Term:
    """Return the sine of an angle in radians, `shift` rounds ahead: an oscillator with a period, as scenes have it."""
    slope, start = angle.line if angle.line is not None else (math.nan, 0.0)
    if slope == 0:
        return straight(0, math.sin(start + math.tau * shift))
    period = math.tau / abs(slope)
    if not MIN_PERIOD <= period <= MAX_PERIOD:  # no straight line, or too steep a one
        rounds = joined(Term(f"{angle.within(PRODUCT)}/tau", PRODUCT), "+", straight(-1, shift))
        return Term(f"sin(1s, phase={rounds.text})")
    phase = start / math.tau + shift
    if slope < 0:  # sin(-x) is -sin(x), half a round later
        phase = 0.5 - phase
    phase = round(phase % 1, 12) % 1
    ahead = f", phase={number(phase)}" if phase else ""
    return Term(f"sin({number(period)}s{ahead})")
