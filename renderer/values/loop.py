"""Whether something begins anew where it ends, as scenes write it: true, false, or {blend: 1s}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import ValueProblem, gather_list
from renderer.values.parsed import Parsed, show
from renderer.values.time import Time


@dataclass(frozen=True)
class Loop(Parsed):
    """Hold whether it is a loop, and over which length its end blends into its beginning, if it does."""

    written: Any
    closed: bool = False
    blend: Time | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"type": "boolean"},
            {
                "type": "object",
                "properties": {"blend": Time.json_schema},
                "required": ["blend"],
                "additionalProperties": False,
            },
        ],
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the loop of true, false or {blend: 1s}."""
        if isinstance(written, bool):
            return cls(written, written)
        if isinstance(written, dict) and set(written) == {"blend"}:
            (blend,) = gather_list(["blend"], lambda name: name, lambda name: Time.parse(written[name]))
            return cls(written, True, blend)
        raise ValueProblem(f"expected true, false or {{blend: 1s}}, got {show(written)}")
