"""Mix twelve latents by the harmony of the music."""

from __future__ import annotations

from typing import Any, ClassVar

import torch

from renderer import (
    Feature,
    Film,
    Frame,
    LatentEffect,
    LatentKeys,
    Latents,
    Layers,
    Signal,
    ValueProblem,
    hookimpl,
    lerp,
    param,
    truncate,
)

PITCHES = 12  # C, C#, D ... B


class ChromaMix(LatentEffect):
    """Mix twelve latents, one for each pitch class from C to B, by how strongly each sounds: a chord is a look.

    mean + sum(w_i (ws_i - mean)) / sqrt(sum(w_i^2)), with w_i = chroma_i^sharpness: as far from the mean as each of
    them, however many sound together. Alone it is the picture; below a walk give it `layers: fine` for its colours.
    """

    name = "chroma-mix"
    head: ClassVar[str] = "audio: song.wav"
    example: ClassVar[str] = "- chroma-mix: {latents: 1-12}"

    latents: LatentKeys = param("1-12", description="Twelve latents, for C, C#, D and so on up to B")
    chroma: Feature = param({"chroma": {}, "smooth": "250ms"}, description="Where the pitch classes come from")
    sharpness: Signal = param(3, description="1 mixes all that sounds, more leaves only the strongest")
    layers: Layers = param("all", description="Layers to take from the mix")
    amount: Signal = param(1, description="0 keeps what stands above, 1 is the mix")

    def prepare(self, film: Film) -> None:
        """Check that there are twelve latents."""
        count = len(film.fields["latents"].ws)
        if count != PITCHES:
            raise ValueProblem(f"expected {PITCHES} latents, one for each pitch class from C to B, got {count}")

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the mixed latents."""
        center = frame.generator.center(x.c).float()
        weights = p.chroma.clamp_min(0) ** p.sharpness.clamp_min(0)[:, None]
        weights = weights / weights.square().sum(1, keepdim=True).sqrt().clamp_min(1e-6)  # in silence: the mean
        mix = torch.zeros_like(x.ws)
        for weight, ws in zip(weights.unbind(1), p.latents.ws, strict=True):  # in order, so that batches agree
            mix = mix + weight[:, None, None] * (ws - center)
        mix = truncate(center + mix, center, x.psi, x.cutoff)
        return x.replace(z=None, ws=lerp(x.ws, mix, (p.amount[:, None] * p.layers)[:, :, None]))


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(ChromaMix)
