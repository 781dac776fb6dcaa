"""What a machine can do at its best: multiply matrices, convolve, copy memory."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from renderer.bench.clock import timed
from renderer.generators.load import DTYPES

COPIED = 32 * 1024**2  # numbers of four bytes: more than fit into any cache


@dataclass(frozen=True)
class Ceiling:
    """Hold the most operations a second that were measured in one precision, a product and its sum as two.

    matmul  of square matrices.
    conv    of a 3x3 convolution, channels last.
    """

    matmul: float
    conv: float

    @property
    def best(self) -> float:
        """Return the higher of both."""
        return max(self.matmul, self.conv)


@torch.no_grad()
def ceiling(device: torch.device, dtype: str, seconds: float) -> Ceiling:
    """Measure the ceiling of a device in a precision, for about so many seconds."""
    precision, is_cpu = DTYPES[dtype], device.type == "cpu"
    side, channels, pixels = (1536, 256, 128) if is_cpu else (8192, 512, 256)
    a, b = (torch.randn(side, side, device=device).to(precision) for _ in range(2))
    matmul = 2 * side**3 / min(timed(lambda: a @ b, device, seconds / 2))
    x = torch.randn(1, channels, pixels, pixels, device=device).to(precision, memory_format=torch.channels_last)
    weight = torch.randn(channels, channels, 3, 3, device=device).to(precision, memory_format=torch.channels_last)
    times = timed(lambda: functional.conv2d(x, weight, padding=1), device, seconds / 2)
    return Ceiling(matmul, 2 * weight.numel() * pixels**2 / min(times))


def memory_speed(device: torch.device, seconds: float) -> float:
    """Return bytes a second that are read and written where a large array is copied into another."""
    source, target = torch.zeros(COPIED, device=device), torch.zeros(COPIED, device=device)
    return 8 * COPIED / min(timed(lambda: target.copy_(source), device, seconds))
