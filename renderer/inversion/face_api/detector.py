"""Where faces are: a small detector in the manner of Tiny YOLO v2, with depthwise separable convolutions.

Source: Redmon and Farhadi 2017, *YOLO9000*, for cells and anchors.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, leaky_relu, max_pool2d, pad

from renderer.inversion.face_api.weights import read_weights
from renderer.landmarks import Array

MEAN = (117.001, 114.697, 97.404)  # grey levels of R, G and B
ANCHORS = ((1.603231, 2.094468), (6.041143, 7.080126), (2.882459, 3.518061), (4.266906, 5.178857), (9.041765, 10.66308))
SIZES = (416, 800, 1600)  # pixels of the square looked at: the first for large faces, the others for groups
ENLARGED = 2  # times, at most
SURE = 0.5
SAME = 0.4  # overlap, as intersection over union, from which two boxes are of one face


def detect(image: Tensor) -> tuple[Array, Array]:
    """Return boxes [K, 4] (left, top, right, bottom in pixels) and scores [K] of faces, the surest first.

    image  float32 [3, H, W] of grey levels 0..255.
    """
    side = max(image.shape[1:])
    found = [look(image, size) for size in SIZES if size == SIZES[0] or size <= ENLARGED * side]
    boxes, scores = (np.concatenate(parts) for parts in zip(*found, strict=True))
    kept = apart(boxes, scores)
    return boxes[kept], scores[kept]


def look(image: Tensor, size: int) -> tuple[Array, Array]:
    """Return the boxes and scores of faces in a picture reduced to a square of `size` pixels."""
    height, width = image.shape[1:]
    side = max(height, width)
    reduced = (max(1, round(height * size / side)), max(1, round(width * size / side)))
    small = interpolate(image[None], reduced, mode="bilinear", antialias=True)
    square = pad(small, (0, size - reduced[1], 0, size - reduced[0]))
    cells = network((square - torch.tensor(MEAN).view(1, 3, 1, 1)) / 255)[0]  # [25, S, S]
    boxes, scores = boxes_of(cells.double())
    sure = scores > SURE
    return (boxes[sure] * side).numpy(), scores[sure].numpy()


def network(x: Tensor) -> Tensor:
    """Return what each cell says of each of its five anchors, [N, 25, S, S], of images [N, 3, 32 S, 32 S]."""
    held = read_weights("tiny_face_detector_model")
    x = leaky_relu(conv2d(x, held["conv0/filters"], held["conv0/bias"]), 0.1)
    for index in range(1, 6):
        x = max_pool2d(x, 2, ceil_mode=True)
        kernel = held[f"conv{index}/depthwise_filter"]
        x = conv2d(x, kernel, padding=1, groups=len(kernel))
        x = leaky_relu(conv2d(x, held[f"conv{index}/pointwise_filter"], held[f"conv{index}/bias"]), 0.1)
    x = max_pool2d(pad(x, (0, 1, 0, 1), value=-torch.inf), 2, stride=1)
    return conv2d(x, held["conv8/filters"], held["conv8/bias"])


def boxes_of(cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return boxes [K, 4] as shares of the square, and scores [K], of all anchors of all cells [25, S, S]."""
    count = cells.shape[-1]
    said = cells.reshape(len(ANCHORS), 5, count, count)
    row, column = torch.meshgrid(torch.arange(count), torch.arange(count), indexing="ij")
    centre = torch.stack([column + said[:, 0].sigmoid(), row + said[:, 1].sigmoid()], dim=-1)
    half = said[:, 2:4].exp().movedim(1, -1) * torch.tensor(ANCHORS)[:, None, None] / 2
    boxes = torch.cat([centre - half, centre + half], dim=-1) / count
    return boxes.reshape(-1, 4), said[:, 4].sigmoid().reshape(-1)


def apart(boxes: Array, scores: Array) -> list[int]:
    """Return the indices of boxes that no surer one overlaps, the surest first."""
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if all(overlap(boxes[index], boxes[other]) < SAME for other in kept):
            kept.append(int(index))
    return kept


def overlap(a: Array, b: Array) -> float:
    """Return the intersection of two boxes over their union."""
    shared = np.prod(np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None))
    return float(shared / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared))
