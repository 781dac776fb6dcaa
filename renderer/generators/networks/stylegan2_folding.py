"""Doubling the size of a map, the filter behind it included, as one 3x3 convolution for each pixel of a square."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def before(taps: Sequence[float]) -> int:
    """Return how many pixels before its own the filter behind a doubling begins."""
    return (len(taps) + 1) // 2 - 1


def foldable(taps: Sequence[float]) -> bool:
    """Say whether 3x3 is enough for a doubling and its filter."""
    return len(taps) <= 4


def folded(weight: Tensor, taps: Sequence[float]) -> Tensor:
    """Return [4 * O, I, 3, 3]: a doubling by weight [O, I, 3, 3] and the filter behind it, for each pixel of a square.

    Doubling puts x[i] * weight[k] at 2 * i + k; the filter sums over m what lies at p + m - before. So pixel
    p = 2 * q + a sees x[q + d] by all taps[m] * weight[k] with a + m - before - k = 2 * d.
    """
    way = weight.new_zeros(2, 3, 3)  # [a, d + 1, k]
    for a in range(2):
        for m, tap in enumerate(taps):
            for k in range(3):
                d, rest = divmod(a + m - before(taps) - k, 2)
                if rest == 0:
                    way[a, d + 1, k] += tap
    return torch.einsum("ayk,bxl,oikl->aboiyx", way, way, weight).flatten(0, 2)


def woven(x: Tensor) -> Tensor:
    """Return [N, O, 2 * h, 2 * w] of [N, 4 * O, h, w], whose channels are the pixels of a square; channels last."""
    count, _, height, width = x.shape
    parts = x.permute(0, 2, 3, 1).reshape(count, height, width, 2, 2, -1)  # [N, h, w, a, b, O]
    return parts.transpose(2, 3).reshape(count, 2 * height, 2 * width, -1).permute(0, 3, 1, 2)
