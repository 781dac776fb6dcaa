"""A range of Hz as scenes write it: a name such as kick or bass, or [low, high]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import ValueProblem, nearest
from renderer.values.parsed import Parsed, is_number, show

NAMED = {
    "sub": (20.0, 60.0), "bass": (60.0, 250.0), "low-mid": (250.0, 500.0), "mid": (500.0, 4000.0),
    "high": (4000.0, 12000.0),
    "kick": (20.0, 150.0), "snare": (150.0, 2500.0), "hats": (7000.0, 12000.0),
}  # fmt: skip


@dataclass(frozen=True)
class Band(Parsed):
    """Hold a range of Hz."""

    written: Any
    low: float
    high: float

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"enum": list(NAMED)},
            {"type": "array", "items": {"type": "number", "minimum": 0}, "minItems": 2, "maxItems": 2},
        ],
        "description": "A range of Hz: [20, 150], or sub, bass, low-mid, mid, high, kick, snare, hats",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the range of a name or of [low, high]."""
        if isinstance(written, str) and written in NAMED:
            return cls(written, *NAMED[written])
        low, high = written if isinstance(written, list | tuple) and len(written) == 2 else (None, None)
        if is_number(low) and is_number(high) and 0 <= low < high:
            return cls(written, float(low), float(high))
        hint = nearest(written, NAMED) if isinstance(written, str) else ""
        raise ValueProblem(
            f"expected a range of Hz such as [20, 150], or {', '.join(NAMED)}; got {show(written)}{hint}"
        )
