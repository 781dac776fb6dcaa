"""Pictures of pictures with labelled axes: what changes along the rows, and what along the columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor
from torch.nn.functional import interpolate

from renderer.errors import SinkError
from renderer.levels import to_uint8
from renderer.sheet import GAP, INK, LABEL, PAPER, checked_picture, save_picture

DIM = (140, 140, 148)
FONT = 13  # pixels
MAX_PIXELS = 100_000_000


@dataclass(frozen=True)
class Axes:
    """Hold the labels of rows and columns, what the axes are, and whether the first cell is left out."""

    rows: Sequence[str]
    columns: Sequence[str]
    what: str = ""
    no_corner: bool = False


def fit_cell(images: Tensor, side: int) -> Tensor:
    """Return images [N, C, h, w] of about `side` pixels: large ones averaged, small ones with pixels repeated."""
    height, width = images.shape[2:]
    scale = side / max(height, width)
    if scale < 1:
        return interpolate(images, (max(1, round(height * scale)), max(1, round(width * scale))), mode="area")
    return images if scale < 2 else interpolate(images, scale_factor=int(scale), mode="nearest")


def draw_axes(axes: Axes, rows: Iterable[Tensor], path: Path) -> Path:
    """Write rows of images, each [columns, 3, h, w] in 0..1, with their labels; they may come one after the other.

    Raises SinkError for a picture of another kind, or of more than 100 megapixels.
    """
    checked_picture(path)
    sheet: Image.Image | None = None
    for index, images in enumerate(rows):
        height, width = images.shape[2:]
        if sheet is None:
            sheet, left, top = paper(axes, width, height)
        for column, pixels in enumerate(to_uint8((images * 2 - 1).contiguous())):
            if axes.no_corner and index == column == 0:
                continue
            place = (left + column * (width + GAP), top + index * (height + GAP))
            sheet.paste(Image.fromarray(pixels), place)
    if sheet is None:
        raise SinkError(f"{path}: expected a row of images or more")
    return save_picture(sheet, path)


def paper(axes: Axes, width: int, height: int) -> tuple[Image.Image, int, int]:
    """Return an empty sheet with its labels, and where the first cell of (width, height) begins: left and top."""
    font = ImageFont.load_default(size=FONT)
    left = GAP + max([round(font.getlength(label)) for label in axes.rows] + [0]) + GAP
    top = GAP + LABEL * (2 if axes.what else 1)
    across = max(left + len(axes.columns) * (width + GAP), round(font.getlength(axes.what)) + 2 * GAP)
    down = top + len(axes.rows) * (height + GAP)
    if across * down > MAX_PIXELS:
        raise SinkError(f"the picture would have {across}x{down} pixels; show fewer rows or columns, or smaller ones")
    sheet = Image.new("RGB", (across, down), PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), axes.what, fill=DIM, font=font)
    for column, label in enumerate(axes.columns):
        middle = left + column * (width + GAP) + width / 2
        draw.text((middle, top - GAP / 2), label, fill=INK, font=font, anchor="ms")
    for row, label in enumerate(axes.rows):
        draw.text((left - GAP, top + row * (height + GAP) + height / 2), label, fill=INK, font=font, anchor="rm")
    return sheet, left, top
