"""The commands for authors of plugins: a package to start from."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.authoring import KINDS, Kind
from renderer.cli_options import registries_of, with_plugins


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
