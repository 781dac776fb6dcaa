"""Move latents along semantic directions."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from renderer import Directions, Film, Frame, LatentEffect, Latents, Layers, Signal, ValueProblem, hookimpl, param


class DirectionSweep(LatentEffect):
    """Move latents along one direction or several, by an amount that changes over time.

    In w the direction is added to the chosen layers: ws + amount * layer * direction. In z it is added before the
    mapping, and what that changes in ws is added: so it works on everything that stands above it.
    """

    name = "direction-sweep"
    example: ClassVar[str] = "- walk: {keys: 3}\n- direction-sweep: {direction: hue, amount: {0s: -2, 2s: 2}}"

    direction: Directions = param(description="A name of the generator's, a file, or a map {hue: 1, smile.npy: -0.5}")
    amount: Signal = param(1, description="How far, in units of the direction; multiplies every amount of a map")
    layers: Layers = param("all", description="Layers to move, such as coarse or 8-13 (in w)")
    space: Literal["w", "z"] | None = param(
        None, description="Where the direction lives; default: what its file says, else w"
    )

    def prepare(self, film: Film) -> str:
        """Return where the directions live; check that they fit the model."""
        directions = film.fields["direction"]
        space: str = self.space or directions.space
        vectors = directions.in_z if space == "z" else directions.in_w
        if space == "z" and self.layers != Layers.parse("all"):
            raise ValueProblem("a direction in z moves all layers; leave `layers` out, or use space: w")
        if not bool(vectors.isfinite().all()):
            raise ValueProblem("expected a direction of finite numbers")
        return space

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the moved latents."""
        if frame.prepared == "w":
            amount = p.amount[:, None] * p.layers
            return x.replace(ws=x.ws + amount[:, :, None] * p.direction.ws)
        if x.z is None:
            raise ValueProblem("a direction in z needs a source in z above it, such as walk: {space: z}")
        z = x.z + p.amount[:, None] * p.direction.z
        return x.replace(z=z, ws=x.ws + (frame.mapping(z, x) - frame.mapping(x.z, x)))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(DirectionSweep)
