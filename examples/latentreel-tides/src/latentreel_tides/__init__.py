"""The effect `tides`: waves that run through the layers of a latent."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import Frame, LatentEffect, Latents, Signal, Time, hookimpl, lerp, param

latentreel_api = 1  # the version of the API that this is written for


class Tides(LatentEffect):
    """Let the layers ebb towards the mean and flow back, one after the other, as a wave runs through them.

    ws = lerp(ws, mean, depth * (1 - cos(2 pi (t / period - spread * layer / layers))) / 2)
    """

    name = "tides"
    example: ClassVar[str] = "- walk: {keys: 3}\n- tides: {depth: 0.9, period: 1s}"

    depth: Signal = param(0.6, description="How far the ebb goes: 0 not at all, 1 to the mean")
    period: Time = param("4s", description="From one flood to the next; a loop fits a whole number of them")
    spread: float = param(1.0, ge=-4, le=4, description="Waves among the layers at a time; 0 moves all alike")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents at this state of the tide."""
        count = x.ws.shape[1]
        places = torch.arange(count, device=x.ws.device) / count  # [num_ws]
        turns = frame.turns(p.period)[:, None] - self.spread * places  # float64 [N, num_ws]
        ebb = (1 - torch.cos(2 * torch.pi * (turns % 1))).float() / 2
        amount = (p.depth[:, None] * ebb)[:, :, None]
        return x.replace(ws=lerp(x.ws, frame.generator.w_avg.float().expand_as(x.ws), amount))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Tides)
