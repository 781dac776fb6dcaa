"""A film of clips: scenes with models of their own, two of them open at most, joined by transitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer import job as jobs
from renderer.errors import SceneError
from renderer.generators.base import Generator
from renderer.job import Job, Run
from renderer.pictures import Pictures
from renderer.registry import Registries
from renderer.scene.model import Scene
from renderer.timeline.clips import BoundClip
from renderer.timeline.conduct import Conduct
from renderer.timeline.expressions import Array
from renderer.timeline.plan import Plan, bind
from renderer.timeline.stack import StackedEffect
from renderer.transitions import of_channels, taken_over

Load = Callable[..., Generator]
AT_ONCE = 2  # clips whose models are held


@dataclass(frozen=True)
class ReelJob(Job):
    """Hold a film of clips that is ready to be rendered; all else takes it for a film of a timeline."""

    timeline: Reel  # type: ignore[assignment]


def prepare(
    scene: Scene, run: Run | None = None, registries: Registries | None = None, load: Load = jobs.load_generator
) -> Job:
    """Return the job of rendering a scene, or a film of clips: models loaded and tried, size and batch chosen.

    load is called instead of `load_generator`, by who keeps models.
    """
    run, registries = run or Run(), registries or jobs.plugins()
    make = film_of_clips if scene.clips else jobs.prepare
    return make(scene, run, registries, load)


def film_of_clips(scene: Scene, run: Run, registries: Registries, load: Load) -> Job:
    """Return the job of a film of clips; every clip is opened once, so that what cannot work fails now.

    Raises SceneError with what is wrong in any of them.
    """
    plan, problems = bind(scene, registries, jobs.wanted_fps(scene, run))
    if plan is None:
        raise SceneError(problems)
    size = run.size_of(scene)
    own = replace(run, size=size, fps=plan.fps, preview=False, preset=None, compiled=run.compiled or False)
    if size is None or run.preview:
        size = size or jobs.prepare(scene.clips[0].scene, own, registries, load).size
        own = replace(own, size=jobs.preview_size(size) if run.preview else size)
    reel = Reel(plan, own, registries, load)
    known = [(job.timeline.channels, job.batch, job.size, job.mode) for job in map(reel.open, range(len(plan.clips)))]
    channels, batches, (first, *_), (mode, *_) = zip(*known, strict=True)  # the jobs are not kept, nor their models
    reel.channels = max(channels)
    return ReelJob(reel, first, run.batch or min(batches), run, run.model or "", mode)


class Reel:
    """Give the pictures of a film of clips at any time, as a `Timeline` gives those of a scene."""

    stack = ()

    def __init__(self, plan: Plan, run: Run, registries: Registries, load: Load) -> None:
        self.plan, self.run, self.registries, self.read = plan, run, registries, load
        self.told: tuple[str, ...] = ()  # what was left out in clips that are closed
        self.noted: tuple[str, ...] = ()  # and what their users should know
        self.opened: dict[int, Job] = {}
        self.loaded: dict[str, Generator] = {}
        self.channels = 0

    @property
    def frames(self) -> int:
        """Return the number of frames of the film."""
        return self.plan.frames

    @property
    def generator(self) -> Generator:
        """Return the generator of the clip that was opened last, or of the first."""
        return (next(reversed(self.opened.values())) if self.opened else self.open(0)).timeline.generator

    @property
    def conducts(self) -> tuple[tuple[StackedEffect, Conduct], ...]:
        """Return every effect of the open clips with how it did so far."""
        return tuple(pair for job in self.opened.values() for pair in job.timeline.conducts)

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what the user should be told."""
        opened = (sentence for job in self.opened.values() for sentence in job.timeline.notes)
        return tuple(dict.fromkeys([*self.noted, *opened]))

    @property
    def skipped(self) -> tuple[str, ...]:
        """Return what was left out because it failed, a sentence each."""
        opened = (sentence for job in self.opened.values() for sentence in job.timeline.skipped)
        return tuple(dict.fromkeys([*self.told, *opened]))

    def times(self, start: int, stop: int) -> Array:
        """Return the seconds of frames start to stop, float64."""
        return np.array([self.plan.time(frame) for frame in range(start, stop)])

    def open(self, index: int) -> Job:
        """Return the job of a clip; before a third is opened, the one that was opened first is let go."""
        if index not in self.opened:
            while len(self.opened) >= AT_ONCE:
                self.told, self.noted = self.skipped, self.notes
                del self.opened[next(iter(self.opened))]
            self.opened[index] = jobs.prepare(self.scene(index), self.run, self.registries, self.load)
        return self.opened[index]

    def scene(self, index: int) -> Scene:
        """Return the scene of a clip; one that leaves out what fails does so where the film does."""
        scene = self.plan.clips[index].clip.scene
        return scene if self.plan.scene.on_error == "stop" else scene.model_copy(update={"on_error": "skip"})

    def load(self, model: str, **options: Any) -> Generator:
        """Return a generator as `load_generator` does, the same for clips of the same model."""
        held = {job.model for job in self.opened.values()}
        self.loaded = {name: one for name, one in self.loaded.items() if name in held}
        if model not in self.loaded:
            self.loaded[model] = self.read(model, **options)
        return self.loaded[model]

    def pictures(self, size: tuple[int, int] | None, batch: int) -> ReelPictures:
        """Return what makes pictures of size (width, height), `batch` at a time."""
        return ReelPictures(self, size, batch)


@dataclass
class ReelPictures:
    """Make pictures of a film of clips, `batch` at a time."""

    reel: Reel
    size: tuple[int, int] | None
    batch: int

    def __post_init__(self) -> None:
        self.made: dict[int, tuple[Job, Pictures]] = {}

    def look(self, times: Array) -> Callable[[slice], Tensor]:
        """Return a function of rows that gives images [N, C, H, W] in -1..1 at those of the times."""
        looks: dict[int, Callable[[slice], Tensor]] = {}

        def images(rows: slice) -> Tensor:
            now, shown = times[rows], None
            on = [(index, clip) for index, clip in enumerate(self.reel.plan.clips) if clip.is_on(now)]
            on = on or [(len(self.reel.plan.clips) - 1, self.reel.plan.clips[-1])]
            for gone in [index for index in looks if index < on[0][0]]:
                del looks[gone]
            for index, clip in on:
                if index not in looks:
                    looks[index] = self.of(index).look(clip.own_times(times))
                upper = of_channels(looks[index](rows), self.reel.channels)
                shown = upper if shown is None else joined(shown, upper, clip, now)
            assert shown is not None
            return shown

        return images

    def of(self, index: int) -> Pictures:
        """Return what makes the pictures of a clip."""
        self.made = {one: held for one, held in self.made.items() if one in (index - 1, index)}  # before a model comes
        job = self.reel.open(index)
        if index not in self.made or self.made[index][0] is not job:
            self.made[index] = (job, Pictures(job.timeline, self.size, self.batch))
        return self.made[index][1]


def joined(lower: Tensor, upper: Tensor, clip: BoundClip, times: Array) -> Tensor:
    """Return images [N, C, H, W] of which a clip has taken over from the one before, as far as it has at N times."""
    way = torch.as_tensor(clip.way(times), dtype=torch.float32, device=upper.device)
    return taken_over(lower.to(upper.device), upper, way, clip.clip.options.transition.kind)
