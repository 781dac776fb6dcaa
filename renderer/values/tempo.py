"""The tempo and the beats as scenes write them: beats per minute, `auto` with hints, or the seconds of every beat."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem, gather_list, nearest
from renderer.values.parsed import Parsed, is_number, is_whole, show

MAX_TEMPO, MAX_DOWNBEAT = 1000.0, 64
OPTIONS = ("hint", "tracker", "downbeat")
EXPECTED = "beats per minute such as 120, or auto, or {hint: 90}"


@dataclass(frozen=True)
class Tempo(Parsed):
    """Hold beats per minute, or None where they are found in the song, and what helps to find them.

    `hint` is about how fast it is, `tracker` who listens, `downbeat` which of its beats begins bar 1, counted from 1.
    """

    written: Any
    bpm: float | None = None
    hint: float | None = None
    tracker: str = "librosa"
    downbeat: int | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "number", "exclusiveMinimum": 0, "maximum": MAX_TEMPO},
            {"enum": ["auto"]},
            {
                "type": "object",
                "properties": {
                    "hint": {"type": "number", "description": "About how many beats per minute there are"},
                    "tracker": {"type": "string", "description": "Who finds the beats: librosa, or one of a plugin"},
                    "downbeat": {"type": "integer", "description": "Which beat of the song begins bar 1"},
                },
                "minProperties": 1,
                "additionalProperties": False,
            },
        ],
        "description": "Beats per minute; auto: found in the song; {hint: 90}: found, near to this",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the tempo of a number, of auto, or of a map of hints."""
        if is_number(written):
            return cls(written, _bpm(written))
        if isinstance(written, dict) and written:
            gather = Gather()
            gather.unknown(written, OPTIONS, "option of tempo")
            hint, tracker = gather.part(written, "hint", _bpm), gather.part(written, "tracker", _name)
            downbeat = gather.part(written, "downbeat", _downbeat)
            gather.check()
            return cls(written, None, hint, tracker or "librosa", downbeat)
        if written != "auto":
            guess = nearest(written, ["auto"]) if isinstance(written, str) else ""
            raise ValueProblem(f"expected {EXPECTED}, got {show(written)}{guess}")
        return cls(written)


@dataclass(frozen=True)
class BeatList(Parsed):
    """Hold the seconds of every beat since the start of the sound file, or the file that has them, one on each line."""

    written: Any
    times: tuple[float, ...] = ()
    file: str = ""

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "number"}, "minItems": 2}],
        "description": "The seconds of every beat: a list, or a file with one on each line",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the beats of a file name or of a list of seconds."""
        if isinstance(written, str) and written.strip():
            return cls(written, file=written.strip())
        if not isinstance(written, list):
            raise ValueProblem(f"expected a file of beats, or a list of seconds, got {show(written)}")
        places = {index: index for index in range(len(written))}
        times = gather_list(places, lambda index: index, lambda index: _seconds(written[index]))
        check_rising(times)
        return cls(written, tuple(times))


def check_rising(times: list[float]) -> None:
    """Raise ValueProblem unless there are two times or more, each later than the one before."""
    if len(times) < 2:
        raise ValueProblem(f"expected two beats or more, got {len(times)}")
    for before, after in pairwise(times):
        if after <= before:
            raise ValueProblem(f"expected beats that are ever later, but {after:g}s follows {before:g}s")


def read_beats(text: str) -> tuple[list[float], int]:
    """Return the seconds in the lines of a file, and the index of the first that begins a bar.

    The first number of a line counts; a second one is the beat's number in its bar, as beat annotations have it.
    Lines that begin with # are left out. Raises ValueProblem naming the line.
    """
    times, numbers = [], []
    for count, line in enumerate(text.splitlines(), 1):
        words = line.replace(",", " ").replace(";", " ").split()
        if not words or words[0].startswith("#"):
            continue
        try:
            times.append(float(words[0]))
        except ValueError as error:
            raise ValueProblem(f"line {count}: expected the seconds of a beat, got {show(words[0])}") from error
        numbers.append(words[1] if len(words) > 1 else "")
    check_rising(times)
    return times, next((i for i, number in enumerate(numbers) if number in ("1", "1.0")), 0)


def _bpm(written: Any) -> float:
    if not is_number(written) or not 0 < written <= MAX_TEMPO:
        raise ValueProblem(f"expected beats per minute above 0 and at most {MAX_TEMPO:g}, got {show(written)}")
    return float(written)


def _name(written: Any) -> str:
    if not isinstance(written, str) or not written:
        raise ValueProblem(f"expected the name of a beat tracker, got {show(written)}")
    return written


def _downbeat(written: Any) -> int:
    if not is_whole(written) or not 1 <= written <= MAX_DOWNBEAT:
        raise ValueProblem(f"expected which beat begins bar 1, from 1 to {MAX_DOWNBEAT}, got {show(written)}")
    return written


def _seconds(written: Any) -> float:
    if not is_number(written) or not abs(written) < 1e7:
        raise ValueProblem(f"expected the seconds of a beat, got {show(written)}")
    return float(written)
