"""The past of an image effect: what it returned at the points of a lattice in time, as a pure function of time.

A past that went back to the beginning would make every frame depend on all before it. So the lattice is cut into
blocks about as long as the effect's warm-up, and the past of a block begins one warm-up before it. Whoever renders
frame by frame lets the past of the next block grow beside that of the present one, from the same images.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from renderer.context import Past
from renderer.timeline.expressions import Array
from renderer.timeline.stack import StackedEffect
from renderer.timeline.timeline import Timeline

ON_POINT = 1e-6  # of the lattice: a time so near a point is that point


@dataclass
class Chain:
    """Hold what an effect returned last, [1, C, H, W], of those from one point of the lattice on."""

    index: int
    value: Tensor | None = None


class History:
    """Give an effect its past; `above` returns the images that it gets at any times, `batch` of them at once."""

    def __init__(
        self,
        stacked: StackedEffect,
        timeline: Timeline,
        above: Callable[[Array], Tensor],
        warm_up: float,
        batch: int,
    ) -> None:
        self.stacked, self.timeline, self.above, self.batch = stacked, timeline, above, batch
        self.step: float = stacked.effect.lattice  # type: ignore[attr-defined]
        loop, self.points = timeline.plan.loop, 0  # points of a loop; 0 where time does not come back
        if loop is not None:
            self.points = max(1, round(loop / self.step))
            self.step = loop / self.points
        self.length = max(1, math.ceil(warm_up / self.step))
        self.blocks = max(1, self.points // self.length)
        self.chains: dict[int, Chain] = {}
        self.seen: dict[int, Tensor] = {}

    def at(self, images: Tensor, times: Array) -> Past:
        """Return the past of images [N, C, H, W] at N times."""
        places = np.ceil(times / self.step - ON_POINT).astype(int) - 1
        pasts = [self.state(place) for place in places.tolist()]
        past = torch.cat([images[i : i + 1] if one is None else one for i, one in enumerate(pasts)])
        age = torch.as_tensor(times - places * self.step, dtype=torch.float32, device=images.device)
        return Past(past, age)

    def state(self, index: int) -> Tensor | None:
        """Return what the effect returned at a point, [1, C, H, W]; None before the film."""
        if self.points:
            index %= self.points
        elif index < 0:
            return None
        block = self.block(index)
        self.chains = {one: chain for one, chain in self.chains.items() if one in (block, block + 1)}
        chain = self.chains.get(block)
        if chain is None or chain.index > index:
            chain = self.chains[block] = Chain(self.start(block) - 1)
        while chain.index < index:
            self.grow(chain)
            self.prepare_next(block + 1, chain.index)
        return chain.value

    def block(self, index: int) -> int:
        """Return the block that a point lies in."""
        if not self.points:
            return index // self.length
        return next(block for block in range(self.blocks) if index < self.first(block + 1))

    def first(self, block: int) -> int:
        """Return the first point of a block."""
        return round(block * self.points / self.blocks) if self.points else block * self.length

    def start(self, block: int) -> int:
        """Return the point with which the past of a block begins."""
        start = self.first(block) - self.length
        return start if self.points else max(0, start)

    def prepare_next(self, block: int, index: int) -> None:
        """Let the past of the next block grow as far, if it has begun by then."""
        if index < self.start(block) or (self.points and block == self.blocks):
            return
        chain = self.chains.setdefault(block, Chain(self.start(block) - 1))
        if chain.index == index - 1:
            self.grow(chain)

    def grow(self, chain: Chain) -> None:
        """Apply the effect at the next point."""
        index = chain.index + 1
        time, image = np.array([self.time(index)]), self.image(index)
        age = torch.full((1,), self.step, device=image.device)
        past = Past(image if chain.value is None else chain.value, age)
        chain.value = self.stacked.apply(image, self.timeline.moments(time), past)
        chain.index = index

    def time(self, index: int) -> float:
        """Return the seconds of a point."""
        return (index % self.points if self.points else index) * self.step

    def image(self, index: int) -> Tensor:
        """Return the image that the effect gets at a point, [1, C, H, W], made in batches that lie on a fixed grid."""
        index = index % self.points if self.points else index
        row = index % self.batch
        if index not in self.seen:
            first = index - row
            images = self.above(np.array([self.time(one) for one in range(first, first + self.batch)]))
            self.seen = {first + place: images[place : place + 1] for place in range(self.batch)}
        return self.seen[index]
