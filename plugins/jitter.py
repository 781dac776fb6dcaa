"""Shake latents a little."""

from __future__ import annotations

from typing import Any, ClassVar

from renderer import Frame, LatentEffect, Latents, Layers, Signal, Time, hookimpl, param


class Jitter(LatentEffect):
    """Shake latents by smooth noise, so that a still one breathes and a walk trembles.

    ws + amount * layer * noise, where the noise is normal in every layer and axis and changes over `period`.
    """

    name = "jitter"
    example: ClassVar[str] = "- walk: {keys: 3}\n- jitter: {amount: 0.5, period: 300ms}"

    amount: Signal = param(0.2, description="Strength: standard deviation of the noise in w")
    period: Time = param("500ms", description="How long until the noise is another")
    layers: Layers = param("all", description="Layers to shake")
    together: bool = param(True, description="true: all layers shake alike; false: each by itself")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the shaken latents."""
        num_ws, w_dim = x.ws.shape[1:]
        noise = frame.noise(p.period, (1 if self.together else num_ws, w_dim))
        amount = p.amount[:, None] * p.layers
        return x.replace(ws=x.ws + amount[:, :, None] * noise)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Jitter)
