"""The commands that help to write scenes."""

from __future__ import annotations

from pathlib import Path

import click

from renderer.cli_options import registries_of, with_plugins


@click.command()
@click.argument("name")
def new(name: str) -> None:
    """Write a commented scene to start from."""
    from renderer.scene.starter import write_starter

    path = write_starter(name)
    click.echo(f"{path}\nnow: render {path}")


@click.command(short_help="Print the JSON Schema of scenes, for editors.")
@with_plugins
def schema(folders: tuple[Path, ...]) -> None:
    """Print the JSON Schema of scenes, with every installed effect, for editors."""
    import json

    from renderer.scene.schema import scene_schema

    click.echo(json.dumps(scene_schema(registries_of(folders)), indent=1))
