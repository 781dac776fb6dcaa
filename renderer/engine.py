"""The loop: a timeline and a generator in, batches of uint8 frames out, for any range of frames.

Work is done in batches that lie on a fixed grid over the film, whatever range is asked for. So every frame is
always computed at the same row of a batch of the same shape, and comes out bit-equal, alone or in the film.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

import torch

from renderer.levels import Frames, begin_uint8
from renderer.pictures import Footage, pictures_of
from renderer.timeline.timeline import Timeline

LATENT_CHUNK = 32  # frames whose latents are computed at a time
QUEUE_BYTES = 64 * 1024**2  # frames that wait for the encoder, at most


def render_frames(
    timeline: Timeline | Footage, start: int, stop: int, size: tuple[int, int], batch: int
) -> Iterator[Frames]:
    """Yield frames start to stop, uint8 [n, H, W, C] with n up to `batch`; size is (width, height) in pixels.

    Frames beyond the film's end are rendered like any other: a frame is a function of its time.
    """
    chunk, pictures = batch * max(1, LATENT_CHUNK // batch), pictures_of(timeline, size, batch)
    coming: deque[Callable[[], Frames]] = deque()
    for first in range(start - start % chunk, stop, chunk):
        images_at = pictures.look(timeline.times(first, first + chunk))
        for row in range(0, chunk, batch):
            wanted = slice(max(start - first - row, 0), min(stop - first - row, batch))
            if wanted.start < wanted.stop:
                images = images_at(slice(row, row + batch))
                coming.append(begin_uint8(images[wanted]))
                if len(coming) > ahead(timeline.generator.device):
                    yield coming.popleft()()
    yield from (take() for take in coming)


def ahead(device: torch.device) -> int:
    """Return how many batches to ask of a device before waiting for the first: a GPU works while frames are copied."""
    return 0 if device.type == "cpu" else 1


def default_batch(timeline: Timeline, size: tuple[int, int]) -> int:
    """Return how many frames to synthesise at a time: what fits the caches of a CPU, or fills a GPU."""
    generator = timeline.generator
    pixels = size[0] * size[1] if generator.any_size else generator.img_size[0] * generator.img_size[1]
    if generator.device.type != "cpu":
        return max(1, min(16, 8 * 1024 * 1024 // pixels))
    return max(1, min(8, 2 * 1024 * 1024 // pixels)) if generator.any_size else 1
