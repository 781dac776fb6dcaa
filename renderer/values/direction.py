"""Directions as scenes write them: a name of the generator's, a file, or a map giving each its own amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import ValueProblem, at_key, gather_list
from renderer.values.latent import INDEXED, LATENT_SUFFIXES
from renderer.values.parsed import Parsed, show
from renderer.values.signal import Signal


@dataclass(frozen=True)
class DirectionSource:
    """Hold where one direction comes from: a `name` of the generator's, or a `file` and an index into it."""

    written: Any
    name: str = ""
    file: str = ""
    index: int | None = None


@dataclass(frozen=True)
class Directions(Parsed):
    """Hold one or many directions with the amount of each, a signal."""

    written: Any
    amounts: tuple[tuple[DirectionSource, Signal], ...]

    json_schema: ClassVar[dict[str, Any]] = {
        "type": ["string", "object"],
        "description": "A direction: hue (a name of the generator's), smile.npy, or {hue: 1, smile.npy: 'sin(4s)'}",
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the directions of a name, a file or a map to amounts."""
        pairs = written.items() if isinstance(written, dict) else [(written, 1)]
        amounts = gather_list(pairs, lambda pair: pair[0] if isinstance(written, dict) else None, _with_amount)
        if not amounts:
            raise ValueProblem("expected at least one direction, got {}")
        return cls(written, tuple(amounts))


def _with_amount(pair: tuple[Any, Any]) -> tuple[DirectionSource, Signal]:
    with at_key():
        direction = _direction(pair[0])
    return direction, Signal.parse(pair[1])


def _direction(written: Any) -> DirectionSource:
    if not isinstance(written, str) or not written.strip():
        many = "; write several as {hue: 1, zoom: -0.5}" if isinstance(written, list) else ""
        raise ValueProblem(f"expected the name of a direction or a file, got {show(written)}{many}")
    text = written.strip()
    if match := INDEXED.match(text):
        return DirectionSource(written, file=match["file"], index=int(match["index"]))
    if text.endswith(LATENT_SUFFIXES) or "/" in text:
        return DirectionSource(written, file=text)
    return DirectionSource(written, name=text)
