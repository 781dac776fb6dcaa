"""Finished pictures of a film at any times: synthesised, brought to its size, and passed through its image effects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from renderer.fitting import fit
from renderer.generators.base import Generator
from renderer.repeats import Repeats
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.conduct import Conduct
from renderer.timeline.expressions import Array
from renderer.timeline.image_stage import ImageStage
from renderer.timeline.plan import Plan
from renderer.timeline.rows import Apart
from renderer.timeline.stack import StackedEffect, fade
from renderer.timeline.timeline import Timeline


class Looks(Protocol):
    """Stand for what makes the pictures of a film, some times at once."""

    def look(self, times: Array) -> Callable[[slice], Tensor]:
        """Return a function of rows that gives images [N, C, H, W] in -1..1 at those of the times."""


class Footage(Protocol):
    """Stand for a film that is no timeline, but makes pictures as one does."""

    @property
    def frames(self) -> int:
        """Return the number of frames."""

    @property
    def plan(self) -> Plan:
        """Return the film as bound to its clock."""

    @property
    def generator(self) -> Generator:
        """Return a generator, for its device."""

    @property
    def channels(self) -> int:
        """Return the channels of its pictures."""

    @property
    def stack(self) -> Sequence[StackedEffect]:
        """Return its effects."""

    @property
    def conducts(self) -> Sequence[tuple[StackedEffect, Conduct]]:
        """Return every effect with how it did so far."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should be told."""

    @property
    def skipped(self) -> tuple[str, ...]:
        """Return what was left out because it failed, a sentence each."""

    def times(self, start: int, stop: int) -> Array:
        """Return the seconds of frames start to stop, float64."""

    def pictures(self, size: tuple[int, int] | None, batch: int) -> Looks:
        """Return what makes its pictures of size (width, height), `batch` at a time."""


class Pictures:
    """Make pictures of a timeline, `batch` at a time; size is (width, height), or None for that of the generator."""

    def __init__(self, timeline: Timeline, size: tuple[int, int] | None, batch: int) -> None:
        self.timeline, self.size, self.stage_batch = timeline, size, batch
        self.repeats = Repeats()
        self.stage = ImageStage(timeline, self.synthesised, self.layer, batch)

    def look(self, times: Array) -> Callable[[slice], Tensor]:
        """Return a function of rows that gives images [N, C, H, W] in -1..1 at those of the times."""
        ws = self.timeline.at(times).ws
        return lambda rows: self.finished(ws[rows], times[rows])

    @torch.no_grad()
    def finished(self, ws: Tensor, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 of ws [N, num_ws, w_dim] at N times."""
        return self.stage.finish(self.of(ws, times), times)

    @torch.no_grad()
    def synthesised(self, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 at N times, before all image effects."""
        times = np.mod(times, self.timeline.plan.duration) if self.timeline.plan.blend else times
        return self.of(self.timeline.at(times).ws, times)

    def layer(self, timeline: Timeline) -> Callable[[Array], Tensor]:
        """Return what makes finished images of another timeline of the same film."""
        own = Pictures(timeline, self.size, self.stage_batch)
        return lambda times: own.finished(timeline.at(times).ws, times)

    def of(self, ws: Tensor, times: Array) -> Tensor:
        """Return the images of ws [N, num_ws, w_dim], with the noise, transform and taps that they have at N times.

        Where an effect on synthesis fails and is to be skipped, each frame is made by itself.
        """
        try:
            return self.together(ws, times)
        except Apart:
            return torch.cat([self.together(ws[i : i + 1], times[i : i + 1]) for i in range(len(times))])

    def together(self, ws: Tensor, times: Array) -> Tensor:
        """Return the images of ws [N, num_ws, w_dim] at N times, made as one batch."""
        inputs, tail = self.timeline.blended_inputs(times)
        images = self.made(ws, inputs)
        return images if tail is None else fade(self.made(ws, tail), images, self.timeline.way(times))

    def made(self, ws: Tensor, inputs: SynthesisInputs) -> Tensor:
        """Return the images of ws and the inputs of synthesis, of the size of the film."""

        def synthesise() -> Tensor:
            images = inputs.synthesise(self.timeline.generator.synthesis, ws).float()
            return images if self.size is None else fit(images, self.size, self.timeline.plan.scene.fit.how)

        return self.repeats.images(ws, inputs, synthesise)


def pictures_of(film: Timeline | Footage, size: tuple[int, int] | None, batch: int) -> Looks:
    """Return what makes pictures of a film of size (width, height), `batch` at a time."""
    return Pictures(film, size, batch) if isinstance(film, Timeline) else film.pictures(size, batch)
