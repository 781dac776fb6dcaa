"""Mirror one half of the picture onto the other."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from torch import Tensor

from renderer import (
    Frame,
    ImageEffect,
    Signal,
    hookimpl,
    keep_neutral,
    mix,
    param,
    pixel_centres,
    sample_at,
)

SIDES = {
    "left": (1, 0),
    "right": (-1, 0),
    "top": (0, 1),
    "bottom": (0, -1),
    "top-left": (1, 1),
    "bottom-right": (-1, -1),
}


class Mirror(ImageEffect):
    """Mirror one half of the picture onto the other, or one quarter onto all.

    A point beyond the mirror at `at` sees what is as far on its other side; beyond the picture, that goes on mirrored.
    """

    name = "mirror"
    example: ClassVar[str] = "- walk: {keys: 3}\n- mirror: {keep: left, at: '0.4 + 0.2*sin(2s)'}"

    keep: Literal["left", "right", "top", "bottom", "top-left", "bottom-right"] = param(
        "left", description="The half, or quarter, that stays and is mirrored onto the rest"
    )
    at: Signal = param(0.5, description="Where the mirror stands: 0 is left and top, 1 right and bottom")
    amount: Signal = param(1, description="0 leaves the picture, 1 mirrors it, between both are mixed")

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the mirrored pictures; where the amount is 0, the very same."""
        columns, rows = pixel_centres(x)
        at = (2 * p.at - 1)[:, None, None]
        across, down = (
            mirrored(places, at, side)
            for places, side in zip((columns[None, None, :], rows[None, :, None]), SIDES[self.keep], strict=True)
        )
        return keep_neutral(x, mix(x, sample_at(x, across, down), p.amount), p.amount == 0)


def mirrored(places: Tensor, at: Tensor, side: int) -> Tensor:
    """Return where places look before a mirror at `at`; side is 1 to keep what is before, -1 behind, or 0."""
    return at - side * (side * (places - at)).abs() if side else places.expand(len(at), *places.shape[1:])


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Mirror)
