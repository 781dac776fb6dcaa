"""Where the tensors of a network of ours stand in a file of another code, and what stands in for those it lacks."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from renderer.generators.checkpoint import Contents, names
from renderer.generators.pickle_machine import Damage, Refusal, shown
from renderer.generators.stylegan2_ada import filter_taps

MEAN_COUNT = 4096  # as many z as the rosinality code averages
MEAN_BATCH = 1024
MAX_DRAWN = 2048  # pixels


@dataclass(frozen=True)
class Entry:
    """Say where one tensor stands in a file.

    source  its name there.
    dims    how many dimensions it has there.
    ones    how many of these, the first ones, have the length 1 and are dropped.
    change  puts the rest into our order of axes.
    """

    source: str
    dims: int
    ones: int = 0
    change: Callable[[Tensor], Tensor] | None = None

    def read(self, contents: Contents) -> Tensor:
        """Return the tensor in our order of axes; raise Damage where it is missing or of another shape."""
        shape = contents.shape(self.source, self.dims)
        if any(length != 1 for length in shape[: self.ones]):
            raise Damage(f"{shown(self.source)} has the shape {list(shape)}, expected {[1] * self.ones} at its start")
        value = contents.state[self.source].reshape(shape[self.ones :])
        return (value if self.change is None else self.change(value)).contiguous()


def gather(contents: Contents, table: Mapping[str, Entry], passed_over: str) -> dict[str, Tensor]:
    """Return the tensors of a table by our names.

    Raises Damage where one is missing or of another shape, and where there is one more that `passed_over`, a regular
    expression of whole names, does not name.
    """
    used = {entry.source for entry in table.values()}
    extra = [name for name in contents.state if name not in used and not re.fullmatch(passed_over, name)]
    state = {own: entry.read(contents) for own, entry in table.items()}
    if extra:
        raise Damage(f"it has tensors that its network does not use: {names(dict.fromkeys(extra))}")
    return state


def count(contents: Contents, pattern: str) -> int:
    """Return how many names match a regular expression as a whole."""
    return sum(re.fullmatch(pattern, name) is not None for name in contents.state)


def plain_taps(kernels: Mapping[str, Tensor], default: tuple[float, ...]) -> tuple[float, ...]:
    """Return the taps of the one separable filter of all layers, each stored as a kernel [K, K]; the first tap is 1.

    Gains differ between codes and are part of our networks. Raises Refusal where layers have different filters.
    """
    if not kernels:
        return default
    taps = filter_taps(Contents({f"{name}.resample_filter": value for name, value in kernels.items()}, "torch"))
    return tuple(tap / taps[0] for tap in taps) if taps[0] else taps


def mean_w(mapping: Callable[[Tensor], Tensor], z_dim: int) -> Tensor:
    """Return the mean w [w_dim] of the first 4096 z of seed 0: the centre of truncation of files that give none.

    The z are rows of one RandomState(0).randn(4096, z_dim), so that the centre is the same every time.
    """
    source, total = np.random.RandomState(0), torch.zeros([], dtype=torch.float64)
    with torch.no_grad():
        for _ in range(MEAN_COUNT // MEAN_BATCH):  # the same rows, in batches that take little memory
            z = torch.from_numpy(source.randn(MEAN_BATCH, z_dim))  # [1024, z_dim]
            total = total + mapping(z).double().sum(dim=0)
    return (total / MEAN_COUNT).float()


def drawn_noise(index: int, resolution: int) -> Tensor:
    """Return the noise map [resolution, resolution] that layer `index` gets where the file holds none.

    It is drawn from a seed of its own, so that it is the same every time. Raises Refusal for one so large that a
    small file could fill the memory.
    """
    if resolution > MAX_DRAWN:
        raise Refusal(f"it has no noise maps, which are drawn up to {MAX_DRAWN} pixels only, not {resolution}")
    return torch.from_numpy(np.random.RandomState(index).randn(resolution, resolution)).float()
