"""What the frames of a film depend on, by names that can be told: one render goes on with another if all agree."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from renderer.job import Job
from renderer.manifest import manifest
from renderer.registry import Registries
from renderer.scene.files import named_files, source_files
from renderer.scene.load import resolved_scene
from renderer.scene.model import Scene
from renderer.sinks import Sink
from renderer.sinks.intermediate import TwoPassSink
from renderer.sinks.keeping import Keeping
from renderer.sinks.note import DIGEST

LARGE = 256 * 1024**2  # bytes; a file beyond this takes a quarter of a second to read
NOT_FRAMES = ("output", "on_error")  # keys of a scene that have pins of their own


def pins_of(job: Job, sink: Sink, frames: range, registries: Registries) -> dict[str, Any]:
    """Return what the frames of a job in a sink depend on: values by name, and digests of files and plugins."""
    made, inner = manifest(job, sink, frames, Keeping()), sink.innermost
    spec, film = inner.spec, made["film"]
    lossless = isinstance(inner, TwoPassSink)
    clips = [scene_values(clip.scene, f"clip {number}: ") for number, clip in enumerate(job.scene.clips, 1)]
    files = {*files_of(job), *code_of(job.scene, registries)}
    pins = {
        "fps": film["fps"],
        "frames": f"{frames.start}:{frames.stop}",
        "size": f"{job.size[0]}x{job.size[1]}",
        "duration": film["duration"],
        "output": f"{inner.name} of {spec.width}x{spec.height} at {spec.fps} fps",
        "quality": None if lossless else spec.quality,
        "encoder": sink.encoder,
        "max_rate": spec.max_rate,
        "model": made["model"].get("name"),
        "the model": DIGEST + str(made["model"].get("hash")),
        **made["run"],
        **scene_values(job.scene, "the scene's "),
        **{key: held for clip in clips for key, held in clip.items()},
        "on_error": [faults(part.tree.plain) for part in (job.scene, *job.scene.parts)],
        **{name: digest(file for file in files if file.name == name) for name in sorted({file.name for file in files})},
        "latentreel": made["latentreel"],
        **{name: version for name, version in made["versions"].items() if name != "python"},
    }
    plain: dict[str, Any] = json.loads(json.dumps(pins, default=str))
    return plain


def scene_values(scene: Scene, before: str) -> dict[str, Any]:
    """Return every value of a resolved scene that frames may depend on, by its path."""
    data = {key: value for key, value in resolved_scene(scene).items() if key not in NOT_FRAMES}
    return {before + path: value for path, value in leaves(data)}


def leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested maps and lists, each with its path; lists of plain values are one."""
    nested = isinstance(data, Mapping) or (isinstance(data, list) and any(isinstance(one, dict | list) for one in data))
    if not nested:
        yield path, data
        return
    items = data.items() if isinstance(data, Mapping) else enumerate(data)
    for key, value in items:
        if key != "on_error":
            yield from leaves(value, f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}".lstrip("."))


def faults(data: Any) -> list[Any]:
    """Return what a scene says of effects that fail, in the order of its text."""
    if isinstance(data, Mapping):
        return [one for key, value in data.items() for one in ([value] if key == "on_error" else faults(value))]
    return [one for value in data for one in faults(value)] if isinstance(data, list) else []


def files_of(job: Job) -> set[Path]:
    """Return the files and the contents of the folders that a film is made from, its model apart."""
    found: set[Path] = set()
    for scene in (job.scene, *job.scene.parts):
        sources = {file.absolute() for file in source_files(scene.tree)}  # what they say is in the resolved scene
        data = {key: tree for key, tree in scene.tree.value.items() if key != "output"}
        named = (file.absolute() for tree in data.values() for file in named_files(tree, scene.path.parent))
        found |= {file for file in named if file not in sources}
    return found - {Path(job.model).absolute()}


def code_of(scene: Scene, registries: Registries) -> set[Path]:
    """Return the files of the effects that a film uses, and of all plugins in folders that offer anything else."""
    parts = [entry for part in scene.parts for entry in part.entries]
    parts += [one for part in scene.parts for each in part.section_timelines.values() for e in each for one in e.flat]
    modules = (sys.modules.get(type(entry.effect).__module__) for entry in parts)
    names = {getattr(module, "__file__", None) or "" for module in modules}
    others = (registries.signals, registries.easings, registries.generators, registries.sinks, registries.upscalers)
    names |= {plugin for registry in others for plugin in registry.plugins.values() if plugin.endswith(".py")}
    files = {Path(name) for name in names if name and Path(name).is_file()}
    return files | {helper for file in files for helper in file.parent.glob("_[!_]*.py")}


def digest(files: Iterable[Path]) -> str:
    """Return what tells files of one content from those of another; of large files the length and time count."""
    found = hashlib.blake2b(digest_size=16)
    for file in sorted(files):
        state = file.stat()
        with file.open("rb") as stream:
            if state.st_size > LARGE:
                found.update(f"{state.st_size} {state.st_mtime_ns}".encode())
            while state.st_size <= LARGE and (block := stream.read(1 << 20)):
                found.update(block)
    return DIGEST + found.hexdigest()
