"""A text, or texts that come one after another, as scenes write them: {0s: Hello, bar 3: 'and again'}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem, at_key
from renderer.values.parsed import Parsed, show
from renderer.values.time import Time


@dataclass(frozen=True)
class Text(Parsed):
    """Hold texts, and the time at which each begins; one without a time is there all along."""

    written: Any
    lines: tuple[tuple[Time | None, str], ...]

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "string"},
            {"type": "object", "additionalProperties": {"type": ["string", "null"]}},
        ],
        "description": "A text, or a map of times to texts: {0s: Hello, 2s: ''}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the texts of one text or of a map of times to texts."""
        if isinstance(written, str):
            return cls(written, ((None, written),))
        if not isinstance(written, dict) or not written:
            wanted = "a text, or a map of times to texts such as {0s: Hello, 2s: Goodbye}"
            raise ValueProblem(f"expected {wanted}, got {show(written)}")
        gather, lines = Gather(), []
        for key, text in written.items():
            with gather.below(key):
                with at_key():
                    time = Time.parse(key)
                if text is not None and not isinstance(text, str):
                    raise ValueProblem(f"expected a text, got {show(text)}; write it in quotes")
                lines.append((time, text or ""))
        gather.check()
        return cls(written, tuple(lines))


@dataclass(frozen=True)
class TimedText:
    """Hold texts in the order in which they come, and the seconds at which each begins."""

    times: tuple[float, ...]
    lines: tuple[str, ...]
