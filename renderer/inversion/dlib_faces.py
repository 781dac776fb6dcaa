"""Faces by dlib, with a file of its 68 points that the user has; `pip install latentreel[dlib]` brings a built dlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from renderer.errors import PhotoError
from renderer.landmarks import POINTS, Face, Finder, Pixels

SMALL = 1000  # pixels of the longer side, below which the picture is doubled so that small faces are found


def dlib_finder(file: Path | None) -> Finder:
    """Return the finder that uses dlib's detector of frontal faces and the points of a file.

    Raises PhotoError where dlib is not installed, and for a file that is missing or another one.
    """
    try:
        import dlib
    except ImportError as error:
        raise PhotoError("--landmarks dlib: dlib is not installed; pip install 'latentreel[dlib]'") from error
    if file is None:
        raise PhotoError(
            "--landmarks dlib: say where its points are: --landmarks-file shape_predictor_68_face_landmarks.dat"
        )
    try:
        predict = dlib.shape_predictor(str(file))
    except RuntimeError as error:
        raise PhotoError(f"{file}: not a file of dlib's landmarks: {str(error).splitlines()[0]}") from error
    detect = dlib.get_frontal_face_detector()

    def find(pixels: Pixels) -> list[Face]:
        """Return the faces of a picture, the surest first."""
        boxes, scores, _ = detect.run(np.ascontiguousarray(pixels), int(max(pixels.shape[:2]) < SMALL), 0.0)
        shapes = [predict(pixels, box) for box in boxes]
        if any(shape.num_parts != POINTS for shape in shapes):
            raise PhotoError(f"{file}: expected {POINTS} points of a face, this file gives {shapes[0].num_parts}")
        return [Face(_points(shape), min(1.0, score)) for shape, score in zip(shapes, scores, strict=True)]

    return find


def _points(shape: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([(shape.part(index).x, shape.part(index).y) for index in range(POINTS)], np.float64)
