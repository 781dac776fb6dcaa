"""The compiled film: the latents and all else a generator needs, as a pure function of time."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from renderer.effects import LatentEffect, SynthesisEffect
from renderer.errors import Problem, SceneError
from renderer.generators.base import Generator
from renderer.latents import Latents
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.classes import class_tracks, mixed
from renderer.timeline.conduct import Conduct
from renderer.timeline.expressions import Array
from renderer.timeline.noise_maps import NoiseMaps
from renderer.timeline.plan import Plan
from renderer.timeline.sources import Sources
from renderer.timeline.stack import StackedEffect, alike, blended_transform, fade, resolve_stack
from renderer.timeline.tracks import Moments


class Timeline:
    """Give the latents of a film at any time; made from a `Plan` and the generator it is for.

    Raises SceneError, when made, with everything in the scene that does not fit the generator.
    """

    def __init__(self, plan: Plan, generator: Generator) -> None:
        self.plan, self.generator = plan, generator
        self.classes = class_tracks(plan, generator)
        sources = [Sources(generator, plan.scene.path.parent, c) for c, _ in self.classes]
        problems: list[Problem] = []
        self.stack = resolve_stack(plan.entries, plan, sources, problems)
        self.parts = [(one.share, resolve_stack(one.entries, plan, sources, problems)) for one in plan.sections]
        if problems:
            raise SceneError(problems)
        self.notes = tuple(dict.fromkeys(note for one in sources for note in one.notes))
        self.noise = NoiseMaps(plan, generator)
        self.at([0.0, *(sum(entry.span) / 2 for entry in plan.entries)])  # what cannot work fails now
        for group in (one for one in self.whole_stack if one.group and one.is_own_picture):
            self.layer(group).at([0.0, sum(group.bound.span) / 2])

    @property
    def whole_stack(self) -> tuple[StackedEffect, ...]:
        """Return the stack of the film, and below it those of its sections."""
        return (*self.stack, *(stacked for _, stack in self.parts for stacked in stack))

    @property
    def conducts(self) -> tuple[tuple[StackedEffect, Conduct], ...]:
        """Return every effect with how it did so far, once for each class of the film."""
        effects = [inner for one in self.whole_stack for inner in one.flat]
        return tuple((one, each.conduct) for one in effects for each in (one, *one.others))

    def layer(self, group: StackedEffect) -> Timeline:
        """Return the timeline of a group's own picture: all that stands above it, then what stands in it.

        A group that begins with a source, such as a walk, has nothing to do with what stands above it.
        """
        own = copy.copy(self)
        own.parts = []
        own.stack = (*(() if group.group[0].effect.is_source else self.above(group)), *group.group)
        return own

    def above(self, effect: StackedEffect) -> tuple[StackedEffect, ...]:
        """Return what stands above an effect: in the stack, or in that and a section's."""
        stacks = (self.stack, *((*self.stack, *part) for _, part in self.parts))
        return next(found for stack in stacks if (found := above(stack, effect)) is not None)

    @property
    def skipped(self) -> tuple[str, ...]:
        """Return what was left out because it failed, a sentence each."""
        told = (conduct.told for _, conduct in self.conducts)
        return tuple(dict.fromkeys([*self.plan.scene.skipped, *(one for one in told if one)]))

    @property
    def frames(self) -> int:
        """Return the number of frames of the film."""
        return self.plan.frames

    @property
    def channels(self) -> int:
        """Return the channels of its pictures."""
        return self.generator.img_channels

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
        blended: Latents = fade(tail, latents.replace(z=None), self.way(times))
        return blended

    def synthesis_inputs(self, times: Array) -> SynthesisInputs:
        """Return what the synthesis effects make of the inputs of synthesis at N times."""
        return self.blended_inputs(times)[0]

    def blended_inputs(self, times: Array) -> tuple[SynthesisInputs, SynthesisInputs | None]:
        """Return the inputs at N times, and those beyond the end of the film from which it is blended over to them.

        The second are None where there is nothing to blend but a transform, which is blended as such.
        """
        inputs = self._inputs(times)
        if not self.plan.blend or not (times < self.plan.blend).any():
            return inputs, None
        tail = self._inputs(times + self.plan.duration)
        inputs = inputs.replace(transform=blended_transform(tail, inputs, self.way(times)))
        return inputs, None if alike(tail, inputs) else tail.replace(transform=inputs.transform)

    def _inputs(self, times: Array) -> SynthesisInputs:
        inputs, moments = self.noise.inputs(times), self.moments(times)
        for stacked in self.whole_stack:
            if isinstance(stacked.effect, SynthesisEffect):
                inputs = stacked.apply(inputs, moments)
        return inputs

    def way(self, times: Array) -> Tensor:
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
        moments = self.moments(times)
        if len(self.classes) == 1:
            return self._of_class(0, moments)
        shares = [moments.curve(share) for _, share in self.classes]
        present = [index for index, share in enumerate(shares) if bool((share != 0).any())]
        return mixed([self._of_class(index, moments) for index in present], [shares[index] for index in present])

    def _of_class(self, index: int, moments: Moments) -> Latents:
        """Return what the stack makes where all frames are of one class, given by its place among the film's."""
        count, generator, (c, _) = len(moments.t), self.generator, self.classes[index]
        ws = generator.center(c).float().expand(count, generator.num_ws, -1)
        latents = Latents(ws, moments.psi, moments.cutoff, c=None if c is None else c.expand(count, -1))
        latents = apply_latent_effects(self.stack, index, latents, moments)
        shares = [moments.curve(share) for share, _ in self.parts]
        present = [i for i, share in enumerate(shares) if bool((share != 0).any())]
        if not present:
            return latents
        common = 1 - torch.stack([shares[i] for i in present]).sum(0)
        own = [apply_latent_effects(self.parts[i][1], index, latents, moments) for i in present]
        return mixed([latents, *own], [common, *(shares[i] for i in present)])


def above(stack: Sequence[StackedEffect], effect: StackedEffect) -> tuple[StackedEffect, ...] | None:
    """Return what stands above an effect in a stack, or in the groups of it; None where it does not stand there."""
    for place, one in enumerate(stack):
        inner = () if one is effect else above(one.group, effect)
        if inner is not None:
            return (*stack[:place], *inner)
    return None


def apply_latent_effects(stack: Sequence[StackedEffect], index: int, latents: Latents, moments: Moments) -> Latents:
    """Return latents after the latent effects of a stack, as resolved for one of the film's classes."""
    for stacked in stack:
        if isinstance(stacked.effect, LatentEffect):
            latents = stacked.of_class(index).apply(latents, moments)
    return latents
