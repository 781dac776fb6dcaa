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


@click.command(short_help="List the looks that a scene can include, or print one.")
@click.argument("name", required=False)
def presets(name: str | None) -> None:
    """List the looks that a scene can include, or print the YAML of one.

    In a scene: `include: preset:NAME`. Its vars change it, and an entry with one of its ids takes that one's place.
    """
    from renderer import report
    from renderer.scene.preset import preset_text

    if name is None:
        report.print_presets()
    else:
        click.echo(preset_text(name), nl=False)


@click.command(short_help="Print the JSON Schema of scenes, for editors.")
@with_plugins
def schema(folders: tuple[Path, ...]) -> None:
    """Print the JSON Schema of scenes, with every installed effect, for editors."""
    import json

    from renderer.scene.schema import scene_schema

    click.echo(json.dumps(scene_schema(registries_of(folders)), indent=1))
