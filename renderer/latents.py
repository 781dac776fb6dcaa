"""What travels through the latent stack, and every shape of it.

N is the number of frames in a batch, `num_ws` the number of style inputs (layers) of the generator.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class Latents:
    """Hold the latents of a batch of frames.

    ws      float32 [N, num_ws, w_dim]: the style inputs of synthesis.
    psi     float32 [N]: truncation that the scene asks of its sources; already applied to `ws`.
    cutoff  the first `cutoff` rows of ws are truncated; None means all.
    z       float32 [N, z_dim] where the frames come from one z each, else None.
    c       float32 [N, c_dim] class labels, or None for an unconditional generator.
    """

    ws: Tensor
    psi: Tensor
    cutoff: int | None = None
    z: Tensor | None = None
    c: Tensor | None = None

    def replace(self, **changes: Any) -> Latents:
        """Return a copy with some fields changed; nothing is ever changed in place."""
        return replace(self, **changes)

    def __len__(self) -> int:
        return self.ws.shape[0]


def lerp(a: Tensor, b: Tensor, amount: Tensor) -> Tensor:
    """Interpolate from a to b; exactly a at 0 and exactly b at 1, in floating point too.

    `amount` broadcasts against a and b.
    """
    near, far = a + (b - a) * amount, b - (b - a) * (1 - amount)
    return torch.where(amount < 0.5, near, far)


def slerp(a: Tensor, b: Tensor, amount: Tensor, center: Tensor | None = None) -> Tensor:
    """Interpolate along the arc between a and b over the last dimension, the length changing linearly.

    The arc is around `center`, which broadcasts against a and b, or else around 0; exactly a at 0 and exactly b at 1.

    Falls back to `lerp` where the two are nearly parallel or one of them is zero. An amount below 0 or above 1, as an
    easing that overshoots gives, goes on along the arc.
    Source: Shoemake 1985, *Animating rotation with quaternion curves*; White 2016, arXiv:1609.04468.
    """
    if center is not None:
        curved = center + slerp(a - center, b - center, amount)
        return torch.where(amount == 0, a, torch.where(amount == 1, b, curved))
    length_a, length_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    unit_a, unit_b = a / length_a.clamp_min(1e-12), b / length_b.clamp_min(1e-12)
    angle = (unit_a * unit_b).sum(-1, keepdim=True).clamp(-1, 1).acos()
    sine = angle.sin()
    flat = (sine < 1e-3) | (length_a < 1e-12) | (length_b < 1e-12)
    safe = torch.where(flat, torch.ones_like(sine), sine)
    arc = (unit_a * ((1 - amount) * angle).sin() + unit_b * (amount * angle).sin()) / safe
    straight = lerp(a, b, amount)
    curved = arc * lerp(length_a, length_b, amount)
    exact_ends = torch.where(amount == 0, a, torch.where(amount == 1, b, curved))
    return torch.where(flat, straight, exact_ends)


def truncate(ws: Tensor, center: Tensor, psi: Tensor | float, cutoff: int | None = None) -> Tensor:
    """Pull the first `cutoff` rows of ws towards `center`: `center + psi * (ws - center)`.

    ws [N, num_ws, w_dim]; center [w_dim] or broadcastable to ws; psi [N] or a number.
    Where psi is exactly 1 the rows come back bit-equal.
    Source: Karras et al. 2019, arXiv:1812.04948, section 2.1 of the appendix.
    """
    amount = torch.as_tensor(psi, dtype=ws.dtype, device=ws.device).reshape(-1, 1, 1)
    pulled = lerp(center.to(ws).expand_as(ws), ws, amount)
    pulled = torch.where(amount == 1, ws, pulled)
    if cutoff is None:
        return pulled
    rows = torch.arange(ws.shape[1], device=ws.device).reshape(1, -1, 1) < cutoff
    return torch.where(rows, pulled, ws)
