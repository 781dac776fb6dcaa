"""The spaces that latents are optimised in, scaled so that one step means as much along every axis."""

from __future__ import annotations

import torch
from torch import Tensor

from renderer.directions.model import Model, sampled
from renderer.inversion.settings import SpaceName

SAMPLES = 10_000  # of w, as in StyleGAN2's projector
THINNEST = 0.05  # of the mean deviation: axes along which w hardly varies stay that stiff


class Space:
    """Turn variables [K, rows, dim] into ws and back.

    For w and w+ they count standard deviations from the mean of w; for z they are z.
    """

    def __init__(self, model: Model, name: SpaceName) -> None:
        self.model, self.name = model, name
        if name != "z":
            w = torch.cat(list(sampled(model, SAMPLES, 0)))
            deviation = w.std(0)
            self.mean = w.mean(0).float().to(model.generator.device)
            self.deviation = deviation.clamp_min(THINNEST * float(deviation.mean())).float().to(self.mean)

    def ws(self, x: Tensor) -> Tensor:
        """Return ws [K, num_ws, w_dim] of variables; gradients go through."""
        generator = self.model.generator
        if self.name == "z":
            c = None if self.model.c is None else self.model.c.expand(len(x), -1)
            return generator.mapping(x[:, 0], c)
        return (self.mean + x * self.deviation).expand(-1, generator.num_ws, -1)

    def of_ws(self, ws: Tensor) -> Tensor:
        """Return the variables nearest to ws [K, num_ws, w_dim]; not for z."""
        x = (ws.to(self.mean) - self.mean) / self.deviation
        return x.mean(1, keepdim=True) if self.name == "w" else x

    def of_z(self, z: Tensor) -> Tensor:
        """Return the variables of z [K, z_dim]."""
        z = z.to(self.model.generator.device)
        return z.unsqueeze(1) if self.name == "z" else self.of_ws(self.model.map(z))

    def steered(self, x: Tensor) -> Tensor:
        """Return the variables brought back to where they may be: z to the length that a random one has."""
        if self.name != "z":
            return x
        length: Tensor = x.norm(dim=-1, keepdim=True).clamp_min(1e-8)
        whole: Tensor = x * (x.shape[-1] ** 0.5 / length)
        return whole
