"""Lay the grain of a film over the picture."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from renderer import Frame, ImageEffect, Signal, Time, hookimpl, keep_neutral, luma, param, per_picture, split_alpha


class Grain(ImageEffect):
    """Lay the grain of a film over the picture: new at every `period`, strongest in the middle tones.

    x + amount * noise * 4 b (1 - b) + a quarter of amount * noise, where b is the brightness and the noise normal. It
    belongs to times and not to frames, and its size to the picture and not to pixels. Alpha is left as it is.
    """

    name = "grain"
    jumps: ClassVar[bool] = True
    example: ClassVar[str] = "- walk: {keys: 3}\n- grain: {amount: 0.2, size: 0.02, period: 100ms}"

    amount: Signal = param(0.05, description="Strength: standard deviation in the middle tones, 0 to 1")
    size: float = param(0.002, ge=0.0005, le=0.5, description="Size of a grain, in parts of the height, 0.0005 to 0.5")
    period: Time = param("42ms", description="How long a grain is seen; a loop fits whole periods")
    color: bool = param(False, description="true: red, green and blue have grains of their own")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the grainy pictures; where the amount is 0, the very same."""
        colours, alpha = split_alpha(x)
        bright = luma(colours).clamp(0, 1)
        response = bright * (1 - bright) * 3.2 + 0.2
        noise = torch.cat([self.noise(colours, rng) for rng in frame.rngs(p.period)])
        grainy = (colours + per_picture(p.amount) * response * noise).clamp(0, 1)
        return keep_neutral(x, torch.cat([grainy, alpha], 1), p.amount == 0)

    def noise(self, x: Tensor, rng: np.random.RandomState) -> Tensor:
        """Return normal noise [1, 1 or C, H, W], as wide as the grain, for pictures x."""
        rows = round(1 / self.size)
        shape = (x.shape[1] if self.color else 1, rows, max(1, round(rows * x.shape[3] / x.shape[2])))
        seeded = torch.Generator().manual_seed(int(rng.randint(2**31)))
        fine = torch.randn(1, *shape, generator=seeded).to(x.device)
        noise = interpolate(fine, x.shape[2:], mode="bicubic", antialias=True)
        return noise / noise.std()


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Grain)
