"""Finished pictures of a film at any times: synthesised, brought to its size, and passed through its image effects."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from renderer.fitting import fit
from renderer.repeats import Repeats
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.expressions import Array
from renderer.timeline.image_stage import ImageStage
from renderer.timeline.rows import Apart
from renderer.timeline.stack import fade
from renderer.timeline.timeline import Timeline


class Pictures:
    """Make pictures of a timeline, `batch` at a time; size is (width, height), or None for that of the generator."""

    def __init__(self, timeline: Timeline, size: tuple[int, int] | None, batch: int) -> None:
        self.timeline, self.size = timeline, size
        self.repeats = Repeats()
        self.stage = ImageStage(timeline, self.synthesised, batch)

    @torch.no_grad()
    def finished(self, ws: Tensor, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 of ws [N, num_ws, w_dim] at N times."""
        return self.stage.finish(self.of(ws, times), times)

    @torch.no_grad()
    def synthesised(self, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 at N times, before all image effects."""
        times = np.mod(times, self.timeline.plan.duration) if self.timeline.plan.blend else times
        return self.of(self.timeline.at(times).ws, times)

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
