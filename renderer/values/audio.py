"""The soundtrack as scenes write it: a file, or a map that says which part of it, how loud, and whether it repeats."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem
from renderer.values.loop import Loop
from renderer.values.parsed import Parsed, is_number, show
from renderer.values.time import Time

OPTIONS = ("file", "start", "end", "gain", "fade", "loop")
FADES = ("in", "out")
MAX_GAIN = 100.0
_DECIBELS = re.compile(r"([+-]?[0-9]{1,3}(?:\.[0-9]{1,6})?)\s*dB$")


@dataclass(frozen=True)
class Audio(Parsed):
    """Hold the file of a soundtrack, and in seconds which part of it is heard.

    The film begins at `start` of the song (below 0: before the song); `gain` is a factor; `blend` is how long the end
    of a song that repeats fades over into its beginning.
    """

    written: Any
    file: str
    start: float = 0.0
    end: float | None = None
    gain: float = 1.0
    fade_in: float = 0.0
    fade_out: float = 0.0
    loop: bool = False
    blend: float = 0.0

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "minLength": 1, "description": "The song, or a film with sound"},
                    "start": {**Time.json_schema, "description": "Where in the song the film begins"},
                    "end": {**Time.json_schema, "description": "Where in the song it ends"},
                    "gain": {"type": ["number", "string"], "description": "Loudness: a factor, or decibels as -6dB"},
                    "fade": {
                        "type": ["number", "string", "object"],
                        "description": "Fade in and out: 2s, or {in: 0s, out: 3s}",
                    },
                    "loop": {**Loop.json_schema, "description": "Repeat the song; {blend: 1s} cross-fades"},
                },
                "required": ["file"],
                "additionalProperties": False,
            },
        ],
        "description": "A song, or {file: song.mp3, start: 30s, end: 1:30, gain: 0.8, fade: 2s, loop: true}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the soundtrack of the name of a file, or of a map."""
        if not isinstance(written, dict):
            return cls(written, _file(written))
        gather = Gather()
        gather.unknown(written, OPTIONS, "option of audio")
        if "file" not in written:
            gather.note("expected the file of the song, such as {file: song.mp3}")
        file = gather.part(written, "file", _file)
        start = gather.part(written, "start", song_time)
        end = gather.part(written, "end", song_time)
        gain = gather.part(written, "gain", _gain)
        fades = gather.part(written, "fade", _fades)
        loop, blend = gather.part(written, "loop", _loop) or (False, 0.0)
        gather.check()
        own = {"start": start, "end": end, "gain": gain, **(fades or {})}
        given = {name: value for name, value in own.items() if value is not None}
        return cls(written, file or "", loop=loop, blend=blend, **given)


def song_time(written: Any, *, least: float = -math.inf) -> float:
    """Return the seconds of a time in a song, which knows neither beats nor the film's frames."""
    time = Time.parse(written)
    if any(term.unit != "s" or term.amount is None for term in time.terms):
        raise ValueProblem(f"expected a time of the song, such as 30s, 400ms or 1:02.5, got {show(written)}")
    seconds = math.fsum(term.sign * term.amount for term in time.terms if term.amount is not None)
    if seconds < least:
        raise ValueProblem(f"expected {least:g}s or more, got {show(written)}")
    return seconds


_length = partial(song_time, least=0.0)


def _file(written: Any) -> str:
    if not isinstance(written, str) or not written:
        raise ValueProblem(f"expected the name of a file such as song.mp3, got {show(written)}")
    return written


def _gain(written: Any) -> float:
    match = _DECIBELS.match(written.strip()) if isinstance(written, str) else None
    gain = 10 ** (float(match[1]) / 20) if match else written
    if not is_number(gain) or not 0 <= gain <= MAX_GAIN:
        raise ValueProblem(f"expected a gain such as 0.8 or -6dB, up to {MAX_GAIN:g}, got {show(written)}")
    return float(gain)


def _fades(written: Any) -> dict[str, float]:
    if not isinstance(written, dict):
        length = _length(written)
        return {"fade_in": length, "fade_out": length}
    gather = Gather()
    gather.unknown(written, FADES, "end of a fade")
    lengths = {f"fade_{end}": gather.part(written, end, _length) for end in FADES}
    gather.check()
    return {name: length or 0.0 for name, length in lengths.items()}


def _loop(written: Any) -> tuple[bool, float]:
    loop, gather, blend = Loop.parse(written), Gather(), 0.0
    if loop.blend is not None:
        with gather.below("blend"):
            blend = _length(loop.blend.written)
    gather.check()
    return loop.closed, blend
