"""Where an optimisation stands: all that its next step needs, as tensors and numbers that a file can keep."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

BETAS = (0.9, 0.99)
TINY = 1e-8
LATENT, NOISE = "x", "noise/"  # names of variables: the latents, and the map of a layer


class State:
    """Hold variables by name, each [T * K, ...] for K candidates of T photos, and how far they have come.

    stage, position  which stage, and how many of its steps are done.
    losses           the lowest loss of every photo after each step, each [T].
    last             the losses of all candidates, [T, K]; None before the first step.
    path             the variables of the best candidates at some moments, each [T, rows, dim].
    """

    def __init__(self, x: Tensor, photos: int) -> None:
        self.photos, self.stage, self.position = photos, 0, 0
        self.losses: list[Tensor] = []
        self.last: Tensor | None = None
        self.path: list[Tensor] = []
        self.start({LATENT: x})

    def start(self, variables: Mapping[str, Tensor]) -> None:
        """Begin to optimise variables, without a past."""
        self.variables = {name: held.detach().clone().requires_grad_(True) for name, held in variables.items()}
        self.first = {name: torch.zeros_like(held) for name, held in variables.items()}
        self.second = {name: torch.zeros_like(held) for name, held in variables.items()}
        self.entered = len(self.losses)

    @property
    def x(self) -> Tensor:
        """Return the latents [T * K, rows, dim]."""
        return self.variables[LATENT]

    @property
    def noise(self) -> dict[str, Tensor]:
        """Return the noise maps [T, 1, h, w] that are optimised, by layer."""
        return {name.removeprefix(NOISE): held for name, held in self.variables.items() if name.startswith(NOISE)}

    def best(self, count: int = 1) -> Tensor:
        """Return the latents [T * count, rows, dim] of the best candidates of every photo, the very best first."""
        if self.last is None:
            return self.x.detach()
        rows = self.last.topk(count, largest=False).indices + torch.arange(self.photos)[:, None] * self.last.shape[1]
        return self.x.detach()[rows.reshape(-1)]

    def enter(self, count: int, noise: Mapping[str, Tensor]) -> None:
        """Begin a stage with so many candidates, and with noise maps to optimise."""
        self.start({LATENT: self.best(count), **{f"{NOISE}{name}": held for name, held in noise.items()}})

    def descend(self, loss: Tensor, rate: float) -> None:
        """Move the variables against the gradient of a loss, by the rule of Adam: Kingma and Ba 2014, arXiv:1412.6980.

        Candidates do not see each other: each is moved as if it were alone.
        """
        gradients = torch.autograd.grad(loss, list(self.variables.values()))
        steps = len(self.losses) - self.entered + 1
        scales = [1 - beta**steps for beta in BETAS]
        with torch.no_grad():
            for (name, held), gradient in zip(self.variables.items(), gradients, strict=True):
                first = self.first[name].lerp_(gradient, 1 - BETAS[0])
                second = self.second[name].lerp_(gradient.square(), 1 - BETAS[1])
                held -= rate * (first / scales[0]) / ((second / scales[1]).sqrt() + TINY)

    def note(self, losses: Tensor, every: int) -> None:
        """Note the losses [T * K] of a step that was made, and every so often where the best stand."""
        self.last = losses.detach().cpu().reshape(self.photos, -1)
        if len(self.losses) % every == 0:
            self.path.append(self.best().cpu().clone())
        self.losses.append(self.last.min(1).values)
        self.position += 1

    def leave(self) -> None:
        """End a stage."""
        self.stage, self.position = self.stage + 1, 0
