"""Images as what files hold: uint8, the last axis the channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.kernels.pool import each

Frames = NDArray[np.uint8]  # [N, H, W, C]
STRIP = 131072  # pixels that a thread converts at a time


def to_uint8(images: Tensor) -> Frames:
    """Return images [N, C, H, W] in -1..1 as uint8 [N, H, W, C]: x * 127.5 + 128, clamped, truncated."""
    if images.device.type == "cpu" and images.dtype == torch.float32:
        return _by_kernel(images)
    return _by_torch(images).cpu().numpy()


def begin_uint8(images: Tensor) -> Callable[[], Frames]:
    """Begin what `to_uint8` does, and return what gives the frames when they are there.

    From a GPU they are copied, as grey levels, to pinned memory while it goes on with what is asked of it next.
    """
    if images.device.type != "cuda":
        frames = to_uint8(images)
        return lambda: frames
    levels = _by_torch(images)
    pinned = torch.empty(levels.shape, dtype=torch.uint8, pin_memory=True)
    pinned.copy_(levels, non_blocking=True)
    arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
    arrived.record()

    def wait() -> Frames:
        arrived.synchronize()
        return pinned.numpy()

    return wait


def _by_torch(images: Tensor) -> Tensor:
    levels = images.mul(127.5).add_(128).clamp_(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous()


def _by_kernel(images: Tensor) -> Frames:
    from renderer.generators.kernels.grey_levels import to_levels  # takes a quarter of a second

    count, channels, height, width = images.shape
    levels = np.empty((count, height, width, channels), np.uint8)
    last = images.permute(0, 2, 3, 1)
    if last.is_contiguous():  # channels last already: as if all channels of a pixel were pixels of one
        source, target = last.reshape(count, 1, height, -1).numpy(), levels.reshape(count, height, -1, 1)
    else:
        source, target = images.contiguous().numpy(), levels
    step = max(1, STRIP // width)

    def strip(place: tuple[int, int]) -> None:
        index, top = place
        to_levels(source[index], target[index], top, min(top + step, height))

    each(strip, [(index, top) for index in range(count) for top in range(0, height, step)])
    return levels
