"""A small loop of an effect's own example, to look at."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import yaml

from renderer import api
from renderer.effects import Effect
from renderer.errors import SceneError
from renderer.example_models import MODELS, write_models
from renderer.example_song import write_song
from renderer.film import Progress, Rendered, make_film
from renderer.job import Job, Run, prepare
from renderer.reference import example_scene
from renderer.registry import Registries

HEAD = {"size": 256, "fps": 20, "duration": "4s"}


def demo_job(effect: type[Effect], folder: Path, registries: Registries, run: Run | None = None) -> Job:
    """Return the film of an effect's example: four seconds, and a loop where it can close; folder is for its files."""
    scene = {**HEAD, **yaml.safe_load(example_scene(effect))}
    write_song(folder)
    if scene.get("model") in MODELS:
        write_models(folder)
    path = folder / f"{effect.name}.yaml"
    for loop in (True, {"blend": "1s"}):
        path.write_text(yaml.safe_dump({"loop": loop, **scene}, sort_keys=False), encoding="utf-8")
        try:
            return prepare(api.load_scene(path, registries=registries), run, registries)
        except SceneError as error:
            if "loop" not in str(error):
                raise
    path.write_text(yaml.safe_dump(scene, sort_keys=False), encoding="utf-8")
    return prepare(api.load_scene(path, registries=registries), run, registries)


def render_demo(
    effect: type[Effect],
    output: Path,
    registries: Registries,
    run: Run | None = None,
    show: Callable[[Job], Progress] = lambda job: lambda count: None,
) -> Rendered:
    """Render an effect's example into a file, such as a WebP or a GIF, and return what came of it.

    show gets the film when it is ready, and returns what is then called with the number of frames added.
    """
    with tempfile.TemporaryDirectory() as made:
        job = demo_job(effect, Path(made), registries, run)
        frames = range(job.timeline.frames)
        sinks = api.open_sinks(job, output, frames, registries)
        return make_film(job.timeline, sinks, frames, job.size, job.batch, show(job))
