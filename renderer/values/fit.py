"""How the images of a model of another size come into the frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, cast, get_args

from renderer.errors import ValueProblem, nearest
from renderer.values.parsed import Parsed, show

FitMode = Literal["cover", "contain", "blur", "native"]
PadMode = Literal["mirror", "tile", "stretch"]  # how a network's input goes on beyond what it was trained with
FIT_MODES: tuple[str, ...] = get_args(FitMode)
PAD_MODES: tuple[str, ...] = get_args(PadMode)


@dataclass(frozen=True)
class Fit(Parsed):
    """Hold how images come into the frame, and how a network's input goes on where it makes the shape itself."""

    written: Any
    how: FitMode = "cover"
    pad: PadMode = "mirror"

    json_schema: ClassVar[dict[str, Any]] = {
        "anyOf": [
            {"enum": list(FIT_MODES)},
            {"type": "object", "properties": {"native": {"enum": list(PAD_MODES)}}, "additionalProperties": False},
        ],
    }

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the fit of cover, contain, blur, native or {native: mirror}."""
        if isinstance(written, str) and written in FIT_MODES:
            return cls(written, how=cast(FitMode, written))
        if isinstance(written, dict) and set(written) == {"native"}:
            if written["native"] in PAD_MODES:
                return cls(written, "native", written["native"])
            got = f"{show(written['native'])}{nearest(str(written['native']), PAD_MODES)}"
            raise ValueProblem(f"expected native: {', '.join(PAD_MODES[:-1])} or {PAD_MODES[-1]}, got {got}")
        guess = nearest(written, FIT_MODES) if isinstance(written, str) else ""
        raise ValueProblem(f"expected cover, contain, blur, native or {{native: mirror}}, got {show(written)}{guess}")
