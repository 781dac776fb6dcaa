"""What the command line prints: tables of effects and plugins, the findings of `check`, progress."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from renderer.effects import Effect
    from renderer.film import Film
    from renderer.job import Job
    from renderer.registry import Registries

out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)


class RateColumn(ProgressColumn):
    """Show frames per second."""

    def render(self, task: Any) -> Text:
        """Return the rate as text."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:.1f} frames/s", style="cyan")


@contextmanager
def progress_bar(title: str, total: int, *, quiet: bool = False) -> Iterator[Any]:
    """Show a bar with frames/s and time left; the function given adds frames to it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), RateColumn(), TimeRemainingColumn()
    )  # fmt: skip
    with Progress(*columns, console=err, disable=quiet) as progress:
        task = progress.add_task(title, total=total)
        yield lambda count: progress.advance(task, count)


def plain_table(*columns: str) -> Table:
    """Return an empty table without lines."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=any(columns))
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def print_film(film: Film) -> None:
    """Print the files of a film, how fast it went, and what the user should be told."""
    for note in film.notes:
        err.print(f"note: {note}")
    for file in film.files:
        out.print(nearby(file), soft_wrap=True)
    count = "1 frame" if film.frames == 1 else f"{film.frames} frames"
    err.print(f"{count} in {film.seconds:.1f} s" + (f", {film.rate:.1f} frames/s" if film.frames > 1 else ""))


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
    table.add_row("model", f"{job.model} ({job.timeline.generator.family}), {job.timeline.generator.num_ws} layers")
    table.add_row("effects", ", ".join(one.effect.name for one in job.timeline.stack))
    table.add_row("memory", f"about {memory / 1e6:.0f} MB, however long the film")
    table.add_row("output", ", ".join(files))
    out.print(f"{plan.scene.path}: valid")
    out.print(table)


def print_effects(registries: Registries) -> None:
    """Print all effects, a line each."""
    table = plain_table("effect", "stage", "what it does", "plugin")
    for name, effect in sorted(registries.effects.items()):
        table.add_row(name, effect.stage, summary(effect), registries.effects.plugins[name])
    out.print(table)
    out.print("\n`render effects NAME` tells all about one.")


def print_effect(effect: type[Effect]) -> None:
    """Print all about one effect."""
    from renderer.reference import parameters

    out.print(f"{effect.name} ({effect.stage} effect)\n")
    out.print(description(effect), soft_wrap=True)
    table = plain_table("parameter", "type", "default", "meaning")
    for row in parameters(effect):
        table.add_row(*row)
    out.print()
    out.print(table)
    out.print("\nexample:\n\ntimeline:")
    for line in effect.example.strip().splitlines():
        out.print(f"  {line}", soft_wrap=True)


def print_plugins(registries: Registries) -> None:
    """Print what every plugin brought, and the plugins that failed with their tracebacks."""
    table = plain_table("plugin", "offers")
    offers: dict[str, list[str]] = {}
    for registry in (registries.effects, registries.easings, registries.generators, registries.sinks):
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
