"""The manifest beside a film: enough to render the same file again, by `render morph.mp4.json -o again.mp4`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from renderer import __version__
from renderer.errors import LatentreelError
from renderer.generators.load import EMBEDDED, is_remote, model_hash
from renderer.job import Job, Run, model_path
from renderer.scene.load import resolved_scene
from renderer.scene.model import Scene
from renderer.sinks import Sink
from renderer.sinks.keeping import Keeping
from renderer.values.latent import LatentKeys, LatentSource

PACKAGES = ("torch", "numpy", "moviepy", "imageio-ffmpeg", "pillow", "scipy", "pydantic", "librosa")


def write_manifest(job: Job, sink: Sink, frames: range, keeping: Keeping | None = None) -> Path | None:
    """Write the manifest of a finished file beside it, and return its path; a sink without a file has none."""
    if not sink.path.exists():
        return None
    path = sink.path.with_name(sink.path.name + ".json")
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    data = manifest(job, sink, frames, keeping or Keeping())
    part.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def manifest(job: Job, sink: Sink, frames: range, keeping: Keeping) -> dict[str, Any]:
    """Return what is worth knowing of a finished file, as plain data."""
    plan, generator, scene = job.timeline.plan, job.timeline.generator, job.scene
    is_file = is_remote(job.model) or os.path.isfile(job.model)  # noqa: PTH113
    embedded = EMBEDDED if is_file else {**EMBEDDED, job.model: EMBEDDED["bloom"]}
    return {
        "latentreel": __version__,
        "scene": {"file": str(scene.path), "text": scene.text, "resolved": resolved_scene(scene)},
        "film": {
            "frames": [frames.start, frames.stop],
            "fps": str(plan.fps),
            "size": list(job.size),
            "duration": plan.duration,
            "loop": scene.loop.closed,
            **({"went_on_at": list(keeping.joints)} if keeping.joints else {}),
        },
        "output": {
            "file": sink.path.name,
            "sink": sink.name,
            "quality": sink.spec.quality,
            "encoder": sink.encoder,
            "notes": sink.notes,
        },
        "skipped": list(keeping.all_skipped(job.timeline.skipped)),
        "model": {"name": job.model, "family": generator.family, "hash": model_hash(job.model, embedded=embedded)}
        if not scene.clips
        else {"name": job.run.model, "clips": [model_path(clip.scene, job.run) for clip in scene.clips]},
        "seeds": {"scene": scene.seed, "latents": sorted(set(seeds_of(scene)))},
        "run": {
            "device": str(generator.device),
            "mode": job.mode.name,
            "dtype": job.mode.dtype,
            "compiled": job.mode.compiled,
            "batch": job.batch,
            "threads": torch.get_num_threads(),
        },
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}},
    }


def recorded_run(path: Path, run: Run) -> tuple[Run, range]:
    """Return how the film of a manifest was made, over which `run` stands where it says something, and its frames.

    Raises LatentreelError for a file that is no manifest, and where the model is another one today.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        film, mode, model = data["film"], data["run"], data["model"]
        frames = range(*film["frames"])
        size = (int(film["size"][0]), int(film["size"][1]))
        recorded = Run(
            device=run.device,
            mode=run.mode,
            dtype=run.dtype or (mode["dtype"] if run.mode == "auto" else None),
            compiled=mode.get("compiled")
            if (run.compiled, run.dtype, run.mode) == (None, None, "auto")
            else run.compiled,
            batch=run.batch or mode["batch"],
            threads=run.threads or mode["threads"],
            size=run.size or size,
            fps=run.fps or Fraction(film["fps"]),
            model=run.model or model["name"],
            preview=run.preview,
            encoder=run.encoder or data.get("output", {}).get("encoder"),
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise LatentreelError(f"{path}: expected a manifest, as films are given beside them ({error})") from error
    known = model["name"] is None or model["name"] in EMBEDDED  # a film of clips names none
    if run.model is None and not known and model_hash(model["name"]) != model["hash"]:
        raise LatentreelError(
            f"{path}: the model {model['name']} is not the one the film was made with; its hash differs"
        )
    return recorded, frames


def seeds_of(scene: Scene) -> Iterator[int]:
    """Yield the seeds of all latents that the timeline names."""
    for entry in (entry for part in scene.parts for entry in part.timeline):
        for name in type(entry.effect).model_fields:
            value = getattr(entry.effect, name)
            sources = [key.source for key in value.keys] if isinstance(value, LatentKeys) else [value]
            yield from (one.seed for one in sources if isinstance(one, LatentSource) and one.kind == "seed")
