"""Walk between latents, key by key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from renderer import (
    Easing,
    Film,
    Frame,
    LatentEffect,
    LatentKeys,
    Latents,
    ValueProblem,
    hookimpl,
    lerp,
    param,
    slerp,
    truncate,
)

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline


class Walk(LatentEffect):
    """Walk between latents: seeds, files, means, mixed freely, each at its own time.

    Interpolates straight (lerp), along the arc (slerp; in w around the mean), or along a cubic spline through all
    keys, closed where the film is a loop. The truncation psi of each key is interpolated along.
    """

    name = "walk"
    is_source = True
    example: ClassVar[str] = "- walk: {keys: {0s: 3, 1s: {seed: 14, psi: 0.6}, 2s: 15}, interp: slerp}"

    keys: LatentKeys = param(description="Latents over time: {0s: 3, 2s: {seed: 14, psi: 0.5}}, [3, 14, 15] or 1-8")
    interp: Literal["slerp", "lerp", "spline"] = param("slerp", description="How to get from one key to the next")
    space: Literal["w", "z"] = param("w", description="Where to interpolate; z maps every frame anew")
    ease: Easing = param("in-out-sine", description="Easing from each key to the next, unless the key has its own")

    def prepare(self, film: Film) -> CubicSpline | None:
        """Lay the spline through the keys, if one is asked for."""
        track = film.fields["keys"]
        if self.space == "z" and track.z is None:
            raise ValueProblem("expected keys that have a z to walk in z; files of w and `mean` have none")
        if self.interp != "spline" or len(track.ws) < 2:
            return None
        from scipy.interpolate import CubicSpline  # half a second that only splines need

        values = (track.z if self.space == "z" else track.ws).double().cpu().numpy()
        closed = track.times.loop is not None
        if closed:
            values = np.concatenate([values, values[:1]])
        return CubicSpline(track.times.knots, values, bc_type="periodic" if closed else "natural")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents on the way."""
        keys = p.keys
        if self.space == "z":
            z = self.between(keys.z, torch.zeros(()), keys, frame)
            return x.replace(z=z, ws=frame.mapping(z, x.replace(psi=keys.psi)))
        center = frame.generator.center(x.c).float()
        ws = self.between(keys.ws, center, keys, frame)
        return x.replace(z=None, ws=truncate(ws, center, keys.psi, x.cutoff))

    def between(self, values: Tensor, center: Tensor, keys: Any, frame: Frame) -> Tensor:
        """Return what lies between the values [K, ...] of the keys, [N, ...]."""
        if frame.prepared is not None:
            return self.on_spline(frame.prepared, values, keys)
        amount = keys.amount.reshape(-1, *[1] * (values.ndim - 1))
        before, after = values[keys.before], values[keys.after]
        if self.interp == "lerp":
            return lerp(before, after, amount)
        return slerp(before, after, amount, center.to(values.device))

    def on_spline(self, spline: CubicSpline, values: Tensor, keys: Any) -> Tensor:
        """Return the values of the spline; keys share the time between them by their easing."""
        before = keys.before.cpu().numpy()
        knots = spline.x
        after = np.minimum(before + 1, len(knots) - 1)
        warped = knots[before] + (knots[after] - knots[before]) * keys.amount.double().cpu().numpy()
        return torch.as_tensor(spline(warped), dtype=torch.float32, device=values.device)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(Walk)
