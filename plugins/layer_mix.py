"""Fade layers from another latent (style mixing)."""

from __future__ import annotations

from typing import Any, ClassVar

from renderer import Frame, LatentEffect, Latents, LatentSource, Layers, Signal, hookimpl, lerp, param


class LayerMix(LatentEffect):
    """Fade some layers towards another latent: its palette on this shape, or the other way round.

    Style mixing of Karras et al. 2019, arXiv:1812.04948, with an amount: ws = lerp(ws, with, amount * layer).
    """

    name = "layer-mix"
    example: ClassVar[str] = "- walk: {keys: 3}\n- layer-mix: {with: 46, layers: fine, amount: {0%: 0, 100%: 1}}"

    with_: LatentSource = param(alias="with", description="The latent to take layers from, such as {seed: 65}")
    layers: Layers = param("fine", description="Layers to take: fine, 8-13, or {coarse: 0.2, 8-13: 1} with amounts")
    amount: Signal = param(1, description="0 keeps what stands above, 1 takes the other's layers")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the mixed latents."""
        amount = (p.amount[:, None] * p.layers)[:, :, None]
        return x.replace(ws=lerp(x.ws, p.with_, amount))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(LayerMix)
