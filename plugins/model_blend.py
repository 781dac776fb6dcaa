"""Blend the weights of two models."""

from __future__ import annotations

import copy
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
    ValueProblem,
    hookimpl,
    load_generator,
    param,
)


class ModelBlend(SynthesisEffect):
    """Blend the network with another of the same shape, each layer by its own amount, over time.

    The usual way to a cartoon of a face: a model and one fine-tuned from it, coarse layers of the one, fine layers of
    the other. Weights are mixed, not pictures; latents come from the first model. Amounts that stay cost nothing,
    those that move cost a pass over the weights each frame. Source: Pinkney and Adler 2020, arXiv:2010.05334.
    """

    name = "model-blend"
    head: ClassVar[str] = "model: model.safetensors"
    example: ClassVar[str] = (
        "- walk: {keys: [3, 14]}\n- model-blend: {with: other.safetensors, amount: {0%: 0, 100%: 1}}"
    )

    with_: str = param(alias="with", description="The other model, named as in `model:`")
    amount: Signal = param(1, description="0 is the scene's model, 1 the other")
    layers: Layers = param("all", description="Which layers, by their rows of ws, and how much each: {fine: 1}")

    def prepare(self, film: Film) -> Blended:
        """Load the other model, and make room for a third between both."""
        generator = film.generator
        beside = film.folder / self.with_
        other = load_generator(beside if beside.is_file() else self.with_, device=str(generator.device))
        if not generator.weight_rows:
            raise ValueProblem(f"{generator.family} has no weights to blend")
        own, others = generator.state_dict(), other.state_dict()
        if type(other) is not type(generator):
            raise ValueProblem(f"{self.with_} is {other.family}; the scene's model is {generator.family}")
        for name, tensor in own.items():
            if name not in others or others[name].shape != tensor.shape:
                there = list(others[name].shape) if name in others else "missing"
                raise ValueProblem(f"{self.with_} has another shape: {name} is {there}, expected {list(tensor.shape)}")
        return Blended(generator, others)

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs whose synthesis is that of the blended network."""
        amounts = p.layers * (p.amount * frame.weight)[:, None]  # [N, num_ws]
        blended: Blended = frame.prepared

        def wrap(inner: Any) -> Any:
            def synthesise(ws: Tensor, **options: Any) -> Tensor:
                rows = amounts.repeat(len(ws) // len(amounts), 1)
                kinds, which = rows.unique(dim=0, return_inverse=True)
                images = [blended.of(amount).synthesis(ws, **options) for amount in kinds]
                return torch.stack([images[kind][row] for row, kind in enumerate(which.tolist())])

            return synthesise

        return x.with_wrap(wrap, (amounts != 0).any(1))


class Blended:
    """Hold a network whose weights lie between those of two; only what a new amount changes is written."""

    def __init__(self, generator: Any, others: dict[str, Tensor]) -> None:
        self.network = copy.deepcopy(generator)
        state, twin = generator.state_dict(), self.network.state_dict(keep_vars=True)  # kernels lay weights out anew
        self.parts = [(twin[name], state[name], others[name], row) for name, row in generator.weight_rows.items()]
        self.amounts = [0.0] * generator.num_ws

    @torch.no_grad()
    def of(self, amounts: Tensor) -> Any:
        """Return the network for an amount of each row of ws, [num_ws]."""
        wanted = amounts.tolist()
        for target, one, other, row in self.parts:
            if wanted[row] != self.amounts[row] and target.is_floating_point():
                target.copy_(torch.lerp(one, other, wanted[row]))
        self.amounts = wanted
        return self.network


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(ModelBlend)
