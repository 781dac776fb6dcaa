"""Resolve bound values against a generator: seeds and files become ws, layers become rows, directions vectors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import KEY, Gather, LatentFileError, ValueProblem, expected
from renderer.find import find_file
from renderer.generators.base import Generator
from renderer.generators.fingerprint import fingerprint
from renderer.noise import stable_seed
from renderer.timeline.direction_files import Direction, read_direction
from renderer.timeline.expressions import Curve
from renderer.timeline.fields import BoundDirections, BoundFeature, BoundKeys, BoundLayers, BoundSignal, BoundSource
from renderer.timeline.files import latents_of
from renderer.timeline.keys import key_times
from renderer.timeline.tracks import (
    DirectionTrack,
    FeatureTrack,
    KeyTrack,
    LayerTrack,
    SignalTrack,
    SourceTrack,
    misfit,
)
from renderer.values.colour import Colour
from renderer.values.direction import DirectionSource
from renderer.values.latent import LATENT_SUFFIXES, LatentKey, LatentSource
from renderer.values.layers import LayerRange


@dataclass(frozen=True)
class Sources:
    """Turn latent sources into latents of one generator; c [1, c_dim] are its labels."""

    generator: Generator
    folder: Path
    c: Tensor | None
    notes: list[str] = field(default_factory=list)  # what the user should be told, one sentence each

    def resolve(self, source: LatentSource, key: tuple[object, ...]) -> tuple[Tensor | None, Tensor]:
        """Return z [K, z_dim] or None, and untruncated ws [K, num_ws, w_dim], of a source of K latents."""
        generator = self.generator
        if source.kind == "mean":
            return None, generator.center(self.c).float().expand(1, generator.num_ws, -1)
        if source.kind == "file":
            return self._file(source)
        seed = source.seed if source.kind == "seed" else stable_seed(*key)[0]
        return self._map(seed_to_z(seed, generator.z_dim))

    def _map(self, z: Tensor) -> tuple[Tensor, Tensor]:
        z = z.to(self.generator.device)
        c = None if self.c is None else self.c.expand(len(z), -1)
        with torch.no_grad():
            return z, torch.cat([self.generator.map(z[i : i + 1], None if c is None else c[:1]) for i in range(len(z))])

    def _file(self, source: LatentSource) -> tuple[Tensor | None, Tensor]:
        path = find_file(source.file, self.folder)
        files = latent_files(path) if path.is_dir() else [path]
        parts = [self._one_file(file, source.space) for file in files]
        z = (
            None
            if any(part[0] is None for part in parts)
            else torch.cat([part[0] for part in parts if part[0] is not None])
        )
        ws = torch.cat([part[1] for part in parts])
        if source.index is None:
            return z, ws
        if not -len(ws) <= source.index < len(ws):
            raise ValueProblem(f"{source.file} holds {len(ws)} latents, 0 to {len(ws) - 1}; got {source.index}")
        index = source.index % len(ws)
        return None if z is None else z[index : index + 1], ws[index : index + 1]

    def _one_file(self, path: Path, space: str | None) -> tuple[Tensor | None, Tensor]:
        generator = self.generator
        kind, array = latents_of(path, space, generator.z_dim, generator.w_dim, generator.num_ws)
        return self._map(array) if kind == "z" else (None, array.to(generator.device))

    def direction(self, source: DirectionSource) -> Direction:
        """Return a direction of the generator's own, or of a file; note where the file is for another model.

        Raises ValueProblem for an unknown name, and LatentFileError for a file that does not fit.
        """
        generator = self.generator
        if not source.file:
            if source.name not in generator.directions:
                known = expected(source.name, generator.directions)
                raise ValueProblem(f"unknown direction {source.name!r} of {generator.family}{known}")
            return Direction(generator.directions[source.name], "w")
        read = read_direction(find_file(source.file, self.folder), source.index)
        check_fit(read, generator, str(source.written))
        if read.model_hash and read.model_hash != fingerprint(generator):
            made_for = read.model or "another model"
            self.notes.append(f"{source.file} was made for {made_for}, not for this model; see what it does here")
        return read


def check_fit(direction: Direction, generator: Generator, name: str) -> None:
    """Raise LatentFileError, with both shapes, for a direction that fits neither z nor w of a generator."""
    w_dim, z_dim, num_ws = generator.w_dim, generator.z_dim, generator.num_ws
    if tuple(direction.vector.shape) not in ((w_dim,), (num_ws, w_dim), (z_dim,)):
        wanted = f"[{w_dim}] or [{num_ws}, {w_dim}]" + (f", or [{z_dim}] in z" if z_dim != w_dim else "")
        if direction.model:
            shape = list(direction.vector.shape)
            raise LatentFileError(
                f"direction {name} of {shape} was made for {direction.model}; this model wants {wanted}"
            )
        raise misfit(name, direction.vector, generator, wanted)


def join(parts: list[tuple[Tensor | None, Tensor]]) -> tuple[Tensor | None, Tensor]:
    """Return z and ws of parts as one; no z where any part has none."""
    all_z = [z for z, _ in parts if z is not None]
    return torch.cat(all_z) if len(all_z) == len(parts) else None, torch.cat([ws for _, ws in parts])


def seed_to_z(seed: int, z_dim: int) -> Tensor:
    """Return z [1, z_dim] of a seed, the same as in every StyleGAN script: RandomState(seed).randn(1, z_dim)."""
    return torch.from_numpy(np.random.RandomState(seed).randn(1, z_dim)).float()


def latent_files(folder: Path) -> list[Path]:
    """Return the latent files of a folder in the order of their names."""
    files = sorted(path for path in folder.iterdir() if path.suffix in LATENT_SUFFIXES)
    if not files:
        raise ValueProblem(f"expected latents ({', '.join(LATENT_SUFFIXES)}) in {folder.name}/, found none")
    return files


def resolve_value(value: Any, sources: Sources) -> Any:
    """Return a bound value as a track with `at`, or as it is where it needs no generator."""
    if isinstance(value, BoundSignal):
        return SignalTrack(value.curve)
    if isinstance(value, BoundFeature):
        return FeatureTrack(value.series)
    if isinstance(value, Colour):
        return torch.tensor(value.rgb, device=sources.generator.device)
    if isinstance(value, BoundSource):
        z, ws = sources.resolve(value.source, value.key)
        if len(ws) != 1:
            file = value.source.file
            raise ValueProblem(f"{file} holds {len(ws)} latents; say which, such as {file}[0]")
        return SourceTrack(ws, z, value.psi, sources.generator.center(sources.c))
    if isinstance(value, BoundKeys):
        return resolve_keys(value, sources)
    if isinstance(value, BoundLayers):
        masks = torch.stack([layer_mask(layers, sources.generator) for layers, _ in value.amounts])
        return LayerTrack(masks, tuple(curve for _, curve in value.amounts))
    if isinstance(value, BoundDirections):
        return resolve_directions(value, sources)
    if isinstance(value, list | tuple):
        return type(value)(resolve_value(item, sources) for item in value)
    if isinstance(value, dict):
        return {key: resolve_value(item, sources) for key, item in value.items()}
    return value


def resolve_keys(bound: BoundKeys, sources: Sources) -> KeyTrack:
    """Return the track of latent keys; a file or folder of many latents in a list stands for that many keys."""
    keys: list[LatentKey] = []
    latents: list[tuple[Tensor | None, Tensor]] = []
    psis: list[Curve | None] = []
    gather = Gather()
    for key, source in zip(bound.keys, bound.sources, strict=True):
        z, ws = None, torch.empty(0)
        with gather.below(*key.path):
            z, ws = sources.resolve(source.source, source.key)
            if len(ws) != 1 and key.time is not None:
                file = source.source.file
                raise ValueProblem(f"{file} holds {len(ws)} latents; say which, such as {file}[0]")
        for i in range(len(ws)):
            keys.append(key)
            latents.append((None if z is None else z[i : i + 1], ws[i : i + 1]))
            psis.append(source.psi)
    gather.check()
    times = key_times(keys, bound.ease, bound.scope)
    all_z, all_ws = join(latents)
    return KeyTrack(all_ws, all_z, times, tuple(psis))


def layer_mask(layers: LayerRange, generator: Generator) -> Tensor:
    """Return the rows of ws that a range of layers means, bool [num_ws].

    Raises ValueProblem for rows the generator does not have, and for a band without rows.
    """
    rows = torch.arange(generator.num_ws, device=generator.device)
    if layers.band is None:
        if layers.last >= generator.num_ws:
            count = generator.num_ws
            raise ValueProblem(f"layers {layers.written}: this generator has {count} layers, 0 to {count - 1}")
        return (rows >= layers.first) & (rows <= layers.last)
    found = [layers.band in (band, "all") for band in generator.layer_bands]
    if not any(found):
        pixels = list(generator.layer_resolutions)
        raise ValueProblem(f"the band {layers.band!r} is empty: this generator's layers are {pixels} px")
    return torch.tensor(found, device=generator.device)


def resolve_directions(bound: BoundDirections, sources: Sources) -> DirectionTrack:
    """Return the track of directions, each one of the generator's own or of a file."""
    generator = sources.generator
    names = tuple(str(direction.written) for direction, _ in bound.amounts)
    directions, gather = [], Gather()
    for direction, _ in bound.amounts:
        with gather.below(direction.written, KEY):
            directions.append(sources.direction(direction))
    gather.check()
    vectors = tuple(direction.vector.to(generator.device) for direction in directions)
    spaces = tuple(direction.space for direction in directions)
    return DirectionTrack(names, vectors, tuple(curve for _, curve in bound.amounts), generator, spaces)
