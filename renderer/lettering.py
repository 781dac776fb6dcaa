"""Texts as pictures, set by Pillow in a font of its own or in that of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import ValueProblem
from renderer.mixing import straight
from renderer.values.colour import Colour

EM = 160  # pixels of a letter's height in which texts are drawn
SPACING, OUTLINE = EM // 5, EM // 16  # pixels between lines, and of a line round letters


def draw_text(text: str, color: Colour, outline: Colour | None = None, font: Path | None = None) -> Tensor:
    """Return a text of one line or more as a picture, float32 [1, 4, h, w], with 160 pixels for the height of a letter.

    The middle of its lines is that of the picture. Raises ValueProblem for a file that is no font.
    """
    from PIL import Image, ImageDraw

    width = 0 if outline is None else OUTLINE
    how: dict[str, Any] = {"font": read_font(font), "spacing": SPACING, "anchor": "mm", "stroke_width": width}
    lines = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = lines.multiline_textbbox((0, 0), text, align="center", **how)
    across, down = (int(max(-first, last)) + 2 for first, last in ((left, right), (top, bottom)))
    canvas = Image.new("RGBA", (2 * across, 2 * down))
    how |= {"fill": _levels(color), "stroke_fill": _levels(outline or color)}
    ImageDraw.Draw(canvas).multiline_text((across, down), text, align="center", **how)
    laid_on_black = torch.from_numpy(np.array(canvas)).permute(2, 0, 1)[None] / 255
    return straight(laid_on_black)


def read_font(path: Path | None) -> Any:
    """Return the font of a file, or Pillow's own."""
    from PIL import ImageFont

    if path is None:
        return ImageFont.load_default(EM)
    try:
        return ImageFont.truetype(path, EM)
    except OSError as error:
        raise ValueProblem(f"{path.name}: not a font that can be read: {error}") from error


def _levels(color: Colour) -> tuple[int, ...]:
    return tuple(round(level * 255) for level in color.rgb)
