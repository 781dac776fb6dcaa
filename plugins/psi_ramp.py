"""Truncate what stands above, by a psi that changes over time."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import Frame, LatentEffect, Latents, LatentSource, Signal, hookimpl, lerp, param, truncate


class PsiRamp(LatentEffect):
    """Pull latents towards the mean, or a centre of your own: 1 leaves them, 0 is the centre, -1 the opposite.

    ws = centre + psi * (ws - centre) on the first `cutoff` layers. It works on everything that stands above it.
    """

    name = "psi-ramp"
    example: ClassVar[str] = "- walk: {keys: 3}\n- psi-ramp: {psi: {0s: 0.2, 2s: 1}}"

    psi: Signal = param(0.7, description="Truncation psi")
    cutoff: Signal | None = param(None, description="Truncate only the first so many layers; it may move, too")
    center: LatentSource = param("mean", description="What to pull towards")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the truncated latents."""
        pulled = truncate(x.ws, p.center, p.psi)
        if p.cutoff is None:
            return x.replace(ws=pulled)
        return x.replace(ws=first_layers(x.ws, pulled, p.cutoff))


def first_layers(ws: Tensor, pulled: Tensor, cutoff: Tensor) -> Tensor:
    """Return `pulled` in the first cutoff [N] layers and ws in the rest; a layer at a fraction lies between."""
    rows = torch.arange(ws.shape[1], device=ws.device)
    share = (cutoff[:, None] - rows).clamp(0, 1)
    return lerp(ws, pulled, share[:, :, None])


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(PsiRamp)
