"""Hold the picture in its place."""

from __future__ import annotations

from typing import Any, ClassVar

from renderer import Film, Frame, LatentEffect, Latents, LatentSource, Signal, ValueProblem, hookimpl, lerp, param


class FreezeView(LatentEffect):
    """Hold the picture in its place while its latents move: what each of them wants to turn and shift is left out.

    StyleGAN3 reads place and angle of the whole picture from the first row of ws, bloom place, distance and tilt from
    its first two; these rows become those of one latent, by default of the mean.
    """

    name = "freeze-view"
    example: ClassVar[str] = "- walk: {keys: {0s: 3, 1s: 14, 2s: 65}}\n- freeze-view: {amount: {0s: 0, 1s: 1}}"

    to: LatentSource = param("mean", description="The latent whose view is kept, such as {seed: 65}")
    amount: Signal = param(1, description="0 leaves the view free, 1 holds it")

    def prepare(self, film: Film) -> None:
        """Check that the generator has rows that place the picture."""
        if not film.generator.view_rows:
            raise ValueProblem(f"{film.generator.family} has no view of its own; StyleGAN3 and bloom have one")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return latents whose first rows stay."""
        rows = frame.generator.view_rows
        ws = x.ws.clone()
        ws[:, :rows] = lerp(x.ws[:, :rows], p.to[:, :rows], p.amount.reshape(-1, 1, 1))
        return x.replace(ws=ws)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(FreezeView)
