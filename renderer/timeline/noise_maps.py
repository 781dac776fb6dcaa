"""The noise maps of a film: for every layer of a generator that takes noise, as a pure function of time.

They are drawn by torch's generator on the CPU, whatever the device, seeded by a stable hash: numpy's takes three times
as long, and a model of 1024 pixels wants 2.8 million numbers for a frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property

import torch
from torch import Tensor

from renderer.generators.base import Generator
from renderer.noise import fitted, stable_seed
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.expressions import Array
from renderer.timeline.plan import Plan


class NoiseMaps:
    """Give what a scene's `noise` means for one generator at any time.

    One without noise (StyleGAN3) gets no maps. Only what lasts is kept: one map a layer for `seed`, two for `loop`.
    """

    def __init__(self, plan: Plan, generator: Generator) -> None:
        self.noise, self.generator = plan.scene.noise, generator
        seed = plan.scene.seed if self.noise.seed is None else self.noise.seed
        self.key = ("noise", seed)
        self.film = plan.duration if plan.loop or plan.blend else None  # seconds after which all repeats
        self.period = fitted(plan.noise_period or 1.0, self.film)[0]  # seconds of a round, where noise moves

    def inputs(self, times: Array) -> SynthesisInputs:
        """Return the inputs of synthesis at N times: a noise mode, or maps [N, 1, H, W] by the names of layers."""
        if self.noise.kind in ("const", "none"):
            return SynthesisInputs(noise_mode="none" if self.noise.kind == "none" else "const")
        maps: Callable[[Array], dict[str, Tensor]] = getattr(self, f"_{self.noise.kind}")
        return SynthesisInputs(noise=maps(times))

    def _random(self, times: Array) -> dict[str, Tensor]:
        """Draw maps for every time, seeded by its microsecond, so that neither batch nor frame rate matters."""
        points = [round(float(t) * 1e6) for t in times]
        if self.film is not None:
            points = [point % round(self.film * 1e6) for point in points]
        drawn = [self._drawn("random", point) for point in points]
        return {name: torch.stack([one[name] for one in drawn])[:, None] for name in self.shapes}

    def _seed(self, times: Array) -> dict[str, Tensor]:
        return {name: one.expand(len(times), 1, -1, -1) for name, one in self.first.items()}

    def _loop(self, times: Array) -> dict[str, Tensor]:
        """Turn from one map to another and on: cos a + sin b is as strong at every time, and back after a period."""
        angle = [2 * math.pi * math.fmod(float(t) / self.period, 1) for t in times]
        cosine, sine = (
            torch.tensor([wave(one) for one in angle], device=self.generator.device).reshape(-1, 1, 1, 1)
            for wave in (math.cos, math.sin)
        )
        return {name: cosine * one + sine * self.second[name] for name, one in self.first.items()}

    @property
    def shapes(self) -> Mapping[str, tuple[int, int]]:
        """Return the (height, width) of the map of every layer that takes noise."""
        return self.generator.noise_shapes

    @cached_property
    def first(self) -> dict[str, Tensor]:
        """Return the maps that the seed stands for."""
        return self._drawn("map", 0)

    @cached_property
    def second(self) -> dict[str, Tensor]:
        """Return the maps a quarter of a period later."""
        return self._drawn("map", 1)

    def _drawn(self, *point: object) -> dict[str, Tensor]:
        """Return normal maps [H, W] of all layers, each with randomness of its own."""
        maps = {}
        for name, shape in self.shapes.items():
            low, high, *_ = stable_seed(*self.key, name, *point)
            source = torch.Generator().manual_seed(low | high << 32)
            maps[name] = torch.randn(shape, generator=source).to(self.generator.device)
        return maps
