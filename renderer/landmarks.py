"""Faces in a picture by their 68 landmarks, and what finds them: the contract of the hook `register_landmarks`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
POINTS = 68


@dataclass(frozen=True)
class Face:
    """Hold one face: its points [68, 2], x to the right and y down in pixels, and how sure it is, from 0 to 1.

    The points are numbered as dlib's: 0-16 jaw, 17-26 brows, 27-35 nose, 36-41 the eye at the left of the picture,
    42-47 the eye at its right, 48-67 mouth.
    """

    points: Array
    score: float = 1.0

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Return left, top, right and bottom of the points."""
        (left, top), (right, bottom) = self.points.min(axis=0), self.points.max(axis=0)
        return float(left), float(top), float(right), float(bottom)

    @property
    def width(self) -> float:
        """Return the width of the points in pixels."""
        return self.box[2] - self.box[0]


Finder = Callable[[Pixels], list[Face]]  # of a picture in sRGB, uint8 [H, W, 3]
Maker = Callable[[Path | None], Finder]  # of the file that the user names for it, or None
