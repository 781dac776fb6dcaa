"""The soundtrack of a film as scenes write it: a file, or a map with the part of it that is used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem
from renderer.values.parsed import Parsed, is_number, show
from renderer.values.time import Time

OPTIONS = ("file", "start", "end", "gain", "fade", "loop")
MAX_GAIN = 100.0


@dataclass(frozen=True)
class Audio(Parsed):
    """Hold which file is heard, from `start` to `end` of it, how loud (a factor), and how it fades and repeats.

    `fade` is the length of a fade in and out, `loop` that of the cross-fade between the end and the beginning where
    the song repeats; None where it does not.
    """

    written: Any
    file: str
    start: Time | None = None
    end: Time | None = None
    gain: float = 1.0
    fade: Time | None = None
    loop: Time | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "minLength": 1, "description": "The sound: WAV, FLAC, MP3, a video ..."},
                    "start": {**Time.json_schema, "description": "Where in the file the film begins"},
                    "end": {**Time.json_schema, "description": "Where in the file it ends"},
                    "gain": {"type": "number", "minimum": 0, "description": "How loud: 1 leaves it, 0.5 is half"},
                    "fade": {**Time.json_schema, "description": "Length of a fade in and of a fade out"},
                    "loop": {**Time.json_schema, "description": "Repeat it, cross-faded over so long"},
                },
                "required": ["file"],
                "additionalProperties": False,
            },
        ],
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the soundtrack of a file name or of a map such as {file: song.mp3, start: 30s}."""
        if not isinstance(written, dict):
            return cls(written, _file(written))
        gather = Gather()
        gather.unknown(written, OPTIONS, "option of audio")
        if "file" not in written:
            gather.note("audio has no file; write {file: song.mp3}")
        file, gain = gather.part(written, "file", _file), gather.part(written, "gain", _gain)
        times = {name: gather.part(written, name, Time.parse) for name in ("start", "end", "fade", "loop")}
        gather.check()
        return cls(written, file or "", gain=1.0 if gain is None else gain, **times)


def _file(written: Any) -> str:
    if not isinstance(written, str) or not written.strip():
        raise ValueProblem(
            f"expected a sound file such as song.mp3, or {{file: song.mp3, start: 30s}}, got {show(written)}"
        )
    return written


def _gain(written: Any) -> float:
    if not is_number(written) or not 0 <= written <= MAX_GAIN:
        raise ValueProblem(f"expected a gain, a factor from 0 to {MAX_GAIN:g}, got {show(written)}")
    return float(written)
