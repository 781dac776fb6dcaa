"""Make the noise of layers stronger or weaker."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import (
    Film,
    Frame,
    Layers,
    Signal,
    SynthesisEffect,
    SynthesisInputs,
    ValueProblem,
    hookimpl,
    layer_noise,
    noise_amounts,
    param,
)


class NoiseStrength(SynthesisEffect):
    """Make the noise of some layers stronger or weaker: no strand of hair at 0, a storm of them at 3.

    The noise that stands above, the network's own or one that moves, times 1 + (strength - 1) * layer.
    """

    name = "noise-strength"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- direction-sweep: {direction: grain, amount: 5}\n"
        "- noise-strength: {strength: '3*sin(2s)**2'}"
    )

    strength: Signal = param(1, description="A factor: 0 is no noise, 1 what stands above, 3 three times as strong")
    layers: Layers = param("all", description="Whose noise, by the rows of ws that shape them, and how much each")

    def prepare(self, film: Film) -> None:
        """Check that there is noise."""
        if not film.generator.noise_shapes:
            raise ValueProblem(f"{film.generator.family} has no noise")

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs with noise of that strength."""
        maps = dict(x.noise)
        change = (p.strength - 1) * frame.weight
        for name, amount in noise_amounts(frame.generator, p.layers, change).items():
            if bool((amount != 0).any()):
                still = layer_noise(frame.generator, x, name)
                maps[name] = torch.where(amount == 0, still, still * (1 + amount))
        return x.replace(noise=maps)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(NoiseStrength)
