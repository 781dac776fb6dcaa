"""From a picture to its faces: detect boxes, then find the points in each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from renderer.errors import PhotoError
from renderer.inversion.face_api.detector import detect
from renderer.inversion.face_api.points import SIZE, points_of
from renderer.landmarks import Array, Face, Finder, Pixels

SMALLEST = 2  # pixels of a box


def face_api_finder(file: Path | None = None) -> Finder:
    """Return the finder; it takes no file of its own."""
    if file is not None:
        raise PhotoError(f"{file}: the landmarks of face-api come with latentreel and take no file")
    return find_faces


@torch.inference_mode()
def find_faces(pixels: Pixels) -> list[Face]:
    """Return the faces of a picture uint8 [H, W, 3], the surest first."""
    image = torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
    boxes, scores = detect(image)
    inside = within(boxes, image.shape[2], image.shape[1])
    boxes, scores = boxes[inside], scores[inside]
    return [Face(points_in(image, box), float(score)) for box, score in zip(boxes, scores, strict=True)]


def within(boxes: Array, width: int, height: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell the boxes [K, 4] whose middle is in the picture from those that were seen beside it."""
    middles, sizes = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    return np.asarray(((middles >= 0) & (middles < (width, height)) & (sizes >= SMALLEST)).all(axis=1))


def points_in(image: Tensor, box: Array) -> Array:
    """Return the points [68, 2] in pixels of the face in a box of an image [3, H, W] of grey levels."""
    height, width = image.shape[1:]
    left, top = (max(0, int(edge)) for edge in np.floor(box[:2]))
    right, bottom = min(width, int(box[2])), min(height, int(box[3]))
    part = image[:, top:bottom, left:right]
    side = max(part.shape[1:])
    across, down = (side - part.shape[2]) // 2, (side - part.shape[1]) // 2
    square = pad(part, (across, side - part.shape[2] - across, down, side - part.shape[1] - down))
    small = interpolate(square[None], (SIZE, SIZE), mode="bilinear", antialias=True)
    return points_of(small)[0].double().numpy() * side + (left - across, top - down)
