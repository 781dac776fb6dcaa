"""Go to a new seed every few beats."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

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
    param,
    slerp,
    truncate,
)


class BeatWalk(LatentEffect):
    """Go to a new latent every few beats, each arriving on its beat; a chorus returns to the latents it had before.

    Which latents they are belongs to the name of the section (`sections:`, or those heard in the song) and to the beats
    since it began; a section begins with a latent of its own. Without sections the whole film is one.
    """

    name = "beat-walk"
    is_source = True
    head: ClassVar[str] = "tempo: 120"
    example: ClassVar[str] = "- beat-walk: {every: 1}"

    every: float = param(4, gt=0, le=1024, description="Beats from one latent to the next")
    latents: LatentKeys | None = param(None, description="Latents to choose from, such as 1-8; default: any seed")
    seed: int = param(0, ge=0, description="Another seed, other latents, or others of those in `latents`")
    glide: float = param(1, ge=0, le=1, description="Part of the time that is spent on the way; the rest is a halt")
    ease: Easing = param("in-cubic", description="Easing of the way; in- eases arrive with a jolt, on the beat")

    def prepare(self, film: Film) -> Any:
        """Return the beats at which latents arrive, float64 [S], which latent each is, int64 [S], and all z or ws."""
        if self.latents is not None and any(key.time is not None for key in self.latents.keys):
            raise ValueProblem("expected latents without times, such as [3, 14, 15] or 1-8; the beats give the times")
        stops = list(self.stops(film))
        names = list(dict.fromkeys(name for _, name in stops))
        numbers = np.array([names.index(name) for _, name in stops])
        return np.array([beat for beat, _ in stops]), numbers, self.chosen(film, names)

    def stops(self, film: Film) -> Iterator[tuple[float, str]]:
        """Yield the beat of every arrival and the name of what arrives: its section, and its place there."""
        end = film.loop or 1.5 * film.span.end  # a blend looks beyond the end
        begin, last = float(film.beats.beats(0.0)), round(float(film.beats.beats(end)))
        first = ""
        for label, start, until in spans(film, last):
            early = 0 if first else max(0, math.ceil((start - begin) / self.every))
            for step in range(-early, max(1, round((until - start) / self.every))):
                first = first or f"{label} {step}"
                yield start + step * self.every, f"{label} {step}"
        yield float(last), first if film.loop else "end 0"

    def chosen(self, film: Film, names: list[str]) -> tuple[Tensor | None, Tensor | None]:
        """Return z [K, z_dim] of K names, or else the ws [K, num_ws, w_dim] of the latents to choose from."""
        device = film.generator.device
        if self.latents is None:
            z = [film.rng(f"{self.seed} {name}").standard_normal(film.generator.z_dim) for name in names]
            return torch.as_tensor(np.array(z), dtype=torch.float32, device=device), None
        track = film.fields["latents"]
        if any(psi is not None for psi in track.psis):
            raise ValueProblem("a beat-walk has the psi of the scene; leave out that of its latents, or use psi-ramp")
        return None, track.ws[[*self.picks(film, names, len(track.ws))]]

    def picks(self, film: Film, names: list[str], count: int) -> Iterator[int]:
        """Yield which of `count` latents each name means; each section goes through all of them in its own order."""
        for name in names:
            label, _, step = name.rpartition(" ")
            order = film.rng(f"{self.seed} {label}").permutation(count)
            yield int(order[int(step) % count])

    def apply(self, x: Latents, p: Any, frame: Frame) -> Latents:
        """Return the latents on the way."""
        beats, numbers, (z, ws) = frame.prepared
        assert frame.beat is not None  # or else there were no beats to prepare
        beat = frame.beat.cpu().numpy()
        before = np.clip(np.searchsorted(beats - 1e-6, beat, side="right") - 1, 0, len(beats) - 2)
        way = np.clip((beat - beats[before]) / (beats[before + 1] - beats[before]), 0, 1)
        eased = p.ease(np.clip(1 - (1 - way) / max(self.glide, 1e-9), 0, 1))
        amount = torch.as_tensor(eased, dtype=torch.float32, device=x.ws.device).reshape(-1, 1, 1)
        ends = numbers[[before, before + 1]]
        here, there = (ws[end] if z is None else frame.generator.map(z[end], x.c) for end in ends)
        center = frame.generator.center(x.c).float()
        return x.replace(z=None, ws=truncate(slerp(here, there, amount, center), center, x.psi, x.cutoff))


def spans(film: Film, last: int) -> Iterator[tuple[str, float, float]]:
    """Yield name, first beat and end of every section, in whole beats; the film is one where there are none."""
    try:
        starts = [(round(float(film.beats.beats(one.start))), one.label) for one in film.sections.items]
    except ValueProblem:  # there are none
        starts = [(0, "")]
    ends = [*(start for start, _ in starts[1:]), last]
    for (start, label), end in zip(starts, ends, strict=True):
        if end > start:
            yield label, float(start), float(end)


@hookimpl
def register_effects(register: Any) -> None:
    """Register the effect."""
    register(BeatWalk)
