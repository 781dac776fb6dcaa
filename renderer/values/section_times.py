"""A section as scenes write it: when it starts, once or several times, and how long it takes to fade in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem, gather_list
from renderer.values.parsed import Parsed, show
from renderer.values.time import Time

OPTIONS = ("at", "fade", "timeline")


@dataclass(frozen=True)
class SectionTimes(Parsed):
    """Hold the starts of a section, none where they are found in the song, and the length of its fade."""

    written: Any
    starts: tuple[Time, ...] = ()
    fade: Time | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            Time.json_schema,
            {"type": "array", "items": Time.json_schema, "minItems": 1},
            {
                "type": "object",
                "properties": {
                    "at": {"anyOf": [Time.json_schema, {"type": "array", "items": Time.json_schema}]},
                    "fade": {**Time.json_schema, "description": "How long it fades over from the section before"},
                    "timeline": {"type": "array", "description": "Its own effects; times count from its start"},
                },
                "additionalProperties": False,
            },
        ],
        "description": "When it starts: bar 9, or [bar 9, bar 25], or {at: bar 9, fade: 1b, timeline: [...]}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the section of a time, of a list of times, or of a map; the reader takes out its timeline."""
        if not isinstance(written, dict):
            return cls(written, _starts(written))
        gather = Gather()
        gather.unknown(written, OPTIONS, "option of a section")
        starts, fade = gather.part(written, "at", _starts), gather.part(written, "fade", _fade)
        gather.check()
        return cls(written, starts or (), fade)


def _starts(written: Any) -> tuple[Time, ...]:
    if isinstance(written, list):
        if not written:
            raise ValueProblem("expected the times at which the section starts, got []")
        return tuple(gather_list(range(len(written)), lambda index: index, lambda index: _start(written[index])))
    return (_start(written),)


def _start(written: Any) -> Time:
    time = Time.parse(written)
    if time.is_relative:
        raise ValueProblem(f"expected a time without %, got {show(written)}")
    return time


def _fade(written: Any) -> Time:
    time = Time.parse(written)
    if time.is_relative or time.word:
        raise ValueProblem(f"expected a length of time such as 1b or 500ms, got {show(written)}")
    return time
