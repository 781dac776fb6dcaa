"""Contact sheets: frames of a film side by side, each with its time."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from renderer.api import iterate_frames
from renderer.errors import SinkError
from renderer.job import Job
from renderer.sinks.pixels import to_rgb

GAP, LABEL = 6, 20  # pixels
PAPER, INK = (18, 18, 20), (210, 210, 215)
FORMATS = (".png", ".jpg", ".jpeg", ".webp")


def sheet_frames(total: int, count: int) -> list[int]:
    """Return up to `count` frames spread evenly over a film of `total`, the first among them."""
    return sorted({index * total // count for index in range(min(count, total))})


def checked_picture(path: Path) -> Path:
    """Return the path of a picture; raise SinkError for a file of another kind."""
    if path.suffix.lower() not in FORMATS:
        raise SinkError(f"{path}: expected a picture for the sheet, such as sheet.png")
    return path


def make_sheet(
    job: Job, path: Path, count: int = 12, columns: int = 4, progress: Callable[[int], None] = lambda count: None
) -> Path:
    """Render `count` frames spread over the film and write them as one picture."""
    checked_picture(path)
    pictures = []
    for frame in sheet_frames(job.timeline.frames, count):
        (picture,) = iterate_frames(job, range(frame, frame + 1))
        pictures.append((f"{job.timeline.plan.time(frame):.2f}s", picture[0]))
        progress(1)
    return save_picture(lay_out(pictures, min(columns, len(pictures))), path)


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a picture, whole or not at all, and return its path; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    picture.save(part)
    part.replace(path)
    return path


def lay_out(pictures: list[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]], columns: int) -> Image.Image:
    """Return pictures [H, W, C] with their captions on one sheet; alpha is laid on black."""
    height, width = pictures[0][1].shape[:2]
    rows = math.ceil(len(pictures) / columns)
    cell = (width + GAP, height + GAP + LABEL)
    sheet = Image.new("RGB", (columns * cell[0] + GAP, rows * cell[1] + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=13)
    for index, (caption, pixels) in enumerate(pictures):
        left, top = GAP + index % columns * cell[0], GAP + index // columns * cell[1]
        picture = Image.fromarray(to_rgb(pixels[None])[0])
        sheet.paste(picture, (left, top))
        draw.text((left + 2, top + height + 2), caption, fill=INK, font=font)
    return sheet
