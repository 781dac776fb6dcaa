"""The compiled film: the latents and all else a generator needs, as a pure function of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from renderer.effects import ImageEffect, LatentEffect, SynthesisEffect, SynthesisInputs
from renderer.errors import Problem, SceneError
from renderer.generators.base import Generator
from renderer.latents import Latents
from renderer.timeline.expressions import Array
from renderer.timeline.plan import Plan
from renderer.timeline.sources import Sources
from renderer.timeline.stack import StackedEffect, fade, resolve_entry
from renderer.timeline.tracks import Moments


class Timeline:
    """Give the latents of a film at any time; made from a `Plan` and the generator it is for.

    Raises SceneError, when made, with everything in the scene that does not fit the generator.
    """

    def __init__(self, plan: Plan, generator: Generator) -> None:
        self.plan, self.generator = plan, generator
        self.c = class_label(plan, generator)
        sources = Sources(generator, plan.scene.path.parent, self.c)
        problems: list[Problem] = []
        stack = [resolve_entry(bound, plan, sources, problems) for bound in plan.entries]
        if problems:
            raise SceneError(problems)
        self.stack: tuple[StackedEffect, ...] = tuple(effect for effect in stack if effect is not None)
        self.at([0.0, *(sum(entry.span) / 2 for entry in plan.entries)])  # what cannot work fails now

    @property
    def frames(self) -> int:
        """Return the number of frames of the film."""
        return self.plan.frames

    def times(self, start: int, stop: int) -> Array:
        """Return the seconds of frames start to stop, float64."""
        return np.array([self.plan.time(frame) for frame in range(start, stop)])

    def at(self, t: float | Sequence[float] | Array) -> Latents:
        """Return the latents at a time, or at N times, in seconds."""
        times = np.atleast_1d(np.asarray(t, np.float64))
        if not self.plan.blend:
            return self._latents(times)
        length, blend = self.plan.duration, self.plan.blend
        times = np.mod(times, length)
        latents = self._latents(times)
        if not (times < blend).any():
            return latents
        tail = self._latents(times + length)
        blended: Latents = fade(tail, latents.replace(z=None), self._way(times))
        return blended

    def synthesis_inputs(self, times: Array) -> SynthesisInputs:
        """Return what the synthesis effects make of the inputs of synthesis at N times."""
        inputs, moments = SynthesisInputs(noise_mode=self.plan.scene.noise), self.moments(times)
        for stacked in self.stack:
            if isinstance(stacked.effect, SynthesisEffect):
                inputs = stacked.apply(inputs, moments)
        return inputs

    def finish(self, images: Tensor, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 after the image effects, which see them as sRGB 0..1."""
        effects = [stacked for stacked in self.stack if isinstance(stacked.effect, ImageEffect)]
        if not effects:
            return images
        given = (images + 1) / 2
        finished = self._finish(effects, given, times)
        if self.plan.blend and (times < self.plan.blend).any():
            finished = fade(self._finish(effects, given, times + self.plan.duration), finished, self._way(times))
        return torch.where(finished == given, images, finished * 2 - 1)  # what no effect changed keeps its bits

    def _finish(self, effects: Sequence[StackedEffect], images: Tensor, times: Array) -> Tensor:
        moments = self.moments(times)
        for stacked in effects:
            images = stacked.apply(images, moments)
        return images

    def _way(self, times: Array) -> Tensor:
        """Return how far the beginning has taken over from the end of a loop that blends, float32 [N]."""
        way = np.clip(times / self.plan.blend, 0, 1)
        return torch.as_tensor(way, dtype=torch.float32, device=self.generator.device)

    def moments(self, times: Array) -> Moments:
        """Return what the fields of effects are resolved with at N times."""
        device = self.generator.device
        psi = torch.as_tensor(self.plan.psi(times), dtype=torch.float32, device=device)
        return Moments(times, psi, self.plan.scene.cutoff, device)

    @torch.no_grad()
    def _latents(self, times: Array) -> Latents:
        moments, generator = self.moments(times), self.generator
        ws = generator.w_avg.float().expand(len(times), generator.num_ws, -1)
        c = None if self.c is None else self.c.expand(len(times), -1)
        latents = Latents(ws, moments.psi, moments.cutoff, c=c)
        for stacked in self.stack:
            if isinstance(stacked.effect, LatentEffect):
                latents = stacked.apply(latents, moments)
        return latents


def class_label(plan: Plan, generator: Generator) -> Tensor | None:
    """Return the scene's class as a label [1, c_dim], or None for an unconditional generator."""
    scene = plan.scene
    if scene.class_ >= max(generator.c_dim, 1):
        has = f"classes 0 to {generator.c_dim - 1}" if generator.c_dim else "no classes"
        place = scene.tree.find("class").place
        raise SceneError([Problem(place, "class", f"this generator has {has}, got {scene.class_}")])
    if not generator.c_dim:
        return None
    label = torch.zeros(1, generator.c_dim, device=generator.device)
    label[0, scene.class_] = 1
    return label
