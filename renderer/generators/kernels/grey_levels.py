"""Images as grey levels, in one pass over memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.generators.kernels.functions import F, compiled


@compiled
def to_levels(images: NDArray[np.float32], levels: NDArray[np.uint8]) -> None:
    """Write an image [C, H, W] in -1..1 as levels [H, W, C]: x * 127.5 + 128, clamped, truncated."""
    channels, height, width = images.shape
    for row in range(height):
        for c in range(channels):
            line, out = images[c, row], levels[row, :, c]
            for i in range(width):
                out[i] = np.uint8(np.int32(min(max(line[i] * F(127.5) + F(128), F(0)), F(255))))
@compiled
def to_levels3(images, levels):
    channels, height, width = images.shape
    for row in range(height):
        a,b,c, out = images[0, row],images[1, row],images[2, row], levels[row]
        for i in range(width):
            out[i,0] = np.uint8(np.int32(min(max(a[i] * F(127.5) + F(128), F(0)), F(255))))
            out[i,1] = np.uint8(np.int32(min(max(b[i] * F(127.5) + F(128), F(0)), F(255))))
            out[i,2] = np.uint8(np.int32(min(max(c[i] * F(127.5) + F(128), F(0)), F(255))))
