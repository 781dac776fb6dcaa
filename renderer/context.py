"""What an effect may know: the film when it prepares, the frames of a batch when it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.base import Generator
from renderer.latents import Latents
from renderer.noise import fitted, gaussian_noise, random_state, smooth_noise
from renderer.values.time import Span


@dataclass(frozen=True)
class Film:
    """Hold what an effect's `prepare` may use.

    span is the stretch in which the effect is on, loop the seconds after which everything must repeat or None,
    folder the scene's own, fields the effect's LatentKeys as `KeyTrack`, by the name of the field.
    """

    generator: Generator
    span: Span
    loop: float | None
    folder: Path
    key: tuple[object, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)

    def rng(self, name: str = "") -> np.random.RandomState:
        """Return a random state that belongs to this effect of this scene, and to `name`."""
        return random_state(*self.key, name)


@dataclass(frozen=True)
class Frame:
    """Hold what an effect's `apply` may know of the N frames of a batch.

    t         float64 [N], seconds since the start of the film.
    progress  float64 [N], 0 to 1 over the span of the effect.
    beat      float64 [N], beats since the first beat; None without a tempo.
    weight    float32 [N], how much the effect is on (`from:`, `to:`, `fade:`); latent and image effects are faded
              by it already.
    loop      seconds after which everything must repeat, or None.
    prepared  what `prepare` returned.
    """

    t: Tensor
    progress: Tensor
    beat: Tensor | None
    weight: Tensor
    span: Span
    loop: float | None
    generator: Generator
    key: tuple[object, ...]
    prepared: Any = None

    def __len__(self) -> int:
        return self.t.shape[0]

    def rng(self, lattice: float) -> np.random.RandomState:
        """Return the random state of a point in time, in seconds; equal at every frame rate."""
        return random_state(*self.key, round(lattice * 1e6))

    def turns(self, period: float) -> Tensor:
        """Return float64 [N], the rounds done at t of a clock with that period; whole at the end of a loop."""
        return self.t / fitted(period, self.loop)[0]

    def noise(self, period: float, shape: Sequence[int], name: str = "") -> Tensor:
        """Return smooth normal noise float32 [N, *shape] that changes over `period` seconds."""
        return self._noise(smooth_noise, period, shape, name)

    def gaussian_noise(self, sigma: float, shape: Sequence[int], name: str = "") -> Tensor:
        """Return normal noise float32 [N, *shape] smoothed over time by a Gaussian of `sigma` seconds."""
        return self._noise(gaussian_noise, sigma, shape, name)

    def mapping(self, z: Tensor, x: Latents) -> Tensor:
        """Return ws of z [N, z_dim] with the labels and the truncation of x."""
        return self.generator.mapping(z, x.c, x.psi, x.cutoff)

    def _noise(self, function: Callable[..., NDArray[Any]], scale: float, shape: Sequence[int], name: str) -> Tensor:
        values = function(self.t.cpu().numpy(), scale, shape, (*self.key, name), self.loop)
        return torch.as_tensor(values, dtype=torch.float32, device=self.t.device)
