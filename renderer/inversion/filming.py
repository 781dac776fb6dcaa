"""Films of projections: photos on the left, and on the right how their latents came nearer."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.directions.model import Model, Progress, silent
from renderer.sinks import SINKS, Sink, SinkSpec, sink_for

FPS = Fraction(30)
HOLD = 30  # frames for which the last picture stays


def frames_of(path: Tensor) -> int:
    """Return how many frames the film of a path [moments, T, num_ws, w_dim] has."""
    return len(path) + HOLD


def film_sink(file: Path, size: tuple[int, int], photos: int, frames: int) -> Sink:
    """Return the sink of a film; raise SinkError where it cannot be written."""
    height, width = size
    spec = SinkSpec(path=file, width=2 * width, height=photos * height, fps=FPS, frames=frames)
    return sink_for(str(file), SINKS)(spec)


def write_film(file: Path, model: Model, photos: Tensor, path: Tensor, progress: Progress = silent) -> None:
    """Write the film of a path [moments, T, num_ws, w_dim] towards photos [T, 3, H, W] in -1..1."""
    with film_sink(file, (photos.shape[2], photos.shape[3]), len(photos), frames_of(path)) as sink:
        for frame in _frames(model, photos, path):
            sink.write(frame)
            progress(1)


def _frames(model: Model, photos: Tensor, path: Tensor) -> Iterator[NDArray[np.uint8]]:
    left = column(photos.mul(0.5).add(0.5))
    for moment in range(frames_of(path)):
        if moment < len(path):
            right = column(torch.cat([model.images(ws[None]) for ws in path[moment]]))
        yield np.concatenate([left, right], 2)


def column(pictures: Tensor) -> NDArray[np.uint8]:
    """Return pictures [T, 3, H, W] in 0..1 one below the other, as a frame [1, T * H, W, 3]."""
    levels = pictures.clamp(0, 1).mul(255).round().to(torch.uint8).permute(0, 2, 3, 1)
    return levels.reshape(1, -1, *levels.shape[2:]).cpu().numpy()
