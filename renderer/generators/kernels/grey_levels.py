"""Images as grey levels, in one pass over memory."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from renderer.generators.kernels.functions import F
from renderer.generators.kernels.jit import STRICT, kernel


@partial(kernel, freedom=STRICT)  # two roundings, as everybody has them; one would change levels
def to_levels(images: NDArray[np.float32], levels: NDArray[np.uint8], top: int, bottom: int) -> None:
    """Write rows of an image [C, H, W] in -1..1 as levels [H, W, C]: x * 127.5 + 128, clamped, truncated."""
    channels, _, width = images.shape
    for row in range(top, bottom):
        for c in range(channels):
            line, out = images[c, row], levels[row, :, c]
            for i in range(width):
                out[i] = np.uint8(np.int32(min(max(line[i] * F(127.5) + F(128), F(0)), F(255))))
