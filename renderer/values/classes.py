"""The class of a class-conditional generator as scenes write it: a number, or numbers keyed over time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from renderer.errors import Gather, ValueProblem
from renderer.values.expression import Expression
from renderer.values.parsed import Parsed, is_number, show
from renderer.values.signal import Signal

MAX_CLASS = 2**31 - 1
WANTED = "the number of a class, from 0 on"
KEYED = "classes over time such as {0s: 0, 2s: 3}"


@dataclass(frozen=True)
class Classes(Parsed):
    """Hold the number of a class, or of one class after another; `signal` holds them as its constant or its keys."""

    written: Any
    signal: Signal

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "object", "minProperties": 1}],
        "description": "A class of the model, or classes cross-faded over time: {0s: 0, 2s: 3, ease: in-out-sine}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the classes of a whole number or of a map from times to whole numbers."""
        if not isinstance(written, dict):
            return cls(written, Signal(written, value=_number(written, f"{WANTED}, or {KEYED}")))
        signal, gather = Signal.parse(written), Gather()
        for key in signal.keys:
            with gather.below(key.time.written):
                value = key.value.text if isinstance(key.value, Expression) else key.value
                _number(int(value) if isinstance(value, float) and value.is_integer() else value, WANTED)
        gather.check()
        return cls(written, signal)

    @property
    def numbers(self) -> dict[int, Any]:
        """Return every class in the order in which it first appears, with what names its key; None for a constant."""
        if self.signal.value is not None:
            return {int(self.signal.value): None}  # type: ignore[arg-type]
        found: dict[int, Any] = {}
        for key in self.signal.keys:
            found.setdefault(int(key.value), key.time.written)  # type: ignore[arg-type]
        return found

    def share(self, number: int) -> Signal:
        """Return how much of one class there is over time, as a signal from 0 to 1; those of all classes sum to 1."""
        if self.signal.value is not None:
            return replace(self.signal, value=float(self.signal.value == number))
        keys = (replace(key, value=float(key.value == number)) for key in self.signal.keys)
        return replace(self.signal, keys=tuple(keys))


def _number(written: Any, wanted: str) -> float:
    """Return the number of a class; one that is itself in motion would name no class."""
    if not is_number(written) or not 0 <= written <= MAX_CLASS or written != int(written):
        raise ValueProblem(f"expected {wanted}, got {show(written)}")
    return float(written)
