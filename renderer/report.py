"""What the command line prints: tables of effects and plugins, the findings of `check`, progress."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from renderer.authoring.check import Verdict
    from renderer.effects import Effect
    from renderer.film import Rendered
    from renderer.generators.info import KnownModel, ModelInfo
    from renderer.job import Job
    from renderer.registry import Registries
    from renderer.sinks.keeping import Keeping

out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)


class RateColumn(ProgressColumn):
    """Show frames, or other units, per second."""

    def __init__(self, unit: str = "frames") -> None:
        super().__init__()
        self.unit = unit

    def render(self, task: Any) -> Text:
        """Return the rate as text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} {self.unit}/s", style="cyan")


@contextmanager
def progress_bar(title: str, total: int, *, quiet: bool = False, unit: str = "frames", done: int = 0) -> Iterator[Any]:
    """Show a bar with frames/s and time left, that begins with `done`; the function given adds frames to it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(unit), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(title, total=total, completed=done)
        yield lambda count: progress.advance(task, count)


@contextmanager
def seeking_bar(title: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """Show a bar with time left and, beside the title, the words that the function given is called with."""
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
                  console=err) as progress:  # fmt: skip
        task = progress.add_task(title, total=total)
        yield lambda count, text: progress.update(task, advance=count, description=f"{title}: {text}")


@contextmanager
def preparing(compiled: bool, *, quiet: bool = False) -> Iterator[None]:
    """Say why nothing is rendered yet, while a network is compiled."""
    what = "compiling the network for this machine; a minute or two" if compiled else "preparing kernels for this CPU"
    with nullcontext() if quiet else err.status(f"{what}, once ..."):
        yield


@contextmanager
def finding(*, quiet: bool = False) -> Iterator[None]:
    """Say that what an interrupted render left is looked at, which may still be written by its encoder."""
    with nullcontext() if quiet else err.status("looking for what an interrupted render left"):
        yield


@contextmanager
def listening() -> Iterator[None]:
    """Show what is done while a song is heard, which may take some seconds the first time."""
    from renderer.audio.progress import telling

    with err.status("listening") as status, telling(status.update):
        yield


@contextmanager
def download_bar(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a bar with bytes/s and time left once the function given is called, with (bytes there, bytes in all)."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()
    )  # fmt: skip
    progress = Progress(*columns, console=err)
    tasks: list[TaskID] = []

    def show(done: int, total: int | None) -> None:
        if not tasks:
            progress.start()
            tasks.append(progress.add_task(name.split("?")[0].rpartition("/")[2], total=total))
        progress.update(tasks[0], completed=done, total=total)

    try:
        yield show
    finally:
        if tasks:
            progress.stop()


def plain_table(*columns: str) -> Table:
    """Return an empty table without lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_film(film: Rendered) -> None:
    """Print the files of a film, how fast it went, and what the user should be told."""
    print_notes(film.notes)
    for file in film.files:
        out.print(nearby(file), soft_wrap=True)
    new = film.frames - film.kept
    count = "1 frame" if new == 1 else f"{new} frames"
    before = f", {film.kept} were there" if film.kept else ""
    err.print(f"{count} in {film.seconds:.1f} s" + (f", {film.rate:.1f} frames/s" if new > 1 else "") + before)


def print_fresh(film: Rendered, changed: Sequence[Path]) -> None:
    """Print one line about a film that was rendered again, and what was left out of it."""
    files, names = ", ".join(nearby(file) for file in film.files), [path.name for path in changed]
    why = f"  ({', '.join(names[:3])}{' ...' if len(names) > 3 else ''})" if names else ""
    out.print(
        f"{time.strftime('%H:%M:%S')}  {files}: {film.frames} frames in {film.seconds:.1f} s{why}", soft_wrap=True
    )
    print_skipped(film.skipped)


def print_kept(keeping: Keeping) -> None:
    """Print what of a render that failed is kept, if anything is."""
    if keeping.kept != 0:
        err.print(kept(keeping), soft_wrap=True)


def kept(keeping: Keeping) -> str:
    """Return how many frames of a render that did not end well are kept, in words."""
    if keeping.kept == 0:
        return "nothing was written under the final name"
    frames = "what is still being written" if keeping.kept is None else f"{keeping.kept} of {keeping.total} frames"
    return f"kept {frames}; run the same command again to go on"


def print_skipped(skipped: Sequence[str]) -> None:
    """Print what was left out of a film because it failed, a line each."""
    for sentence in skipped:
        err.print(f"skipped: {sentence}", soft_wrap=True)


def print_notes(notes: Iterable[str]) -> None:
    """Print what the user should be told, a line each."""
    for note in notes:
        err.print(f"note: {note}", soft_wrap=True)


def nearby(file: Path) -> str:
    """Return the name of a file, without the working folder if it is in there."""
    here = Path.cwd()
    return str(file.relative_to(here) if file.is_relative_to(here) else file)


def print_check(job: Job, memory: int, files: list[str]) -> None:
    """Print what a scene would become."""
    plan, table = job.timeline.plan, plain_table("", "")
    width, height = job.size
    table.add_row("frames", f"{plan.frames} at {float(plan.fps):g} frames/s")
    table.add_row("duration", f"{plan.duration:g} s" + (", a loop" if plan.scene.loop.closed else ""))
    table.add_row("size", f"{width}x{height} pixels")
    for clip in plan.clips:
        table.add_row("clip", f"{clip.start:g}s to {clip.end:g}s: {clip.clip.options.scene}")
    if not plan.clips:
        table.add_row("model", f"{job.model} ({job.timeline.generator.family}), {job.timeline.generator.num_ws} layers")
        table.add_row("effects", ", ".join(one.effect.name for one in job.timeline.stack))
    table.add_row("memory", f"about {memory / 1e6:.0f} MB, however long the film")
    table.add_row("output", ", ".join(files))
    out.print(f"{plan.scene.path}: valid")
    out.print(table)
    print_notes(job.timeline.notes)


def print_models(models: Sequence[KnownModel], cache: Path) -> None:
    """Print the models that a scene can name, a line each, then their licences."""
    table = plain_table("model", "size", "classes", "cached", "shows")
    table.columns[0].no_wrap = True
    licences: dict[str, list[str]] = {}
    for model in models:
        size = "any" if model.resolution is None else str(model.resolution)
        classes = {None: "?", 0: ""}.get(model.classes, str(model.classes))
        table.add_row(model.name, size, classes, cached(model), model.shows)
        if model.licence:
            licences.setdefault(model.licence, []).append(model.family)
    out.print(table)
    out.print(f"\nDownloads lie in {cache}.\n", soft_wrap=True)
    for licence, families in licences.items():
        out.print(f"{', '.join(dict.fromkeys(families))}: {licence}", soft_wrap=True)
    out.print("\n`render models --fetch NAME` downloads one, `render info NAME` tells all about it.", soft_wrap=True)


def cached(model: KnownModel) -> str:
    """Return how much of a model is in the cache."""
    if not model.held:
        return "no" if model.url else ""
    size = decimal(model.held)
    if model.held == model.length:
        return f"yes, {size}"
    return f"{size} of {decimal(model.length) if model.length else '?'}"


def print_model(info: ModelInfo) -> None:
    """Print all about one model."""
    table, (width, height) = plain_table("", ""), info.size
    table.add_row("family", info.family)
    table.add_row("size", "any" if info.any_size else f"{width}x{height} pixels, {info.channels} channels")
    table.add_row("latents", f"z {info.z_dim}, c {info.c_dim}, w {info.w_dim}, {info.num_ws} layers")
    for layer in info.layers:
        rows = str(layer.first) if layer.first == layer.last else f"{layer.first}-{layer.last}"
        table.add_row("", f"{rows:>5}  {layer.resolution:>4} px  {layer.band}")
    table.add_row("classes", str(info.classes) if info.classes else "none: it is unconditional")
    table.add_row("parameters", f"{info.parameters:,}")
    if info.directions:
        table.add_row("directions", ", ".join(info.directions))
    if info.file and info.bytes is not None:
        table.add_row("file", info.file)
        table.add_row("bytes", f"{info.bytes:,}")
        table.add_row("sha256", info.sha256 or "")
    if info.licence:
        table.add_row("licence", info.licence)
    for index, sentence in enumerate(info.unusual or ("nothing",)):
        table.add_row("" if index else "unusual", sentence)
    out.print(info.name, soft_wrap=True)
    out.print(table)


def print_json(data: Any) -> None:
    """Print plain data as JSON, and nothing else."""
    out.print(json.dumps(data, indent=1), soft_wrap=True)


def print_effects(registries: Registries) -> None:
    """Print all effects, a line each."""
    table = plain_table("effect", "stage", "what it does", "plugin")
    for name, effect in sorted(registries.effects.items()):
        table.add_row(name, effect.stage, summary(effect), registries.effects.plugins[name])
    out.print(table)
    out.print("\n`render effects NAME` tells all about one.")


def print_presets() -> None:
    """Print the presets of scenes, a line each."""
    from renderer.scene.preset import preset_names, preset_summary

    table = plain_table("preset", "what it is")
    for name in preset_names():
        table.add_row(name, preset_summary(name))
    out.print(table)
    out.print("\n`include: preset:NAME` lays one below a scene; `render presets NAME` prints it.")


def print_effect(effect: type[Effect]) -> None:
    """Print all about one effect."""
    from renderer.reference import example_scene, parameters

    out.print(f"{effect.name} ({effect.stage} effect)\n")
    out.print(description(effect), soft_wrap=True)
    table = plain_table("parameter", "type", "default", "meaning")
    for row in parameters(effect):
        table.add_row(*row)
    out.print()
    out.print(table)
    out.print("\nexample:\n")
    out.print(example_scene(effect).rstrip(), soft_wrap=True)


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print what plugins keep and what they break, a table for each thing that they offer."""
    for thing in dict.fromkeys((one.plugin, one.thing) for one in verdicts):
        out.print(f"{thing[1]} of {thing[0]}", soft_wrap=True)
        table = plain_table("", "", "")
        for one in verdicts:
            if (one.plugin, one.thing) == thing:
                mark = Text("✓", "green") if one.kept else Text("✗", "bold red")
                table.add_row(mark, one.law, Text(one.said, "" if one.kept else "bold"))
        out.print(table)
        out.print()
    broken = sum(not one.kept for one in verdicts)
    out.print(f"all {len(verdicts)} kept" if not broken else f"{broken} of {len(verdicts)} broken")


def print_plugins(registries: Registries) -> None:
    """Print what every plugin brought, and the plugins that failed with their tracebacks."""
    table = plain_table("plugin", "offers")
    offers: dict[str, list[str]] = {}
    kinds = (
        registries.effects, registries.signals, registries.easings, registries.generators, registries.sinks,
        registries.scorers, registries.perceptual, registries.upscalers, registries.landmarks,
    )  # fmt: skip
    for registry in (*kinds, registries.beat_trackers):
        for name, plugin in registry.plugins.items():
            if plugin != "latentreel":
                offers.setdefault(plugin, []).append(f"{registry.kind} {name}")
    for plugin, things in sorted(offers.items()):
        table.add_row(plugin, ", ".join(things))
    out.print(table)
    for broken in registries.broken:
        out.print(f"\nfailed to load: {broken.name}: {broken.error}", soft_wrap=True)
        out.print(broken.traceback, soft_wrap=True)


def summary(effect: type[Effect]) -> str:
    """Return the first sentence about an effect."""
    return (effect.__doc__ or "").strip().split("\n")[0]


def description(effect: type[Effect]) -> str:
    """Return the whole description of an effect, without its indentation."""
    import inspect

    return inspect.cleandoc(effect.__doc__ or "")
