"""Push latents on every beat."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from renderer import (
    Directions,
    Film,
    Frame,
    LatentEffect,
    Latents,
    LatentSource,
    Layers,
    Signal,
    ValueProblem,
    hookimpl,
    lerp,
    param,
)


class Pulse(LatentEffect):
    """Push latents by a signal: along a direction, towards another latent, or away from the mean.

    Without `direction` and `to` it is ws + amount * layer * (ws - mean), which makes more of what is special about
    each picture, and so works with every model.
    """

    name = "pulse"
    example: ClassVar[str] = "- walk: {keys: 3}\n- pulse: {direction: zoom, amount: '1.6*exp(3*sin(1s) - 3)'}"

    amount: Signal = param("0.5*kick", description="How far: units of the direction, or the way to `to`, 1 is there")
    direction: Directions | None = param(None, description="A name of the generator's, a file, or a map {hue: 1}")
    to: LatentSource | None = param(None, description="A latent to push towards, such as {seed: 65}")
    layers: Layers = param("all", description="Layers to push, such as coarse or 8-13")

    def prepare(self, film: Film) -> None:
        """Check that the pulse goes one way."""
        if self.direction is not None and self.to is not None:
            raise ValueProblem("expected `direction` or `to`, got both; give each a pulse of its own")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the pushed latents."""
        amount = (p.amount[:, None] * p.layers)[:, :, None]
        if p.to is not None:
            return x.replace(ws=lerp(x.ws, p.to, amount))
        return x.replace(ws=x.ws + amount * self.way(x, p, frame))

    def way(self, x: Latents, p: Any, frame: Frame) -> Tensor:
        """Return where an amount of 1 leads, from ws on: [N, num_ws, w_dim]."""
        if p.direction is not None:
            way: Tensor = p.direction.ws
            return way
        return x.ws - frame.generator.center(x.c).float()


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Pulse)
