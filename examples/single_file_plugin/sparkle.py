"""A plugin of one file: put it into a folder and name that folder.

render examples/single_file_plugin/scene.yaml --plugins-dir examples/single_file_plugin
"""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Film, Frame, ImageEffect, Signal, Time, hookimpl, param

latentreel_api = 1  # the version of the API that this is written for


class Sparkle(ImageEffect):
    """Scatter stars that twinkle over the picture.

    image + amount * glow * (1 - image), where each star glows while its own smooth noise is above 0.
    """

    name = "sparkle"
    example: ClassVar[str] = "- walk: {keys: 3}\n- sparkle: {amount: 0.9, stars: 40}"

    amount: Signal = param(0.7, description="How bright; 0 is none")
    stars: int = param(24, ge=1, le=500, description="How many")
    reach: float = param(0.05, gt=0, le=1, description="Length of the rays, in parts of the picture's height")
    period: Time = param("600ms", description="How long a star takes to come or go")

    def prepare(self, film: Film) -> Tensor:
        """Choose where the stars are: (y, x) in 0..1, float32 [stars, 2]."""
        places = film.rng("places").uniform(0, 1, (self.stars, 2))
        return torch.as_tensor(places, dtype=torch.float32, device=film.generator.device)

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return images [N, C, H, W] with the stars screened over them."""
        height, width = x.shape[-2:]
        light = p.amount[:, None] * frame.noise(p.period, (self.stars,)).clamp(0, 1)  # [N, stars]
        down = self.distances(frame.prepared[:, 0], height, 1.0)  # [stars, H]
        across = self.distances(frame.prepared[:, 1], width, width / height)  # [stars, W]
        glow = torch.zeros(len(x), height, width, device=x.device)
        for star in range(self.stars):  # added one by one, so that no batch rounds otherwise
            ray, core = (torch.exp(-across[star] / size) for size in (self.reach, self.reach / 8))
            fall, thin = (torch.exp(-down[star] / size) for size in (self.reach, self.reach / 8))
            shape = torch.outer(thin, ray) + torch.outer(fall, core)  # a cross [H, W]
            glow = glow + light[:, star, None, None] * shape
        return x + glow.clamp(max=1)[:, None] * (1 - x)

    def distances(self, places: Tensor, pixels: int, length: float) -> Tensor:
        """Return how far each pixel of a row or column is from each star, in parts of the height."""
        centres = (torch.arange(pixels, device=places.device) + 0.5) / pixels
        return (centres - places[:, None]).abs() * length


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Sparkle)
