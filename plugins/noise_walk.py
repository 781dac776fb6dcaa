"""Drift through z without keys."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import torch

from renderer import Frame, LatentEffect, Latents, Time, hookimpl, param, simplex_loop


class NoiseWalk(LatentEffect):
    """Drift through z without keys, guided by smooth noise; another seed, another drift.

    `gaussian` smooths random latents over time (the classic latent film); `simplex` reads simplex noise along a
    circle, so that it returns to where it began after each period: the wider the radius, the more happens.
    """

    name = "noise-walk"
    is_source = True
    example: ClassVar[str] = "- noise-walk: {kind: gaussian, period: 1s}"

    kind: Literal["gaussian", "simplex"] = param("gaussian", description="Which noise guides the drift")
    period: Time = param("2s", description="gaussian: how long the look lasts (sigma); simplex: the length of a round")
    radius: float = param(1.0, gt=0, le=100, description="simplex: radius of the circle in the plane of noise")
    seed: int = param(0, ge=0, description="Another seed, another drift")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents of the drift."""
        size = frame.generator.z_dim
        if self.kind == "gaussian":
            z = frame.gaussian_noise(p.period, (size,), f"{self.seed}")
        else:
            turns = frame.turns(p.period).cpu().numpy()
            noise = simplex_loop(turns, self.radius, size, (*frame.key, self.seed))
            z = torch.as_tensor(noise, dtype=torch.float32, device=x.ws.device)
        return x.replace(z=z, ws=frame.mapping(z, x))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(NoiseWalk)
