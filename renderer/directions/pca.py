"""Principal components of w: the directions along which the latents of a model vary most.

Source: Härkönen et al. 2020, arXiv:2004.02546 (GANSpace). The covariance of all samples is decomposed, where theirs
is estimated batch by batch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from renderer.directions.model import Spread

RANDOM_DIRECTIONS = 1000  # that GANSpace compares its components with


@dataclass(frozen=True)
class Components:
    """Hold unit components [K, w_dim] of w, most variance first, their sigmas [K], and their shares of all variance."""

    vectors: Tensor
    sigmas: Tensor
    shares: Tensor
    spread: Spread

    @property
    def ganspace(self) -> dict[str, Tensor]:
        """Return the arrays that GANSpace keeps, under its names: a file that has them is one of theirs, too."""
        components, mean = self.vectors[:, None], self.spread.mean.float()[None]
        return {
            "act_comp": components,
            "act_mean": mean,
            "act_stdev": self.sigmas,
            "lat_comp": components,
            "lat_mean": mean,
            "lat_stdev": self.sigmas,
            "var_ratio": self.shares,
            "random_stdevs": random_sigmas(self.spread, len(self.vectors)),
        }


def components_of(spread: Spread, count: int) -> Components:
    """Return the first components of a spread; the largest entry of each is positive."""
    values, axes = torch.linalg.eigh(spread.covariance)
    values, axes = values.flip(0)[:count].clamp_min(0), axes.T.flip(0)[:count]
    return Components(
        upright(axes).float(), values.sqrt().float(), (values / spread.covariance.trace()).float(), spread
    )


def upright(vectors: Tensor) -> Tensor:
    """Return vectors [K, dim], each with the sign that makes its largest entry positive."""
    largest = vectors.abs().argmax(1, keepdim=True)
    return vectors * vectors.gather(1, largest).sign()


def random_sigmas(spread: Spread, count: int) -> Tensor:
    """Return the sigmas [count] of w along random directions, the largest of many first."""
    random = np.random.RandomState(0).standard_normal((max(RANDOM_DIRECTIONS, count), len(spread.mean)))
    directions = torch.from_numpy(random / np.linalg.norm(random, axis=1, keepdims=True))
    sigmas = (directions @ spread.covariance * directions).sum(1).clamp_min(0).sqrt()
    return sigmas.sort(descending=True).values[:count].float()
