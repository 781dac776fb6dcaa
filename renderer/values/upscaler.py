"""The name of an upscaler as scenes write it: lanczos, or one that a plugin registers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from renderer.errors import ValueProblem
from renderer.values.parsed import Parsed, show

if TYPE_CHECKING:
    from torch import Tensor

Enlarge = Callable[["Tensor", tuple[int, int]], "Tensor"]  # images [N, 1 or 3, h, w] 0..1, (H, W) -> [N, C, H, W]
MakeUpscaler = Callable[[Path | None, Any], Enlarge]  # the file of a model or None, and the torch device


@dataclass(frozen=True)
class Upscaler(Parsed):
    """Hold the name of an upscaler; the timeline looks it up."""

    written: Any
    name: str

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "description": "An upscaler: lanczos, spandrel"}

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the upscaler of a name."""
        if not isinstance(written, str) or not written:
            raise ValueProblem(f"expected the name of an upscaler such as lanczos, got {show(written)}")
        return cls(written, written)
