"""Try an effect on a small film: what the laws in `renderer.testing` look at."""

from __future__ import annotations

import copy
import functools
import tempfile
import textwrap
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from torch import Tensor

from renderer.api import iterate_frames, load_scene
from renderer.effects import Effect
from renderer.example_models import MODELS, write_models
from renderer.example_song import NAME, write_song
from renderer.job import Job, Run, prepare
from renderer.levels import Frames
from renderer.pictures import Pictures
from renderer.plugin_manager import load_plugins
from renderer.registry import Registries
from renderer.scene.reader import parse_tree
from renderer.timeline.expressions import Array
from renderer.timeline.stack import StackedEffect
from renderer.timeline.timeline import Timeline

BATCH = 4
HEAD = {"model": "bloom", "size": 32, "fps": 18, "duration": "2s", "seed": 7}  # 36 frames


@dataclass(frozen=True)
class Trial:
    """Hold what a law is tried on: an effect, and a timeline in YAML in which it stands.

    head changes the small scene around the timeline, folder is where the timeline's files are, registries hold the
    effect and what else the timeline names; without them it is what is installed.
    """

    effect: type[Effect]
    timeline: str
    head: dict[str, Any] = field(default_factory=dict)
    folder: Path | None = None
    registries: Registries | None = None
    jobs: dict[str, Job] = field(default_factory=dict, repr=False, compare=False)

    @property
    def called(self) -> str:
        """Return how messages call the effect."""
        return f"effect {self.effect.name!r}"

    def job(
        self, changes: Mapping[str, Any] | None = None, *, run: Run | None = None, above: Sequence[Any] = ()
    ) -> Job:
        """Return the film; changes are to the scene or to the effect's entry, `above` stands on top of the timeline."""
        run = run or Run(batch=BATCH)
        key = repr((changes, run, above))
        if key not in self.jobs:
            self.jobs[key] = self._prepare(dict(changes or {}), run, above)
        return self.jobs[key]

    def _prepare(self, changes: dict[str, Any], run: Run, above: Sequence[Any]) -> Job:
        entries = entries_of(self.timeline)
        place = max(i for i, entry in enumerate(entries) if self.effect.name in (entry, *entry))
        options = {name: changes.pop(name) for name in ("from", "to", "fade", "id") if name in changes}
        own = entries[place] if isinstance(entries[place], dict) else {entries[place]: None}
        entries[place] = {**own, **options}
        own_head = yaml.safe_load(self.effect.head) or {}
        scene = {**HEAD, **own_head, **self.head, **changes, "timeline": [*above, *entries]}
        registries = self.registries or registries_with(self.effect)
        with scene_folder(self.folder) as folder:
            if scene.get("audio") == NAME:
                write_song(folder)
            if scene["model"] in MODELS:
                write_models(folder)
            path = folder / f"{uuid.uuid4().hex}.yaml"
            path.write_text(yaml.safe_dump(scene, sort_keys=False), encoding="utf-8")
            try:
                return prepare(load_scene(path, registries=registries), run, registries)
            finally:
                path.unlink()

    def stacked(self, job: Job) -> tuple[int, StackedEffect]:
        """Return the effect in the stack of a film, and its place there."""
        own = [(i, one) for i, one in enumerate(job.timeline.stack) if one.effect.name == self.effect.name]
        return own[-1]

    def without(self, job: Job) -> Job:
        """Return the film without the effect."""
        place, _ = self.stacked(job)
        stack = job.timeline.stack
        return replace(job, timeline=restacked(job.timeline, *stack[:place], *stack[place + 1 :]))

    def view(self, job: Job, times: Sequence[float] | Array) -> Tensor:
        """Return what a film is at N times as the effect's stage has it: ws, or images in -1..1."""
        latents = job.timeline.at(times)
        return latents.ws if self.effect.stage == "latent" else images(job.timeline, latents.ws, np.asarray(times))


@contextmanager
def scene_folder(folder: Path | None) -> Iterator[Path]:
    """Give the folder of a scene: the one that is given, or one for a while."""
    if folder is not None:
        yield folder
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@functools.cache
def registries_with(effect: type[Effect]) -> Registries:
    """Return what is installed and an effect, which need not be."""
    registries = load_plugins()
    if registries.effects.get(effect.name) is not effect:
        registries.effects.add(effect.name, effect, effect.__module__)
    return registries


def entries_of(timeline: str) -> list[Any]:
    """Return the entries of a timeline in YAML as plain data, read as scenes are."""
    tree = parse_tree("timeline:\n" + textwrap.indent(timeline, "  "), "timeline")
    entries: list[Any] = tree.value["timeline"].plain
    return entries


def restacked(timeline: Timeline, *stack: StackedEffect) -> Timeline:
    """Return a timeline with another stack."""
    other = copy.copy(timeline)
    other.stack = stack
    return other


def images(timeline: Timeline, ws: Tensor, times: Any) -> Tensor:
    """Return finished images [N, C, H, W] in -1..1, as float32."""
    return Pictures(timeline, None, BATCH).finished(ws, times)


def frames(job: Job, start: int, stop: int) -> Frames:
    """Return rendered frames, uint8 [N, H, W, C]."""
    return np.concatenate(list(iterate_frames(job, range(start, stop))))
