"""Show what a layer of the network sees."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn.functional import interpolate, pad

from renderer import Film, Frame, Signal, SynthesisEffect, SynthesisInputs, ValueProblem, hookimpl, nearest, param

GRID = 36  # maps of a grid at most


class LayerView(SynthesisEffect):
    """Show a feature map as the picture: the mean of its channels, three of them as colours, or a sheet of many.

    Each channel is shown around its mean over the map, so that it neither flickers nor burns out.
    """

    name = "layer-view"
    example: ClassVar[str] = "- walk: {keys: [3, 14]}\n- layer-view: {layer: 2, show: grid}"

    layer: int | str = param(6, description="Row of ws whose map is shown, or the name of the map")
    show: Literal["mean", "colours", "grid"] = param("colours", description="mean, colours or grid")
    channel: int = param(0, ge=0, description="The first channel that `colours` and `grid` show")
    amount: Signal = param(1, description="0 is the picture, 1 the map")

    def prepare(self, film: Film) -> tuple[str, float]:
        """Return the name of the map, and the share of it that the picture takes."""
        maps = film.generator.feature_maps
        named = [name for name, one in maps.items() if self.layer in (name, one.row)]
        below = [name for name, one in maps.items() if isinstance(self.layer, int) and one.row <= self.layer]
        if not named and not below:
            known = f"expected a row of ws or one of {', '.join(maps)}" if maps else f"{film.generator.family} has none"
            raise ValueProblem(f"unknown layer {self.layer!r}: {known}{nearest(str(self.layer), maps)}")
        name = (named or below)[-1]
        return name, maps[name].share

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs whose synthesis gives the map."""
        amount: Tensor = (p.amount * frame.weight).reshape(-1, 1, 1, 1)
        name, share = frame.prepared

        def wrap(inner: Any) -> Any:
            def view(ws: Tensor, *, taps: Any = None, **options: Any) -> Tensor:
                seen: dict[str, Tensor] = {}

                def look(layer: str, features: Tensor) -> Tensor:
                    seen[layer] = features if taps is None else taps(layer, features)
                    return seen[layer]

                images: Tensor = inner(ws, taps=look, **options)
                shown = self.picture(inside(seen[name].float(), share), images.shape)
                return images + (shown - images) * amount.repeat(len(ws) // len(amount), 1, 1, 1)

            return view

        return x.with_wrap(wrap, (p.amount * frame.weight) != 0)

    def picture(self, maps: Tensor, shape: torch.Size) -> Tensor:
        """Return a picture [N, C, H, W] in -1..1 of maps [N, c, h, w]."""
        level, spread = maps.mean((2, 3), keepdim=True), maps.std((2, 3), keepdim=True).clamp_min(1e-6)
        maps = torch.tanh((maps - level) / spread * 0.7)
        if self.show == "mean":
            maps = maps.mean(1, keepdim=True) * math.sqrt(maps.shape[1]) / 2
        else:
            maps = maps.roll(-(self.channel % maps.shape[1]), 1)
            maps = grid(maps) if self.show == "grid" else maps[:, :3]
        maps = maps if maps.shape[1] == shape[1] else maps.mean(1, keepdim=True).expand(-1, shape[1], -1, -1)
        smooth = "nearest" if self.show == "grid" or min(maps.shape[2:]) < 8 else "bilinear"
        return interpolate(maps, shape[2:], mode=smooth).clamp(-1, 1)


def inside(maps: Tensor, share: float) -> Tensor:
    """Return the middle of maps [N, c, h, w] that the picture takes."""
    margins = [round(side * (1 - share) / 2) for side in maps.shape[2:]]
    return maps[:, :, margins[0] : maps.shape[2] - margins[0], margins[1] : maps.shape[3] - margins[1]]


def grid(maps: Tensor) -> Tensor:
    """Return the first channels of maps [N, c, h, w] beside and below each other, [N, 1, H, W]."""
    count = min(GRID, maps.shape[1])
    across = math.ceil(math.sqrt(count))
    down = math.ceil(count / across)
    few = pad(maps[:, :count], (0, 0, 0, 0, 0, across * down - count), value=-1)
    rows = few.reshape(len(few), down, across, *few.shape[2:]).permute(0, 1, 3, 2, 4)
    return rows.reshape(len(few), 1, down * maps.shape[2], across * maps.shape[3])


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(LayerView)
