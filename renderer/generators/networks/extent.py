"""How large the input of a StyleGAN2 is: 4x4 as trained, or more, so that its images become larger or wider.

The network is convolutional: what follows from an input of 4x7 is an image of 7/4 of the width, without retraining.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from renderer.errors import LatentreelError
from renderer.values.fit import PadMode

TRAINED = 4  # rows and columns of the input of every StyleGAN2
MAX_PIXELS = 64_000_000


@dataclass(frozen=True)
class Extent:
    """Hold the rows and columns of the input, and how it goes on beyond the trained ones, which stay in its middle.

    mirror reflects them at their outer cells, tile repeats them, stretch interpolates between them.
    """

    rows: int = TRAINED
    columns: int = TRAINED
    pad: PadMode = "mirror"

    @classmethod
    def covering(cls, height: int, width: int, resolution: int, pad: PadMode) -> Extent:
        """Return the extent whose images come nearest to (height, width), of at least the trained size.

        Raises LatentreelError for images beyond 64 megapixels.
        """
        shorter = max(TRAINED, round(TRAINED * min(height, width) / resolution))
        longer = max(shorter, round(shorter * max(height, width) / min(height, width)))
        extent = cls(shorter, longer, pad) if height <= width else cls(longer, shorter, pad)
        rows, columns = extent.shape(resolution)
        if rows * columns > MAX_PIXELS:
            megapixels = f"{rows * columns / 10**6:.0f} megapixels, more than {MAX_PIXELS // 10**6}"
            raise LatentreelError(f"this model would make images of {columns}x{rows}, {megapixels}")
        return extent

    @property
    def is_trained(self) -> bool:
        """Say whether this is the input that every StyleGAN2 was trained with."""
        return (self.rows, self.columns) == (TRAINED, TRAINED)

    def shape(self, resolution: int) -> tuple[int, int]:
        """Return (height, width) of a feature map that was trained at resolution x resolution."""
        return (self.rows * resolution // TRAINED, self.columns * resolution // TRAINED)

    def of_input(self, const: Tensor) -> Tensor:
        """Return the input [C, rows, columns] of the trained one [C, 4, 4]."""
        if self.is_trained:
            return const
        if self.pad == "stretch":
            shape = (self.rows, self.columns)
            return functional.interpolate(const[None], shape, mode="bilinear", align_corners=True)[0]
        rows, columns = (self._cells(count, const.device) for count in (self.rows, self.columns))
        return const[:, rows][:, :, columns]

    def of_noise(self, noise: Tensor) -> Tensor:
        """Return noise maps [..., height, width] of trained ones [..., R, R], repeated around them."""
        if self.is_trained:
            return noise
        resolution = noise.shape[-1]
        for axis, cells, length in zip((-2, -1), (self.rows, self.columns), self.shape(resolution), strict=True):
            first = (cells - TRAINED) // 2 * resolution // TRAINED
            noise = noise.index_select(axis, (torch.arange(length, device=noise.device) - first) % resolution)
        return noise

    def _cells(self, count: int, device: torch.device) -> Tensor:
        """Return which trained row or column each of `count` is, int64 [count]."""
        place = torch.arange(count, device=device) - (count - TRAINED) // 2
        if self.pad == "tile":
            return place % TRAINED
        around = place % (2 * TRAINED - 2)
        return torch.minimum(around, 2 * TRAINED - 2 - around)
