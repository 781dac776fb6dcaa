"""The loop: a timeline and a generator in, batches of uint8 frames out, for any range of frames.

Work is done in batches that lie on a fixed grid over the film, whatever range is asked for. So every frame is
always computed at the same row of a batch of the same shape, and comes out bit-equal, alone or in the film.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.fitting import fit
from renderer.timeline.timeline import Timeline

LATENT_CHUNK = 32  # frames whose latents are computed at a time
QUEUE_BYTES = 64 * 1024**2  # frames that wait for the encoder, at most
Frames = NDArray[np.uint8]  # [N, H, W, C]


def render_frames(timeline: Timeline, start: int, stop: int, size: tuple[int, int], batch: int) -> Iterator[Frames]:
    """Yield frames start to stop, uint8 [n, H, W, C] with n up to `batch`; size is (width, height) in pixels.

    Frames beyond the film's end are rendered like any other: a frame is a function of its time.
    """
    chunk = batch * max(1, LATENT_CHUNK // batch)
    for first in range(start - start % chunk, stop, chunk):
        times = timeline.times(first, first + chunk)
        latents = timeline.at(times)
        for row in range(0, chunk, batch):
            wanted = slice(max(start - first - row, 0), min(stop - first - row, batch))
            if wanted.start < wanted.stop:
                rows = slice(row, row + batch)
                yield to_uint8(_images(timeline, latents.ws[rows], times[rows], size)[wanted])


@torch.no_grad()
def _images(timeline: Timeline, ws: Tensor, times: NDArray[np.float64], size: tuple[int, int]) -> Tensor:
    """Return images [N, C, height, width] in -1..1 of one batch."""
    inputs = timeline.synthesis_inputs(times)
    images = timeline.generator.synthesis(
        ws,
        noise_mode=inputs.noise_mode,
        noise=inputs.noise or None,
        transform=inputs.transform,
        taps=inputs.tap if inputs.taps else None,
    )
    return timeline.finish(fit(images.float(), size, timeline.plan.scene.fit.how), times)


def to_uint8(images: Tensor) -> Frames:
    """Return images [N, C, H, W] in -1..1 as uint8 [N, H, W, C]: x * 127.5 + 128, clamped, truncated."""
    grey = images.mul(127.5).add_(128).clamp_(0, 255).to(torch.uint8)
    return grey.permute(0, 2, 3, 1).contiguous().cpu().numpy()


def default_batch(timeline: Timeline, size: tuple[int, int]) -> int:
    """Return how many frames to synthesise at a time: what fits the caches of a CPU, or fills a GPU."""
    generator = timeline.generator
    pixels = size[0] * size[1] if generator.any_size else generator.img_size[0] * generator.img_size[1]
    if generator.device.type != "cpu":
        return max(1, min(16, 8 * 1024 * 1024 // pixels))
    return max(1, min(8, 2 * 1024 * 1024 // pixels)) if generator.any_size else 1
