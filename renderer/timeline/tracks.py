"""What the fields of an effect are over time, for one generator: tracks that give tensors for a batch of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from renderer.errors import LatentFileError
from renderer.generators.base import Generator
from renderer.latents import lerp, truncate
from renderer.signal_source import Series
from renderer.timeline.expressions import Array, Curve
from renderer.timeline.keys import KeyTimes


@dataclass(frozen=True)
class Moments:
    """Hold the times of a batch, t [N] in seconds, and the scene's psi [N] and cutoff at them."""

    t: Array
    psi: Tensor
    cutoff: int | None
    device: torch.device

    def row(self, i: int) -> Moments:
        """Return the moment of frame i alone."""
        return Moments(self.t[i : i + 1], self.psi[i : i + 1], self.cutoff, self.device)

    def curve(self, curve: Curve) -> Tensor:
        """Return a curve's values, float32 [N]."""
        return torch.as_tensor(curve(self.t), dtype=torch.float32, device=self.device)


@dataclass(frozen=True)
class SignalTrack:
    """Hold a signal."""

    curve: Curve

    def at(self, moments: Moments) -> Tensor:
        """Return its values, float32 [N]."""
        return moments.curve(self.curve)


@dataclass(frozen=True)
class FeatureTrack:
    """Hold a feature of the music."""

    series: Series

    def at(self, moments: Moments) -> Tensor:
        """Return its values, float32 [N, C]."""
        return torch.as_tensor(self.series.at(moments.t), device=moments.device)


@dataclass(frozen=True)
class SourceTrack:
    """Hold one latent of a field: untruncated ws [1, num_ws, w_dim], z [1, z_dim] or None, its own psi or None."""

    ws: Tensor
    z: Tensor | None
    psi: Curve | None
    center: Tensor

    def at(self, moments: Moments) -> Tensor:
        """Return ws [N, num_ws, w_dim], truncated by its own psi, or else by the scene's."""
        psi = moments.psi if self.psi is None else moments.curve(self.psi)
        return truncate(self.ws.expand(len(moments.t), -1, -1), self.center, psi, moments.cutoff)


@dataclass(frozen=True)
class KeyedLatents:
    """Hold the latents of K keys and where the N frames of a batch are between them.

    ws [K, num_ws, w_dim], untruncated; z [K, z_dim], or None where a key has no z; `before` and `after` int64 [N]
    are keys, `amount` float32 [N] the eased way between them, `psi` float32 [N] the truncation on that way.
    """

    ws: Tensor
    z: Tensor | None
    before: Tensor
    after: Tensor
    amount: Tensor
    psi: Tensor


@dataclass(frozen=True)
class KeyTrack:
    """Hold the latents of K keys over time; `times.knots` has one more knot than keys where they close a loop."""

    ws: Tensor
    z: Tensor | None
    times: KeyTimes
    psis: tuple[Curve | None, ...]

    def at(self, moments: Moments) -> KeyedLatents:
        """Return where the frames of a batch are between the keys."""
        before, after, amount = self.times.locate(moments.t)
        device = self.ws.device
        way = torch.as_tensor(amount, dtype=torch.float32, device=device)
        psis = torch.stack([moments.psi if psi is None else moments.curve(psi) for psi in self.psis])
        rows = torch.arange(len(way), device=device)
        here, there = torch.as_tensor(before, device=device), torch.as_tensor(after, device=device)
        psi = lerp(psis[here, rows], psis[there, rows], way)
        return KeyedLatents(self.ws, self.z, here, there, way, psi)


@dataclass(frozen=True)
class LayerTrack:
    """Hold which rows of ws each amount belongs to: masks, bool [M, num_ws]."""

    masks: Tensor
    curves: tuple[Curve, ...]

    def at(self, moments: Moments) -> Tensor:
        """Return the amount of each layer, float32 [N, num_ws]; of ranges that overlap, the later holds."""
        amounts = torch.zeros(len(moments.t), self.masks.shape[1], device=moments.device)
        for mask, curve in zip(self.masks, self.curves, strict=True):
            amounts = torch.where(mask, moments.curve(curve)[:, None], amounts)
        return amounts


@dataclass(frozen=True)
class DirectionTrack:
    """Hold the vectors of directions as their files have them, [dim] or [rows, dim], and the curves of the amounts.

    `spaces` holds "w" or "z" for each where its origin says so, else None.
    """

    names: tuple[str, ...]
    vectors: tuple[Tensor, ...]
    curves: tuple[Curve, ...]
    generator: Generator
    spaces: tuple[str | None, ...] = ()

    @property
    def space(self) -> str:
        """Return where the directions live, "w" or "z" by their origin; w where that says nothing.

        Raises LatentFileError where their origins differ.
        """
        told = {space: name for name, space in zip(self.names, self.spaces, strict=False) if space}
        if len(told) > 1:
            raise LatentFileError(f"direction {told['z']} lives in z, {told['w']} in w; use an entry for each")
        return next(iter(told), "w")

    @cached_property
    def in_w(self) -> Tensor:
        """Return the directions over ws, float32 [D, num_ws, w_dim]."""
        shape = (self.generator.num_ws, self.generator.w_dim)
        fits = [tuple(vector.shape) in (shape, shape[1:]) for vector in self.vectors]
        self._check(fits, f"[{shape[1]}] or [{shape[0]}, {shape[1]}]")
        return torch.stack([vector.expand(shape) for vector in self.vectors])

    @cached_property
    def in_z(self) -> Tensor:
        """Return the directions over z, float32 [D, z_dim]."""
        self._check(
            [vector.shape == (self.generator.z_dim,) for vector in self.vectors], f"[{self.generator.z_dim}] in z"
        )
        return torch.stack(list(self.vectors))

    def _check(self, fits: Sequence[bool], wanted: str) -> None:
        for name, vector, fit in zip(self.names, self.vectors, fits, strict=True):
            if not fit:
                raise misfit(name, vector, self.generator, wanted)

    def at(self, moments: Moments) -> MovedDirections:
        """Return the directions with their amounts at the frames of a batch."""
        return MovedDirections(self, torch.stack([moments.curve(curve) for curve in self.curves], 1))


def misfit(name: str, vector: Tensor, generator: Generator, wanted: str) -> LatentFileError:
    """Return the error that says both shapes of a direction that does not fit a model."""
    shape = list(vector.shape)
    several = len(shape) == 2 and shape[-1] in (generator.w_dim, generator.z_dim)
    hint = f"; if it holds {shape[0]} directions, say which: {name}[0]" if several else ""
    return LatentFileError(f"direction {name} has shape {shape}, but this model wants {wanted}{hint}")


@dataclass(frozen=True)
class MovedDirections:
    """Hold directions and their amounts, float32 [N, D]."""

    track: DirectionTrack
    amounts: Tensor

    @property
    def ws(self) -> Tensor:
        """Return the sum over ws, float32 [N, num_ws, w_dim]."""
        return sum_rows(self.amounts, self.track.in_w)

    @property
    def z(self) -> Tensor:
        """Return the sum over z, float32 [N, z_dim]."""
        return sum_rows(self.amounts, self.track.in_z)


def sum_rows(amounts: Tensor, vectors: Tensor) -> Tensor:
    """Return the sum of vectors [D, ...] times amounts [N, D], added in order, so that batches agree bit by bit."""
    total = torch.zeros(len(amounts), *vectors.shape[1:], device=vectors.device)
    for column, vector in zip(amounts.unbind(1), vectors, strict=True):
        total = total + column.reshape(-1, *[1] * vector.ndim) * vector
    return total
