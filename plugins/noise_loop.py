"""Let the noise of layers move in circles."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import (
    Film,
    Frame,
    Layers,
    Signal,
    SynthesisEffect,
    SynthesisInputs,
    Time,
    ValueProblem,
    hookimpl,
    layer_noise,
    noise_amounts,
    param,
)


class NoiseLoop(SynthesisEffect):
    """Let the noise of some layers move, and come back after a period without a seam.

    Each map goes round a circle through two of its own: cos a + sin b is as strong at every time. What noise paints, as
    hair, foam or film grain, shimmers; coarse layers breathe, fine ones boil. `noise: {loop: 2s}` moves that of all.
    """

    name = "noise-loop"
    example: ClassVar[str] = "- walk: {keys: 3}\n- direction-sweep: {direction: grain, amount: 6}\n- noise-loop"

    period: Time = param("2s", description="How long a round takes; in a loop it fits whole rounds")
    amount: Signal = param(1, description="0 leaves the noise that was there, 1 puts the moving one in its place")
    layers: Layers = param("all", description="Whose noise, by the rows of ws that shape them, and how much each")
    seed: int = param(0, description="Another seed, other noise")

    def prepare(self, film: Film) -> Mapping[str, Tensor]:
        """Draw two maps [2, h, w] for every layer that takes noise."""
        shapes = film.generator.noise_shapes
        if not shapes:
            raise ValueProblem(f"{film.generator.family} has no noise")
        drawn = {}
        for name, shape in shapes.items():
            source = torch.Generator().manual_seed(int(film.rng(f"{name} {self.seed}").randint(2**31)))
            drawn[name] = torch.randn((2, *shape), generator=source).to(film.generator.device)
        return drawn

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs whose noise moves."""
        angle = (frame.turns(p.period) % 1 * math.tau).float().reshape(-1, 1, 1, 1)
        moving = {name: angle.cos() * one[0] + angle.sin() * one[1] for name, one in frame.prepared.items()}
        maps = dict(x.noise)
        for name, amount in noise_amounts(frame.generator, p.layers, p.amount * frame.weight).items():
            if bool((amount != 0).any()):
                turn = amount * (math.pi / 2)  # of two maps of one strength, as strong all the way
                still = layer_noise(frame.generator, x, name)
                maps[name] = torch.where(amount == 0, still, turn.cos() * still + turn.sin() * moving[name])
        return x.replace(noise=maps)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(NoiseLoop)
