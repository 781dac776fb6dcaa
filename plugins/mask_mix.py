"""Mix two latents in one picture, here one and there the other."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from renderer import (
    Film,
    Frame,
    LatentSource,
    Layers,
    Signal,
    SynthesisEffect,
    SynthesisInputs,
    hookimpl,
    param,
    read_mask,
    sampled,
)  # fmt: skip


class MaskMix(SynthesisEffect):
    """Mix another latent into a part of the picture: split screens, circles that wander, a painted mask.

    Both are synthesised side by side, and at every layer of `layers` their feature maps become one, by the mask: so
    they grow into each other, and the seam melts. With `layers: fine` both keep their shapes and only the surface
    melts. One mask-mix above another stays in front. It costs a second synthesis.
    """

    name = "mask-mix"
    example: ClassVar[str] = (
        "- walk: {keys: 3}\n- mask-mix: {with: 65, mask: circle, x: '0.5 + 0.2*sin(2s)', size: 0.5, softness: 0.2}"
    )

    with_: LatentSource = param(alias="with", description="The other latent, such as {seed: 65}")
    mask: Literal["split", "circle", "stripes"] = param("split", description="Where the other one is")
    image: str | None = param(None, description="A picture instead: white where the other one is, transparent is black")
    amount: Signal = param(1, description="0 leaves what stands above, 1 shows the other where the mask is white")
    x: Signal = param(0.5, description="Where the middle of the mask is: 0 is left, 1 right")
    y: Signal = param(0.5, description="And 0 is the top, 1 the bottom")
    angle: Signal = param(0, description="Degrees against the clock by which the mask is turned")
    size: Signal = param(0.5, description="Width of circle, stripes or image, in picture widths")
    softness: Signal = param(0.1, description="Width of the seam, in picture widths")
    layers: Layers = param("all", description="Where the maps of both become one, by the rows of ws, and how much")

    def prepare(self, film: Film) -> Tensor | None:
        """Return the painted mask [1, 1, h, w] in 0..1, if there is one."""
        return None if self.image is None else read_mask(film.folder / self.image).to(film.generator.device)

    def apply(self, x: SynthesisInputs, p: Any, frame: Frame) -> SynthesisInputs:
        """Return inputs whose synthesis makes both, and mixes them at every layer."""
        amount, maps = (p.amount * frame.weight).clamp(0, 1), frame.generator.feature_maps
        count = len(amount)

        def shown(features: Tensor, share: float, times: int) -> Tensor:
            height, width = features.shape[2:]
            mask: Tensor = self.at(height, width, share, p, frame.prepared) * amount.reshape(-1, 1, 1, 1)
            return mask.repeat(times, 1, 1, 1)

        def wrap(inner: Any) -> Any:
            def both(ws: Tensor, *, taps: Any = None, noise: Any = None, transform: Any = None, **rest: Any) -> Tensor:
                times = len(ws) // count

                def melt(name: str, features: Tensor) -> Tensor:
                    one, other = features.tensor_split(2)
                    part = p.layers[:, maps[name].row].reshape(-1, 1, 1, 1).repeat(times, 1, 1, 1)
                    mask = shown(features, maps[name].share, times)
                    mixed = (one + (other - one) * mask).to(features.dtype)
                    one, other = (side + (mixed - side) * part.to(features.dtype) for side in (one, other))
                    return torch.cat([one, other] if taps is None else [taps(name, one), taps(name, other)])

                second = {name: twice(one, len(ws)) for name, one in (noise or {}).items()}
                moved = None if transform is None else twice(transform, len(ws))
                together = torch.cat([ws, p.with_.repeat(times, 1, 1)])
                images = inner(together, taps=melt, noise=second or None, transform=moved, **rest)
                one, other = images.tensor_split(2)
                mixed: Tensor = one + (other - one) * shown(images, 1.0, times)
                return mixed

            return both

        return x.with_wrap(wrap, amount != 0)

    def at(self, height: int, width: int, share: float, p: Any, painted: Tensor | None) -> Tensor:
        """Return the mask [N, 1, height, width] of a map whose middle `share` the picture takes."""
        device, aspect = p.x.device, height / width
        down = (torch.arange(height, device=device) + 0.5) / height - 0.5
        right = (torch.arange(width, device=device) + 0.5) / width - 0.5
        x = (right / share)[None, None, :] - (p.x - 0.5)[:, None, None]  # in widths of the picture
        y = ((down / share)[None, :, None] - (p.y - 0.5)[:, None, None]) * aspect
        turn = torch.deg2rad(p.angle)[:, None, None]
        across, along = x * turn.cos() - y * turn.sin(), x * turn.sin() + y * turn.cos()
        size = p.size.clamp_min(1e-3)[:, None, None]
        if painted is not None:
            return sampled(painted, across / size, along / size, 1 / (size * share * width))
        if self.mask == "circle":
            inside = size / 2 - (across.square() + along.square()).sqrt()
        elif self.mask == "stripes":
            inside = (across / size * math.pi).cos() * size / math.pi
        else:
            inside = across.expand(-1, height, width)
        seam = p.softness.clamp_min(1e-4)[:, None, None].clamp_min(1 / (share * width))
        return torch.sigmoid(inside * 6 / seam)[:, None]


def twice(tensor: Tensor, count: int) -> Tensor:
    """Return what belongs to each of `count` images, or to all of them, for twice as many."""
    return torch.cat([tensor, tensor]) if tensor.ndim > 2 and len(tensor) == count else tensor


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(MaskMix)
