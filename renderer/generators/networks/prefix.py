"""Passes that begin alike: what the first steps of a network made is kept while their inputs stay the same.

Where only fine rows of ws move, as in a palette sweep or a `layer-mix` of fine layers, the coarse blocks would make
the same map for every frame. What is kept has the bits that making it again would give.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import is_not
from typing import Generic, TypeVar

import torch
from torch import Tensor

from renderer.generators.kernels.jit import version

State = TypeVar("State")


@dataclass(frozen=True)
class Inputs:
    """Hold what a pass depends on: how the network is set, its weights, ws [N, num_ws, w_dim], noise maps by name."""

    setting: tuple[object, ...]
    weights: tuple[Tensor, ...]  # held, so that no others take their place in memory
    ws: Tensor
    noise: Mapping[str, Tensor]
    written: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "written", (self.ws.dtype, self.ws.device, *map(version, self.weights)))

    def rows_shared(self, other: Inputs) -> int:
        """Return how many rows of ws are equal from the first on; none where anything else differs."""
        if (
            (self.setting, self.written) != (other.setting, other.written)
            or self.ws.shape != other.ws.shape
            or self.noise.keys() != other.noise.keys()
        ):
            return 0
        if len(self.weights) != len(other.weights) or any(map(is_not, self.weights, other.weights)):
            return 0
        if any(one is not (two := other.noise[name]) and not torch.equal(one, two) for name, one in self.noise.items()):
            return 0
        equal = (self.ws == other.ws).all(dim=2).all(dim=0).tolist()
        return (*equal, False).index(False)


@dataclass(frozen=True)
class Kept(Generic[State]):
    """Hold the last inputs, and the state after some of the steps that they went through; None after none."""

    inputs: Inputs
    steps: int = 0
    state: State | None = None


class Prefix(Generic[State]):
    """Let a pass begin where the one before it, of equal inputs so far, had come to."""

    def __init__(self) -> None:
        self._kept: Kept[State] | None = None

    def run(self, inputs: Inputs, ends: Sequence[int], state: State, step: Callable[[int, State], State]) -> State:
        """Return the state after all steps; ends says how many rows of ws the steps have read up to each of them.

        Where the last two passes agree, the state is kept; it must not be changed in place. The last step is always
        done, since its state is given away.
        """
        kept, self._kept = self._kept, None
        shared = 0 if kept is None else kept.inputs.rows_shared(inputs)
        agreed = sum(end <= shared for end in ends[:-1])
        found: Kept[State] = Kept(inputs)
        if kept is not None and kept.state is not None and kept.steps <= agreed:
            found, state = Kept(inputs, kept.steps, kept.state), kept.state
        for index in range(found.steps, len(ends)):
            state = step(index, state)
            if index + 1 == agreed:
                found = Kept(inputs, agreed, state)
        self._kept = found
        return state
