"""Noise maps that are optimised with a latent, kept from becoming a second picture.

Source: Karras et al. 2019, arXiv:1912.04958, appendix D: noise of every layer is penalised, at several scales, where
it correlates with itself moved by a pixel, and brought to mean 0 and variance 1 after every step.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.base import Generator

WEIGHT = 1e5
COARSEST = 8  # pixels, below which maps are not averaged further

Noise = Mapping[str, Tensor]  # [N, 1, h, w] by layer


def first_noise(generator: Generator, count: int) -> dict[str, Tensor]:
    """Return the noise maps to start from, for `count` photos: the generator's own, or zeros where it has none."""
    own = generator.const_noise
    found = {}
    for name, shape in generator.noise_shapes.items():
        start = own[name] if name in own else torch.zeros(shape, device=generator.device)
        found[name] = start.detach().float().reshape(1, 1, *shape).repeat(count, 1, 1, 1)
    return found


def correlation(noise: Noise) -> Tensor:
    """Return how much maps correlate with themselves moved by a pixel, [N], squared and summed over scales."""
    total = next(iter(noise.values())).new_zeros(len(next(iter(noise.values()))))
    for held in noise.values():
        level = held
        while True:
            for axis in (2, 3):
                total = total + (level * level.roll(1, axis)).mean((1, 2, 3)).square()
            if min(level.shape[2:]) <= COARSEST:
                break
            level = functional.avg_pool2d(level, 2) * 2  # the mean of four, with their variance
    return total


@torch.no_grad()
def normalise(noise: Noise) -> None:
    """Bring maps to mean 0 and variance 1, in place."""
    for held in noise.values():
        held -= held.mean((1, 2, 3), keepdim=True)
        held *= held.square().mean((1, 2, 3), keepdim=True).clamp_min(1e-12).rsqrt()
