"""How one clip of a film gives way to the next, as scenes write it: cut, {crossfade: 1s}, {wipe: 1s}."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast, get_args

from renderer.errors import KEY, ValueProblem, expected, gather_list
from renderer.values.parsed import Parsed, show
from renderer.values.time import Time

TransitionKind = Literal["cut", "crossfade", "dissolve", "wipe"]
KINDS: tuple[str, ...] = get_args(TransitionKind)


@dataclass(frozen=True)
class Transition(Parsed):
    """Hold how a clip takes over from the one before it, and how long both are seen."""

    written: Any
    kind: TransitionKind = "cut"
    length: Time | None = None

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"const": "cut"},
            {
                "type": "object",
                "properties": dict.fromkeys(KINDS[1:], Time.json_schema),
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": False,
            },
        ],
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the transition of cut or {crossfade: 1s}."""
        if written == "cut":
            return cls(written)
        if written in KINDS:
            raise ValueProblem(f"expected a length with it, such as {{{written}: 1s}}")
        if isinstance(written, dict) and len(written) == 1:
            (kind,) = written
            if kind in KINDS[1:]:
                (length,) = gather_list([kind], lambda name: name, lambda name: Time.parse(written[name]))
                return cls(written, cast(TransitionKind, kind), length)
            message = f"unknown transition {show(kind)}{expected(str(kind), KINDS)}"
            raise ValueProblem(message, [((kind, KEY), message)])
        guess = expected(written, KINDS) if isinstance(written, str) else ""
        raise ValueProblem(
            f"expected cut, or one of {{crossfade: 1s}}, {{dissolve: 1s}}, {{wipe: 1s}}, got {show(written)}{guess}"
        )
