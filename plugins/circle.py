"""Go round a circle in z."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import Film, Frame, LatentEffect, Latents, LatentSource, Time, ValueProblem, hookimpl, param


class Circle(LatentEffect):
    """Go round a circle in z through two latents a quarter turn apart: a film that is a loop by nature.

    z(t) = cos(2 pi turn) a + sin(2 pi turn) b, which stays normal all the way round.
    """

    name = "circle"
    is_source = True
    example: ClassVar[str] = "- circle: {through: 3, to: 14, period: 2s}"

    through: LatentSource = param(3, description="The latent at the start of each round; it needs a z, so a seed")
    to: LatentSource = param(14, description="The latent a quarter turn later; it needs a z, so a seed")
    period: Time = param("8s", description="Length of a round; a loop fits a whole number of them")

    def prepare(self, film: Film) -> Any:
        """Take the two z."""
        ends = [film.fields[name] for name in ("through", "to")]
        if any(end.z is None for end in ends):
            raise ValueProblem("expected latents that have a z, such as seeds; files of w and `mean` have none")
        if any(end.psi is not None for end in ends):
            raise ValueProblem("a circle has the psi of the scene; leave out that of its latents, or use psi-ramp")
        return [end.z for end in ends]

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents on the circle."""
        start, quarter = frame.prepared
        angle = (2 * torch.pi * (frame.turns(p.period) % 1)).float().unsqueeze(1)
        z = angle.cos() * start + angle.sin() * quarter
        return x.replace(z=z, ws=frame.mapping(z, x))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Circle)
