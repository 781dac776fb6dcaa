"""Grade the colours of the picture."""

from __future__ import annotations

from typing import Any, ClassVar

import torch
from torch import Tensor

from renderer import (
    Film,
    Frame,
    ImageEffect,
    Lut,
    Signal,
    hookimpl,
    keep_neutral,
    luma,
    param,
    per_picture,
    read_lut,
    split_alpha,
)

NEUTRAL = {"lift": 0, "gamma": 1, "gain": 1, "warmth": 0, "tint": 0, "contrast": 1, "saturation": 1}


class ColourGrade(ImageEffect):
    """Grade the colours of the picture: lift, gamma and gain, warmth, contrast, saturation, and a look from a file.

    (gain * (x + lift * (1 - x)))^(1 / gamma) first, then warmth and tint as factors of red, green and blue, then
    contrast about the middle, saturation about the brightness, and the table of a `.cube` file. Alpha is left as it is.
    """

    name = "colour-grade"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- colour-grade: {lift: 0.06, gamma: 1.1, warmth: 'sin(2s)', contrast: 1.3, saturation: 1.3}"
    )

    lift: Signal = param(0, description="Raises the darks: 0 leaves them, 0.1 makes black a dark grey; -1 to 1")
    gamma: Signal = param(1, description="Brightens the middle tones above 1, darkens them below; above 0")
    gain: Signal = param(1, description="Multiplies the brights: 1 leaves them; 0 and above")
    warmth: Signal = param(0, description="Above 0 orange, below 0 blue; -1 to 1")
    tint: Signal = param(0, description="Above 0 magenta, below 0 green; -1 to 1")
    contrast: Signal = param(1, description="1 leaves it, 0 is grey, 2 twice as much")
    saturation: Signal = param(1, description="1 leaves it, 0 is black and white, 2 twice as much")
    lut: str | None = param(None, description="A table of colours to look up, a .cube file of one dimension or three")
    amount: Signal = param(1, description="0 leaves the picture, 1 is the grade, between both are mixed")

    def prepare(self, film: Film) -> Lut | None:
        """Read the table of colours."""
        return None if self.lut is None else read_lut(film.file(self.lut)).to(film.generator.device)

    def apply(self, x: Tensor, p: Any, frame: Frame) -> Tensor:
        """Return the graded pictures; where nothing is to change, the very same."""
        colours, alpha = split_alpha(x)
        graded = self.toned(colours, p)
        if frame.prepared is not None:
            graded = frame.prepared.of(graded)
        changes = [getattr(p, name) != rest for name, rest in NEUTRAL.items()]
        neutral = torch.stack(changes).any(0).logical_not() & (frame.prepared is None)
        graded = torch.lerp(colours, graded.clamp(0, 1), per_picture(p.amount))
        return keep_neutral(x, torch.cat([graded, alpha], 1), neutral | (p.amount == 0))

    def toned(self, colours: Tensor, p: Any) -> Tensor:
        """Return colours [N, 1 or 3, H, W] after everything but the table; what is neutral costs nothing."""
        lift, gain = per_picture(p.lift), per_picture(p.gain.clamp_min(0))
        scale, offset = gain * (1 - lift), gain * lift
        if colours.shape[1] == 3:  # warmth and tint leave the brightness about where it is
            warm, tint = p.warmth * 0.25, p.tint * 0.25
            factors = torch.stack([1 + warm + tint / 2, 1 - tint, 1 - warm + tint / 2], 1)[..., None, None]
        else:
            factors = torch.ones_like(scale)
        if bool((p.gamma == 1).all()):
            colours = colours * (scale * factors) + offset * factors
        else:
            power = per_picture(1 / p.gamma.clamp_min(0.01))
            colours = (colours * scale + offset).clamp_min(0) ** power * factors
        if bool((p.contrast != 1).any()):
            colours = (colours - 0.5) * per_picture(p.contrast) + 0.5
        if bool((p.saturation != 1).any()):
            grey = luma(colours)
            colours = grey + (colours - grey) * per_picture(p.saturation)
        return colours.clamp(0, 1)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(ColourGrade)
