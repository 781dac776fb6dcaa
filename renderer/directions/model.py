"""A model as directions need it: the facts that their files tell of it, and how its latents are spread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.generators.base import Generator
from renderer.generators.fingerprint import fingerprint

Progress = Callable[[int], None]
CHUNK = 1000  # latents mapped at a time
SPREAD_SAMPLES = 20_000  # mapping costs little beside synthesis


def silent(count: int) -> None:
    """Take progress that nobody wants to see."""


@dataclass(frozen=True)
class Spread:
    """Hold the mean [w_dim] and the covariance [w_dim, w_dim] of w, float64, over `count` samples."""

    mean: Tensor
    covariance: Tensor
    count: int

    def sigma(self, vector: Tensor) -> float:
        """Return the standard deviation of w along a unit vector [w_dim], or of ws along one of [rows, w_dim]."""
        rows = vector.double().reshape(-1, vector.shape[-1])
        return float((len(rows) * (rows @ self.covariance * rows).sum()).clamp_min(0).sqrt())

    @cached_property
    def root(self) -> Tensor:
        """Return the square root [w_dim, w_dim] of the covariance."""
        values, axes = torch.linalg.eigh(self.covariance)
        root: Tensor = (axes * values.clamp_min(0).sqrt()) @ axes.T
        return root


@dataclass(frozen=True)
class Model:
    """Hold a generator, how its user called it, and the labels c [1, c_dim] under which it is looked at, if any."""

    generator: Generator
    name: str
    c: Tensor | None = None

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Return what files of directions tell about their model."""
        return {"model": Path(self.name).name, "model_hash": fingerprint(self.generator)}

    def map(self, z: Tensor, psi: float = 1.0) -> Tensor:
        """Return ws [N, num_ws, w_dim] of z [N, z_dim]."""
        c = None if self.c is None else self.c.expand(len(z), -1)
        with torch.no_grad():
            return self.generator.mapping(z.to(self.generator.device), c, truncation_psi=psi).float()

    def images(self, ws: Tensor) -> Tensor:
        """Return RGB images [N, 3, H, W] in 0..1, on the CPU, of ws [N, num_ws, w_dim]."""
        with torch.no_grad():
            images = self.generator.synthesis(ws.to(self.generator.device)).float().cpu()
        images = images.mul(0.5).add_(0.5).clamp_(0, 1)
        return images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)

    @property
    def batch(self) -> int:
        """Return how many images to synthesise at a time."""
        return max(1, min(8, 64 * 1024 * 1024 // self.generator.working_elements))


def sampled(model: Model, count: int, seed: int, progress: Progress = silent) -> Iterator[Tensor]:
    """Yield w [n, w_dim], float64, of `count` standard normal z; the draws are those of GANSpace for the seed."""
    source = np.random.RandomState(seed)
    for first in range(0, count, CHUNK):
        size = min(CHUNK, count - first)
        z = torch.from_numpy(source.standard_normal(size * model.generator.z_dim).reshape(size, -1)).float()
        yield model.map(z)[:, 0].double().cpu()
        progress(size)


def spread_of(model: Model, count: int = SPREAD_SAMPLES, seed: int = 0, progress: Progress = silent) -> Spread:
    """Return the spread of w over `count` samples, which are never held together."""
    size = model.generator.w_dim
    total, products = torch.zeros(size, dtype=torch.float64), torch.zeros(size, size, dtype=torch.float64)
    shift = model.generator.center(model.c).double().cpu().reshape(-1)
    for w in sampled(model, count, seed, progress):
        away = w - shift  # so that large means cost no digits
        total += away.sum(0)
        products += away.T @ away
    mean = total / count
    return Spread(mean + shift, products / count - torch.outer(mean, mean), count)
