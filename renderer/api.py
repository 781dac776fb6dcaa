"""The calls a script needs: load a scene, load a generator, compile, render."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from renderer.engine import render_frames
from renderer.errors import SceneError, SinkError, ValueProblem
from renderer.film import Progress, Rendered, make_film
from renderer.generators.base import Generator
from renderer.job import Job, Run, load_generator, plugins, timeline_of
from renderer.levels import Frames
from renderer.manifest import write_manifest
from renderer.pins import pins_of
from renderer.reel import prepare
from renderer.registry import Registries
from renderer.scene.load import read_manifest, read_scene
from renderer.scene.model import Output, Scene
from renderer.sinks import SINKS, AdaptedSink, AudioTrack, Sink, SinkSpec, frames_at, sink_for
from renderer.sinks.keeping import Keeping
from renderer.timeline.plan import bind
from renderer.timeline.timeline import Timeline
from renderer.values.output_preset import OutputPreset, PresetName

__all__ = ["compile_timeline", "iterate_frames", "load_generator", "load_scene", "prepare", "render"]
DEFAULT_FOLDER = Path("out")


def load_scene(path: str | Path, settings: Sequence[str] = (), registries: Registries | None = None) -> Scene:
    """Return a scene that has been read and checked; settings are `key.path=value`.

    A manifest (.json) gives the scene of its film.

    Raises SceneError with everything that is wrong with it.
    """
    registries = registries or plugins()
    path = Path(path)
    if path.suffix == ".json":
        scene, problems = read_manifest(path, registries, settings)
    else:
        scene, problems = read_scene(path, registries, settings)
    if scene is not None:
        problems = problems + bind(scene, registries)[1]
    if problems or scene is None:
        raise SceneError(problems)
    return scene


def compile_timeline(scene: Scene, generator: Generator, registries: Registries | None = None) -> Timeline:
    """Return the timeline of a scene for a generator.

    Raises SceneError with everything in the scene that does not fit the generator.
    """
    return timeline_of(scene, generator, None, registries or plugins())


def render(
    scene: Scene | Job,
    output: str | Path | Sequence[str | Path] | None = None,
    *,
    run: Run | None = None,
    frames: range | None = None,
    progress: Progress = lambda count: None,
    registries: Registries | None = None,
    resume: bool = False,
) -> Rendered:
    """Render a scene into its outputs, or into those given here, and return what came of it.

    frames picks a part of the film; progress is called with the number of frames added. A render that fails leaves
    nothing. With resume it leaves hidden files from which the same call goes on, as the command line does; where
    anything about the film has changed, it begins anew.
    Raises LatentreelError, and leaves no half file under the final name.
    """
    job = scene if isinstance(scene, Job) else prepare(scene, run, registries)
    frames = frames if frames is not None else range(job.timeline.frames)
    sinks = open_sinks(job, output, frames, registries)
    keeping = look_for_kept(job, sinks, frames, registries) if resume else Keeping()
    if keeping.first:
        progress(keeping.first)
    return render_into(job, sinks, frames, progress, keeping)


def look_for_kept(
    job: Job, sinks: Sequence[Sink], frames: range, registries: Registries | None = None, *, fresh: bool = False
) -> Keeping:
    """Return what interrupted renders left of a job's outputs, to go on with, and keep what this one will write.

    fresh throws it away.
    """
    registries = registries or plugins()
    pins = [pins_of(job, sink, frames, registries) for sink in sinks]
    return Keeping(sinks, pins, len(frames)).look(fresh=fresh)


def open_sinks(
    job: Job, output: str | Path | Sequence[str | Path] | None, frames: range, registries: Registries | None = None
) -> list[Sink]:
    """Return the sinks of a job's outputs, or of those given here; they have checked all that can be known before."""
    return [open_sink(job, one, frames, registries) for one in outputs_of(job.scene, output, job.run)]


def render_into(
    job: Job,
    sinks: Sequence[Sink],
    frames: range,
    progress: Progress = lambda count: None,
    keeping: Keeping | None = None,
) -> Rendered:
    """Render frames of a job into sinks, and write the manifest of every file."""
    film = make_film(job.timeline, sinks, frames, job.size, job.batch, progress, keeping)
    for sink in sinks:
        write_manifest(job, sink, frames, keeping)
    return film


def iterate_frames(job: Job, frames: range | None = None) -> Iterator[Frames]:
    """Yield the frames of a job as arrays, uint8 [n, height, width, C], without writing any file."""
    frames = frames if frames is not None else range(job.timeline.frames)
    return render_frames(job.timeline, frames.start, frames.stop, job.size, job.batch)


def outputs_of(scene: Scene, output: str | Path | Sequence[str | Path] | None, run: Run) -> list[Output]:
    """Return the outputs to write: those given, or the scene's below out/, or out/<name of the scene>.mp4."""
    if output is not None:
        names = [output] if isinstance(output, str | Path) else output
        preset = None if run.preview else run.preset
        return [checked_output(file=str(name), preset=preset) for name in names]
    if run.preview:
        return [Output(file=str(DEFAULT_FOLDER / f"{scene.path.stem}.preview.mp4"), quality="draft")]
    found = [Output(preset=run.preset)] if run.preset else scene.output or [Output(file=f"{scene.path.stem}.mp4")]
    return [one.model_copy(update={"file": below_default_folder(one.called(scene.path.stem))}) for one in found]


def checked_output(file: str, preset: PresetName | None) -> Output:
    """Return an output; raise SinkError for a file of another format than the preset's."""
    try:
        return Output(file=file, preset=preset)
    except ValidationError as error:
        raise SinkError(f"--preset {preset}: {error.errors()[0]['ctx']['error']}") from None


def below_default_folder(file: str) -> str:
    """Return the name of a scene's output, below out/ where it is relative; a slash at its end stays."""
    if file.startswith("memory:") or Path(file).is_absolute():
        return file
    return f"{DEFAULT_FOLDER}/{file}"


def open_sink(job: Job, output: Output, frames: range, registries: Registries | None = None) -> Sink:
    """Return the sink of one output, fed at its own size and fps."""
    registries = registries or plugins()
    plan, asked = job.timeline.plan, output.asked
    width, height = output.size or (asked.size_for(job.size) if asked else job.size)
    fps = output.fps or (asked.rate_for(plan.fps) if asked else plan.fps)
    count = frames_at(len(frames), plan.fps, fps)
    if asked is not None and frames == range(plan.frames):
        check_length(output, asked, plan.duration)
    try:
        sink_class = sink_for(output.file, (*registries.sinks.values(), *SINKS))
    except SinkError as error:
        raise SinkError(f"{error}{registries.failed}") from error
    limit = asked.max_bytes if asked and sink_class.supports_max_bytes else None
    spec = SinkSpec(
        path=Path(output.file),
        width=width,
        height=height,
        fps=fps,
        frames=count,
        channels=job.timeline.channels,
        quality=output.quality,
        max_bytes=output.max_bytes or limit,
        max_rate=asked.rate_within(float(count / fps)) if asked else None,
        audio=_sound(job, frames),
        encoder=job.run.encoder or "auto",
    )
    sink = sink_class(spec)
    if (width, height, fps) == (*job.size, plan.fps):
        return sink
    return AdaptedSink(sink, *job.size, plan.fps, len(frames))


def check_length(output: Output, asked: OutputPreset, seconds: float) -> None:
    """Raise SinkError for a film that the place of an output's preset does not take."""
    try:
        asked.check(seconds)
    except ValueProblem as problem:
        raise SinkError(f"{output.file}: {problem}") from None


def _sound(job: Job, frames: range) -> AudioTrack | None:
    plan = job.timeline.plan
    if plan.soundtrack is None or len(frames) == 1:
        return None
    if frames == range(plan.frames):
        return plan.soundtrack
    return replace(plan.soundtrack, skip=plan.time(frames.start), film=plan.time(plan.frames))
