"""The latent whose picture is like a photo, found by gradients through the generator that renders films."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from renderer.directions.model import Model
from renderer.inversion.distance import Distance, psnr
from renderer.inversion.noise_fit import WEIGHT, correlation, first_noise, normalise
from renderer.inversion.painter import Painter
from renderer.inversion.result import Result
from renderer.inversion.schedule import RAMP_DOWN, Stage, noise_at, rate_at, stages, stands_still
from renderer.inversion.settings import Settings
from renderer.inversion.spaces import Space
from renderer.inversion.start import sample_count, starts
from renderer.inversion.state import State

CLOSENESS = 1e-5  # weight of the squared variables: what the photo leaves open stays near the mean
FILMED = 150  # moments of the optimisation that are kept for its film

Tell = Callable[[int, str], None]  # steps or samples done, and what to say of them
Keep = Callable[[State], None]


def quiet(count: int, text: str) -> None:
    """Take progress that nobody wants to see."""


@dataclass(frozen=True)
class Projection:
    """Hold what came of a projection.

    psnr      [T], decibels over the whole of each picture.
    path      ws [moments, T, num_ws, w_dim] of the best latents on the way.
    state     where it stands.
    complete  False where it was stopped before its end.
    """

    result: Result
    pictures: Tensor
    psnr: Tensor
    path: Tensor
    complete: bool
    state: State


class Projector:
    """Find the latents of T photos [T, 3, H, W] in -1..1, of the generator's size, all at once."""

    def __init__(self, model: Model, distance: Distance, settings: Settings) -> None:
        self.model, self.distance, self.settings = model, distance, settings
        self.stages = stages(model.generator, settings)
        self.painter = Painter(model.generator, settings.noise)
        self.space = Space(model, settings.space)
        self.photos = len(distance.photos)

    @property
    def work(self) -> int:
        """Return how many steps and samples are told of at most."""
        return sum(stage.steps for stage in self.stages) + sample_count(self.space, self.stages[0], self.settings)

    def left(self, state: State) -> int:
        """Return how many steps are left."""
        return sum(stage.steps for stage in self.stages[state.stage :]) - state.position

    def begin(self, tell: Tell = quiet) -> State:
        """Return the state before the first step."""
        x = starts(
            self.space, self.painter, self.distance, self.stages[0], self.settings, lambda n: tell(n, "looking round")
        )
        return State(self.space.steered(x), self.photos)

    def run(self, state: State | None = None, tell: Tell = quiet, keep: Keep = lambda state: None) -> Projection:
        """Return the projection; from a state that was kept it goes on as if it had never stopped.

        keep is called after every step. Ctrl-C ends it early, and the best so far is returned.
        """
        state = state or self.begin(tell)
        try:
            while state.stage < len(self.stages):
                self._stage(state, tell, keep)
        except KeyboardInterrupt:
            return self._projection(state, complete=False)
        return self._projection(state, complete=True)

    def _stage(self, state: State, tell: Tell, keep: Keep) -> None:
        stage = self.stages[state.stage]
        distance = self.distance.at(stage.size)
        if state.position == 0:
            state.enter(stage.count, first_noise(self.model.generator, self.photos) if self._fits_noise(stage) else {})
        every = max(1, sum(one.steps for one in self.stages) // FILMED)
        while state.position < stage.steps:
            before = state.position
            state.note(self._step(state, stage, distance), every)
            state.position = max(state.position, self._ramp_down(state, stage))
            tell(state.position - before, f"loss {float(state.losses[-1].mean()):.4f} at {stage.size[1]} px")
            keep(state)
        state.leave()

    def _ramp_down(self, state: State, stage: Stage) -> int:
        """Return where a stage that stands still goes on: where its rate begins to fall."""
        means = [float(one.mean()) for one in state.losses[state.entered :]]
        return int((1 - RAMP_DOWN) * stage.steps) if stands_still(means, self.settings.patience) else 0

    def _step(self, state: State, stage: Stage, distance: Distance) -> Tensor:
        """Move the variables by one step; return the losses [T * K] before it."""
        done = state.position / stage.steps
        x = self.space.steered(state.x + stage.noise * noise_at(done) * self._noise(state))
        pictures = self.painter.paint(self.space.ws(x), stage.size, state.noise or None)
        losses = distance(pictures)
        total = losses.sum() + CLOSENESS * state.x.square().mean((1, 2)).sum()
        if state.noise:
            total = total + WEIGHT * correlation(state.noise).sum()
        state.descend(total, stage.rate * rate_at(done))
        with torch.no_grad():
            state.x.copy_(self.space.steered(state.x))
        normalise(state.noise)
        return losses.detach()

    def _noise(self, state: State) -> Tensor:
        """Return normal noise for the variables that depends on the step alone, so that a resumed run is the same."""
        source = torch.Generator().manual_seed(self.settings.seed * 1_000_003 + len(state.losses))
        return torch.randn(state.x.shape, generator=source).to(state.x)

    def _fits_noise(self, stage: Stage) -> bool:
        return self.settings.noise == "optimise" and stage.last and bool(self.model.generator.noise_shapes)

    @torch.no_grad()
    def _projection(self, state: State, *, complete: bool) -> Projection:
        ws, noise = self.space.ws(state.best()), {name: held.detach() for name, held in state.noise.items()}
        pictures = self.painter.paint(ws, self.stages[-1].size, noise or None)
        losses = torch.stack(state.losses) if state.losses else None
        path = torch.stack([self.space.ws(x.to(ws)).cpu() for x in state.path]) if state.path else ws.cpu()[None]
        settings = {"command": "project", **self.model.facts, **self.settings.plain()}
        result = Result(ws.cpu(), {name: held.cpu() for name, held in noise.items()}, losses, settings)
        return Projection(result, pictures.cpu(), psnr(pictures, self.distance.photos).cpu(), path, complete, state)
