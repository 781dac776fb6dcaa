"""The manifest beside a film: enough to render the same file again, by `render morph.mp4.json -o again.mp4`."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from renderer import __version__
from renderer.generators.load import EMBEDDED, model_hash
from renderer.job import Job
from renderer.scene.load import resolved_scene
from renderer.scene.model import Scene
from renderer.sinks import Sink
from renderer.values.latent import LatentKeys, LatentSource

PACKAGES = ("torch", "numpy", "moviepy", "imageio-ffmpeg", "pillow", "scipy", "pydantic")


def write_manifest(job: Job, sink: Sink, frames: range) -> Path | None:
    """Write the manifest of a finished file beside it, and return its path; a sink without a file has none."""
    if not sink.path.exists():
        return None
    path = sink.path.with_name(sink.path.name + ".json")
    part = path.with_name(f".{path.name}.part-{os.getpid()}")
    part.write_text(json.dumps(manifest(job, sink, frames), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def manifest(job: Job, sink: Sink, frames: range) -> dict[str, Any]:
    """Return what is worth knowing of a finished file, as plain data."""
    plan, generator, scene = job.timeline.plan, job.timeline.generator, job.scene
    embedded = {**EMBEDDED, job.model: EMBEDDED["bloom"]} if generator.any_size else EMBEDDED
    return {
        "latentreel": __version__,
        "scene": {"file": str(scene.path), "text": scene.text, "resolved": resolved_scene(scene)},
        "film": {
            "frames": [frames.start, frames.stop],
            "fps": str(plan.fps),
            "size": list(job.size),
            "duration": plan.duration,
            "loop": scene.loop.closed,
        },
        "output": {"file": sink.path.name, "sink": sink.name, "quality": sink.spec.quality, "notes": sink.notes},
        "model": {"name": job.model, "family": generator.family, "hash": model_hash(job.model, embedded=embedded)},
        "seeds": {"scene": scene.seed, "latents": sorted(set(seeds_of(scene)))},
        "run": {
            "device": str(generator.device),
            "dtype": job.run.dtype or "fp32",
            "batch": job.batch,
            "threads": torch.get_num_threads(),
        },
        "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in PACKAGES}},
    }


def seeds_of(scene: Scene) -> Iterator[int]:
    """Yield the seeds of all latents that the timeline names."""
    for entry in scene.timeline:
        for name in type(entry.effect).model_fields:
            value = getattr(entry.effect, name)
            sources = [key.source for key in value.keys] if isinstance(value, LatentKeys) else [value]
            yield from (one.seed for one in sources if isinstance(one, LatentSource) and one.kind == "seed")
