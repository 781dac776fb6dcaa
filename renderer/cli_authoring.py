"""The commands about plugins and for their authors: what there is, a package to start from, and what must be kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from renderer.authoring import KINDS, Kind
from renderer.cli_options import registries_of, with_plugins
from renderer.errors import LatentreelError

if TYPE_CHECKING:
    from renderer.film import Progress
    from renderer.job import Job
    from renderer.registry import Registries


@click.command()
@click.argument("name", required=False)
@click.option("--demo", is_flag=True, help="Render its own example to a small loop.")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(path_type=Path),
    help="Loop to write: .webp, .gif, .mp4 ...  [default: out/NAME.webp]",
)  # fmt: skip
@with_plugins
def effects(name: str | None, demo: bool, output: Path | None, folders: tuple[Path, ...]) -> None:
    """List effects, or tell all about one; --demo shows it."""
    from renderer import report

    registries = registries_of(folders)
    if name is None and (demo or output):
        raise LatentreelError("--demo: expected the NAME of an effect, such as render effects walk --demo")
    if name is None:
        report.print_effects(registries)
    elif demo or output:
        show_demo(name, output, registries)
    else:
        report.print_effect(registries.effects.find(name))


def show_demo(name: str, output: Path | None, registries: Registries) -> None:
    """Render the example of an effect, and print what came of it."""
    from contextlib import ExitStack

    from renderer import report
    from renderer.api import DEFAULT_FOLDER
    from renderer.demo import render_demo

    effect = registries.effects.find(name)
    with ExitStack() as open_bars:

        def bar(job: Job) -> Progress:
            title = f"{name} {job.size[0]}x{job.size[1]}"
            add: Progress = open_bars.enter_context(report.progress_bar(title, job.timeline.frames))
            return add

        film = render_demo(effect, output or DEFAULT_FOLDER / f"{name}.webp", registries, show=bar)
    report.print_skipped(film.skipped)
    report.print_film(film)


@click.command("check-plugin", short_help="Say whether a plugin keeps the laws.")
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="Print the verdicts as JSON.")
def check_plugin(path: str, as_json: bool) -> None:
    """Say whether a plugin keeps the laws: each on its example, and what a frame costs; code 1 where it breaks one.

    PATH is a .py file, a folder of them, the folder of a package, or the name of an installed one.
    """
    from dataclasses import asdict

    from renderer import report
    from renderer.authoring.check import check_plugins
    from renderer.authoring.found import find_plugins

    names, registries = find_plugins(path)
    with report.err.status("trying ...") as status:
        verdicts = list(check_plugins(names, registries, lambda what: status.update(f"trying {what}")))
    if as_json:
        report.print_json([asdict(verdict) for verdict in verdicts])
    else:
        report.print_verdicts(verdicts)
    if not all(verdict.kept for verdict in verdicts):
        raise SystemExit(1)


@click.command("new-plugin", short_help="Write a package with a plugin to start from.")
@click.argument("name")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option(
    "--kind", type=click.Choice(KINDS), default="latent", show_default=True,
    help="What it is: an effect on latents, synthesis or images, or something else.",
)  # fmt: skip
@with_plugins
def new_plugin(name: str, folder: Path | None, kind: Kind, folders: tuple[Path, ...]) -> None:
    """Write a whole package around a plugin that works: with its test, a scene, and the entry point to be found by.

    NAME is what scenes will write, such as slow-bloom. FOLDER is where to write it: ./latentreel-NAME without one.
    """
    from renderer.authoring.package import write_package

    path = write_package(name, kind, folder, registries_of(folders))
    click.echo(f"{path}\nnow: cd {path} && pip install -e '.[test]' && python -m pytest && render scene.yaml --preview")
