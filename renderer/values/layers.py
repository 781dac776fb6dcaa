"""Layers as scenes write them: `coarse`, `8-13`, `4`, a list of these, or a map giving each its own amount."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

from renderer.errors import ValueProblem, at_key, gather_list, nearest
from renderer.values.parsed import Parsed, show
from renderer.values.signal import Signal

Band = Literal["coarse", "middle", "fine", "all"]
BANDS: tuple[Band, ...] = ("coarse", "middle", "fine", "all")
EXPECTED_LAYERS = "layers such as coarse, middle, fine, all, 4 or 8-13"

_RANGE = re.compile(r"([0-9]{1,4})(?:\s*-\s*([0-9]{1,4}))?$")


@dataclass(frozen=True)
class LayerRange:
    """Hold a band by name, or rows first to last of ws, counted from 0, both included."""

    written: Any
    band: Band | None = None
    first: int = 0
    last: int = 0


@dataclass(frozen=True)
class Layers(Parsed):
    """Hold layers with the amount of each, a signal."""

    written: Any
    amounts: tuple[tuple[LayerRange, Signal], ...]

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["string", "integer", "array", "object"],
        "description": "Layers: coarse, middle, fine, all, 4, 8-13, a list of these, or {coarse: 0.2, 8-13: 1}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the layers of a name, a number, a range, a list or a map to amounts."""
        if isinstance(written, dict):
            amounts = gather_list(written.items(), lambda pair: pair[0], _range_and_amount)
        else:
            parts = written if isinstance(written, list) else [written]
            ranges = gather_list(enumerate(parts), lambda item: item[0], lambda item: _range(item[1]))
            amounts = [(one, Signal.parse(1)) for one in ranges]
        if not amounts:
            raise ValueProblem(f"expected {EXPECTED_LAYERS}, got nothing")
        return cls(written, tuple(amounts))


def _range_and_amount(pair: tuple[Any, Any]) -> tuple[LayerRange, Signal]:
    with at_key():
        layers = _range(pair[0])
    return layers, Signal.parse(pair[1])


def _range(written: Any) -> LayerRange:
    text = str(written).strip() if isinstance(written, str | int) else ""
    if text in BANDS:
        return LayerRange(written, band=text)
    match = _RANGE.match(text)
    if match is None or isinstance(written, bool):
        raise ValueProblem(f"expected {EXPECTED_LAYERS}, got {show(written)}{nearest(text, BANDS)}")
    first, last = int(match[1]), int(match[2] or match[1])
    if last < first:
        raise ValueProblem(f"expected layers from low to high, got {first}-{last}; did you mean {last}-{first}?")
    return LayerRange(written, None, first, last)
