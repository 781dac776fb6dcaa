"""Deforum's schedules, such as `0:(1.0), 30:(1.05+0.02*sin(2*3.14*t/60))`, as signals of a scene.

A number is a keyframe, with straight lines between numbers; a formula counts at every frame until the next key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from renderer.errors import ValueProblem
from renderer.importing.formula import formula, frame_names
from renderer.importing.term import Term, straight

EXAMPLE = "0:(1.0), 30:(1.05+0.02*sin(2*3.14*t/60))"
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)$")


@dataclass(frozen=True)
class Place:
    """Hold what a schedule is counted by: frames a second, and where they are known the film's frames and its seed."""

    fps: float
    max_frames: int | None = None
    seed: int | None = None

    @property
    def names(self) -> dict[str, Term]:
        """Return what a formula may use."""
        return frame_names(self.fps, self.max_frames, self.seed)


def signal_of(schedule: str, place: Place) -> float | str | dict[str, Any]:
    """Return a schedule as a scene writes it: a number, an expression, or keyframes.

    Raises ValueProblem for what does not read as a schedule, and for what scenes cannot say.
    """
    keys = dict(sorted(read_keys(schedule, place).items()))
    if place.max_frames is not None:
        keys = {frame: value for frame, value in keys.items() if frame < place.max_frames}
        if not keys:
            raise ValueProblem(f"{schedule!r} has no key before frame {place.max_frames}, where the film ends")
    terms = {frame: formula(value, place.names) for frame, value in keys.items()}
    moving = {frame for frame, value in keys.items() if not _NUMBER.match(value)}
    first = next(iter(terms))
    if len(terms) == 1 and (first == 0 or terms[first].constant is not None):
        return written(terms[first])
    return dict(key_frames(terms, moving, lambda frame: value_at(keys[frame], frame, place)))


def key_frames(terms: Mapping[int, Term], moving: set[int], value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keys of a signal; from the frames in `moving` on a formula counts, `value` gives that of a key."""
    frames = list(terms)
    if frames[0] > 0 and frames[0] in moving:  # what was before is what the formula begins with
        yield "0f", {"value": value(frames[0]), "hold": f"{frames[0]}f"}
    for frame, after in zip(frames, [*frames[1:], None], strict=True):
        said = written(terms[frame])
        if frame in moving and after is not None:
            yield f"{frame}f", {"value": said, "hold": f"{after - frame}f"}
        else:
            yield f"{frame}f", said
        if frame not in moving and after is not None and after in moving and after - frame > 1:
            way = (after - 1 - frame) / (after - frame)  # straight to where the formula begins, and not after it
            yield f"{after - 1}f", round(value(frame) + (value(after) - value(frame)) * way, 12)


def written(term: Term) -> float | str:
    """Return a term as it stands in a scene."""
    return term.text if term.constant is None else plain(term.constant)


def plain(value: float) -> float | int:
    """Return a number to 12 digits, whole where it is."""
    short = float(f"{value:.12g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def value_at(text: str, frame: int, place: Place) -> float:
    """Return the value of a key at a frame."""
    found = formula(text, {**place.names, "t": straight(0, frame)}).constant
    if found is None:
        raise ValueProblem(f"{text!r} has no value at frame {frame} that is known beforehand; write a number")
    return plain(found)


def read_keys(schedule: str, place: Place) -> dict[int, str]:
    """Return the keys of a schedule: frames, and the text of their values without brackets and quotes."""
    keys = {}
    for part in filter(None, map(str.strip, split(schedule))):
        frame, colon, value = part.partition(":")
        value = value.strip().strip("\"'").strip()
        if not colon or not value:
            raise ValueProblem(f"expected a schedule such as {EXAMPLE}, got {part!r}")
        keys[frame_of(frame, place)] = unwrapped(value)
    if not keys:
        raise ValueProblem(f"expected a schedule such as {EXAMPLE}, got {schedule!r}")
    return keys


def frame_of(text: str, place: Place) -> int:
    """Return the frame of a key, which may be a formula of max_f and s."""
    text = text.strip().strip("\"'")
    found = formula(text, {name: term for name, term in place.names.items() if name != "t"}).constant
    if found is None or found < 0:
        raise ValueProblem(f"expected a frame from 0 on before the colon, got {text!r}")
    return int(found)


def split(schedule: str) -> Iterator[str]:
    """Yield the parts of a schedule between commas that stand in no bracket."""
    depth, begin = 0, 0
    for at, letter in enumerate(schedule):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            yield schedule[begin:at]
            begin = at + 1
    if depth:
        raise ValueProblem(f"brackets do not match in {schedule!r}")
    yield schedule[begin:]


def unwrapped(value: str) -> str:
    """Return a value without the brackets round a plain number, so that it counts as one."""
    inner = value
    while inner.startswith("(") and inner.endswith(")"):
        inner = inner[1:-1].strip().strip("\"'").strip()
    return inner if _NUMBER.match(inner) else value
