"""Let the energy of the music drive a walk."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import torch

from renderer import (
    Feature,
    Film,
    Frame,
    LatentEffect,
    LatentKeys,
    Latents,
    Time,
    ValueProblem,
    hookimpl,
    param,
    slerp,
    truncate,
)


class TimeWarp(LatentEffect):
    """Walk by a clock that the music drives: faster where it is loud, almost still where it is quiet.

    With `keys` it is a walk along these, without any it drifts as a noise-walk does. The clock counts seconds, and on
    the whole it runs as fast as time does, so that keys arrive in the same order and in the same film.
    """

    name = "time-warp"
    is_source = True
    head: ClassVar[str] = "audio: song.wav"
    example: ClassVar[str] = "- time-warp: {keys: [3, 14, 15, 92]}"

    keys: LatentKeys | None = param(None, description="Latents over the clock's time, as in a walk; default: a drift")
    period: Time = param("2s", description="Of the drift: how long the look lasts (sigma)")
    clock: Feature = param(
        {"rms": {}, "power": 2, "accumulate": True}, description="What drives it: any feature with `accumulate: true`"
    )
    speed: float = param(1, gt=0, le=100, description="How fast the clock runs; 2 goes twice as far")
    seed: int = param(0, ge=0, description="Of the drift: another seed, another drift")

    def prepare(self, film: Film) -> Any:
        """Return the keys, if there are any."""
        track = film.fields["keys"]
        if track is not None and any(psi is not None for psi in track.psis):
            raise ValueProblem("a time-warp has the psi of the scene; leave out that of its keys, or use psi-ramp")
        return track

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents at the clock's time."""
        t = p.clock[:, 0].double() * self.speed
        if frame.prepared is None:
            z = replace(frame, t=t).gaussian_noise(p.period, (frame.generator.z_dim,), f"{self.seed}")
            return x.replace(z=z, ws=frame.mapping(z, x))
        before, after, way = frame.prepared.times.locate(t.cpu().numpy())
        amount = torch.as_tensor(way, dtype=torch.float32, device=t.device).reshape(-1, 1, 1)
        ws, center = frame.prepared.ws, frame.generator.center(x.c).float()
        return x.replace(z=None, ws=truncate(slerp(ws[before], ws[after], amount, center), center, x.psi, x.cutoff))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(TimeWarp)
