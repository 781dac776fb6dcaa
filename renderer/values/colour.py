"""A colour as scenes write it: a name of CSS, or '#ffcc88'."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from renderer.errors import ValueProblem, nearest
from renderer.values.parsed import Parsed, show


@dataclass(frozen=True)
class Colour(Parsed):
    """Hold a colour as sRGB, each of red, green and blue from 0 to 1."""

    written: Any
    rgb: tuple[float, float, float]

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "description": "A colour: white, or '#ffcc88'"}

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the colour of a name, or of a text such as '#ffcc88'."""
        from PIL import ImageColor

        try:
            red, green, blue = ImageColor.getrgb(written)[:3]
        except (ValueError, AttributeError, TypeError):
            hint = nearest(written, ImageColor.colormap) if isinstance(written, str) else ""
            if written is None:
                hint = "; YAML takes what follows a bare # for a comment, so write it in quotes"
            raise ValueProblem(f"expected a colour such as white or '#ffcc88', got {show(written)}{hint}") from None
        return cls(written, (red / 255, green / 255, blue / 255))
