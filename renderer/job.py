"""A film made ready: how to run it, its model loaded, its timeline compiled, its size and batch chosen."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import torch

from renderer.engine import QUEUE_BYTES, default_batch, render_frames
from renderer.errors import CheckpointError, LatentreelError, Problem, SceneError
from renderer.generators.base import Generator
from renderer.generators.download import Progress, fetch
from renderer.generators.load import is_remote
from renderer.generators.load import load_generator as load_checkpoint
from renderer.generators.modes import ONLY_EXACT, Mode, ModeName, choose_mode, pays_back
from renderer.plugin_manager import load_plugins
from renderer.registry import Registries
from renderer.repeats import REMEMBERED_BYTES
from renderer.scene.model import Scene
from renderer.timeline.plan import bind
from renderer.timeline.timeline import Timeline
from renderer.values.output_preset import PRESETS, PresetName

PREVIEW_SIDE = 256
LONG_FILM = 300  # frames; compiling is not thought of for shorter ones
SAME_SHAPE = 0.03  # how far apart two shapes may be that differ by rounding only
BASE_BYTES = 330_000_000  # Python with torch and the codecs, measured


@dataclass(frozen=True)
class Run:
    """Hold what belongs to a run and not to the scene; None leaves the choice to the scene or the machine.

    device is a torch device or "auto"; mode "exact" (float32), "fast" (what the device multiplies quickest) or "auto";
    dtype "fp32", "bf16" or "fp16" for the blocks of a network, which goes before the mode; compiled whether to use
    torch.compile, where None weighs the time it takes against what it saves; batch the frames synthesised at a time;
    threads those of torch; size is (width, height). `preview` makes a small, quick film.
    encoder names the encoder of an MP4: "auto", "software", or one of hardware. preset names what the output is for,
    instead of the scene's outputs: "reel", "youtube" and so on.
    """

    device: str = "auto"
    mode: ModeName = "auto"
    dtype: str | None = None
    compiled: bool | None = None
    batch: int | None = None
    threads: int | None = None
    size: tuple[int, int] | None = None
    fps: Fraction | None = None
    model: str | None = None
    preview: bool = False
    encoder: str | None = None
    preset: PresetName | None = None

    def size_of(self, scene: Scene) -> tuple[int, int] | None:
        """Return the pixels (width, height) that a film is wanted in; None for those of its model."""
        asked = PRESETS[self.preset].size if self.preset else None
        return self.size or asked or scene.wanted_size

    def fps_of(self, scene: Scene) -> Fraction | None:
        """Return the frames a second that are asked for instead of the scene's."""
        if self.fps is None and self.preset and not self.preview:
            return PRESETS[self.preset].rate_for(scene.fps)
        return self.fps


@dataclass(frozen=True)
class Job:
    """Hold a film that is ready to be rendered: its timeline, its size (width, height), and the frames in a batch."""

    timeline: Timeline
    size: tuple[int, int]
    batch: int
    run: Run
    model: str
    mode: Mode

    @property
    def scene(self) -> Scene:
        """Return the scene."""
        return self.timeline.plan.scene


@lru_cache(maxsize=8)
def plugins(folders: tuple[Path, ...] = ()) -> Registries:
    """Return everything that the installed plugins, and those in the folders, offer."""
    return load_plugins(folders)


def load_generator(
    path_or_name: str | Path,
    *,
    device: str = "cpu",
    dtype: str | None = None,
    size: tuple[int, int] | None = None,
    registries: Registries | None = None,
) -> Generator:
    """Return a generator in eval mode; size is (height, width), for those of any size.

    Raises CheckpointError for a file that is broken, unknown or unsafe, and for a name nobody knows.
    """
    registries = registries or plugins()
    try:
        return load_checkpoint(path_or_name, device=device, dtype=dtype, size=size, embedded=registries.generators)
    except CheckpointError as error:
        if os.path.lexists(path_or_name) or str(path_or_name) in registries.generators or not registries.failed:
            raise
        raise CheckpointError(f"{error}{registries.failed}") from error


def prepare(
    scene: Scene,
    run: Run | None = None,
    registries: Registries | None = None,
    load: Callable[..., Generator] = load_generator,
) -> Job:
    """Return the job of rendering a scene with a timeline: model loaded, timeline compiled, size and batch chosen.

    load is called instead of `load_generator`, by who keeps models.
    """
    run, registries = run or Run(), registries or plugins()
    if run.threads:
        torch.set_num_threads(run.threads)
    device, wanted, model = checked_device(run.device), run.size_of(scene), model_path(scene, run)
    side = (wanted[1], wanted[0]) if wanted else None
    mode = choose_mode(run.mode, device, run.dtype, compiled=run.compiled is True)
    with placed(scene, run):
        generator = load(model, device=device, dtype=mode.dtype, size=side, registries=registries)
    if not generator.low_precision:
        mode = ONLY_EXACT
    generator = shaped(generator, scene, wanted)
    size = wanted or (generator.img_size[1], generator.img_size[0])
    if run.preview:
        size = preview_size(size)
        generator = generator.resized(size[1], size[0]).to(generator.device) if generator.any_size else generator
    timeline = timeline_of(scene, generator, wanted_fps(scene, run), registries)
    batch = run.batch or default_batch(timeline, size)
    mode = with_compiler(mode, timeline, size, batch, run)
    return Job(timeline, size, batch, run, model, mode)


def wanted_fps(scene: Scene, run: Run) -> Fraction | None:
    """Return the frames a second of a run, half the scene's in a preview; None for the scene's own."""
    fps = run.fps_of(scene)
    return fps or scene.fps / (2 if scene.fps > 20 else 1) if run.preview else fps


def with_compiler(mode: Mode, timeline: Timeline, size: tuple[int, int], batch: int, run: Run) -> Mode:
    """Return the mode with synthesis compiled, where that was asked for or a film is long enough to pay it back.

    Raises LatentreelError where it was asked for and there is nothing to compile.
    """
    generator, device = timeline.generator, str(timeline.generator.device)
    if mode.dtype == "fp32" and run.compiled:
        raise LatentreelError(f"--compile: there is nothing to compile in float32 ({mode.why}); leave it out")
    if mode.dtype == "fp32" or run.compiled is False:
        return mode
    seconds = 0.0
    if run.compiled is None and timeline.frames > LONG_FILM:
        for _ in range(2):  # the first prepares weights
            began = time.perf_counter()
            next(render_frames(timeline, 0, batch, size, batch))
            seconds = (time.perf_counter() - began) / batch
    if pays_back(timeline.frames, seconds, run.compiled, mode, device):
        generator.use_compiler()
    if run.compiled and not generator.compiled:
        raise LatentreelError(f"--compile: {generator.family} has nothing to compile; leave it out")
    return replace(mode, compiled=generator.compiled)


def shaped(generator: Generator, scene: Scene, size: tuple[int, int] | None) -> Generator:
    """Return a generator that makes the shape of the film by itself, where the scene has `fit: native`.

    A run at another size (width, height) than the scene's, but of its shape, shows the same film.
    Raises SceneError where the model cannot.
    """
    if scene.fit.how != "native" or size is None or generator.any_size:
        return generator
    same = scene.size is not None and abs(size[0] * scene.size[1] / (size[1] * scene.size[0]) - 1) < SAME_SHAPE
    width, height = scene.size if same and scene.size is not None else size
    try:
        return generator.extended(height, width, scene.fit.pad)
    except LatentreelError as error:
        raise SceneError([Problem(scene.tree.find("fit").place, "fit", str(error))]) from error


def timeline_of(scene: Scene, generator: Generator, fps: Fraction | None, registries: Registries) -> Timeline:
    """Return the timeline of a scene for a generator, at another fps than the scene's if one is given."""
    plan, problems = bind(scene, registries, fps)
    if plan is None:
        raise SceneError(problems)
    return Timeline(plan, generator)


def checked_device(device: str) -> str:
    """Return the name of a torch device that is there; "auto" stands for a GPU, or the CPU where there is none."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0]
        raise LatentreelError(f"device {device!r} cannot be used: {reason}; expected auto, cpu, cuda or mps") from None
    return device


def model_path(scene: Scene, run: Run) -> str:
    """Return the model to load: a name, an address, or a path from the scene's folder or else the working folder."""
    model = run.model or scene.model
    beside = scene.path.parent / model  # of an address, which may be too long for a name, there is no such file
    return str(beside) if not run.model and os.path.isfile(beside) else model  # noqa: PTH113


@contextmanager
def placed(scene: Scene, run: Run) -> Iterator[None]:
    """Say of a model that cannot be opened where the scene names it, unless the run names another."""
    try:
        yield
    except CheckpointError as error:
        if run.model:
            raise
        raise SceneError([Problem(scene.tree.find("model").place, "model", str(error))]) from error


def fetch_model(scene: Scene, run: Run, registries: Registries, progress: Progress) -> None:
    """Bring the model of a scene into the cache if it has to be downloaded, saying how far it is."""
    model = model_path(scene, run)
    if model not in registries.generators and is_remote(model):
        with placed(scene, run):
            fetch(model, progress=progress)


def preview_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return a size (width, height) of the same shape, its longer side 256 pixels at most, both even."""
    scale = min(1.0, PREVIEW_SIDE / max(size))
    return (max(8, round(size[0] * scale / 2) * 2), max(8, round(size[1] * scale / 2) * 2))


def memory_of(job: Job) -> int:
    """Return about how many bytes a render takes at its peak, which does not grow with the length of the film."""
    generator, (width, height) = job.timeline.generator, job.size
    held: int = sum(tensor.numel() * tensor.element_size() for tensor in generator.state_dict().values())
    working = job.batch * generator.working_elements * 4
    waiting = QUEUE_BYTES + REMEMBERED_BYTES + 8 * job.batch * width * height * generator.img_channels
    return BASE_BYTES + held + working + waiting
