"""What an effect may know: the film when it prepares, the frames of a batch when it is applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.errors import ValueProblem
from renderer.find import find_file
from renderer.generators.base import Generator
from renderer.latents import Latents
from renderer.noise import fitted, gaussian_noise, random_state, smooth_noise
from renderer.signal_source import Values
from renderer.values.beats import BeatGrid
from renderer.values.section import Sections
from renderer.values.time import Clock, Span

Array = NDArray[np.float64]


class Music(Protocol):
    """Stand for what a film knows of its song; everything is found when it is first asked for."""

    @property
    def beats(self) -> BeatGrid:
        """Return the beats; raises ValueProblem where there are none."""

    @property
    def sections(self) -> Sections:
        """Return the sections; raises ValueProblem where there are none."""

    def hear(self, written: Any) -> Callable[[Array], Values]:
        """Return a feature of the music; raises ValueProblem where it cannot be heard."""


@dataclass(frozen=True)
class Film:
    """Hold what an effect's `prepare` may use.

    span is the stretch in which the effect is on, loop the seconds after which everything must repeat or None,
    folder the scene's own, fields the effect's LatentKeys as `KeyTrack`, by the name of the field; music what the film
    knows of its song.
    """

    generator: Generator
    span: Span
    loop: float | None
    folder: Path
    key: tuple[object, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)
    music: Music | None = None

    @property
    def beats(self) -> BeatGrid:
        """Return the beats of the film; raises ValueProblem where it has neither a tempo nor a song."""
        return self._music.beats

    @property
    def sections(self) -> Sections:
        """Return the sections of the film; raises ValueProblem where it has neither `sections:` nor a song."""
        return self._music.sections

    def hear(self, written: Any) -> Callable[[Array], Values]:
        """Return a feature of the music, written as below `signals:`, as a function of times [N] to float32 [N, C]."""
        return self._music.hear(written)

    @property
    def _music(self) -> Music:
        if self.music is None:
            raise ValueProblem("this film has no music")
        return self.music

    def file(self, name: str) -> Path:
        """Return the path of a file that the scene names; raises ValueProblem with the nearest name there."""
        return find_file(name, self.folder)

    def rng(self, name: str = "") -> np.random.RandomState:
        """Return a random state that belongs to this effect of this scene, and to `name`."""
        return random_state(*self.key, name)


@dataclass(frozen=True)
class Past:
    """Hold what an image effect returned at the last point of its lattice in time.

    image  float32 [N, C, H, W], in the space of the effect.
    age    float32 [N], how many seconds ago that was: above 0, and at most the step of the lattice.
    """

    image: Tensor
    age: Tensor


@dataclass(frozen=True)
class Frame:
    """Hold what an effect's `apply` may know of the N frames of a batch.

    t         float64 [N], seconds since the start of the film.
    progress  float64 [N], 0 to 1 over the span of the effect.
    weight    float32 [N], how much the effect is on (`from:`, `to:`, `fade:`); latent and image effects are faded
              by it already.
    loop      seconds after which everything must repeat, or None.
    clock     turns times into beats.
    prepared  what `prepare` returned.
    past      what an image effect with a `warm_up` returned last; None for all others.
    """

    t: Tensor
    progress: Tensor
    weight: Tensor
    span: Span
    loop: float | None
    generator: Generator
    key: tuple[object, ...]
    clock: Clock
    prepared: Any = None
    past: Past | None = None

    def __len__(self) -> int:
        return self.t.shape[0]

    @cached_property
    def beat(self) -> Tensor | None:
        """Return float64 [N], beats since the first beat; None without a tempo and without a song."""
        if not self.clock.counts_beats:
            return None
        return torch.as_tensor(self.clock.beats_at(self.t.cpu().numpy()), device=self.t.device)

    def rng(self, lattice: float) -> np.random.RandomState:
        """Return the random state of a point in time, in seconds; equal at every frame rate."""
        return random_state(*self.key, round(lattice * 1e6))

    def rngs(self, period: float) -> list[np.random.RandomState]:
        """Return a random state for each frame, another in every period of seconds; a loop fits whole periods."""
        length, count = fitted(period, self.loop)
        rounds = np.floor(self.t.cpu().numpy() / length + 1e-6).astype(np.int64)
        return [random_state(*self.key, int(one)) for one in (rounds if count is None else rounds % count)]

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
