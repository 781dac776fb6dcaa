"""What several commands of the command line share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.errors import LatentreelError, ValueProblem

if TYPE_CHECKING:
    from renderer.job import Run
    from renderer.registry import Registries


def with_plugins(function: Any) -> Any:
    """Add the option that names folders of plugins."""
    return click.option(
        "--plugins-dir",
        "folders",
        multiple=True,
        metavar="FOLDER",
        type=click.Path(path_type=Path),
        help="Folder of .py plugins to load.",
    )(function)


def registries_of(folders: Sequence[Path]) -> Registries:
    """Return what the plugins offer, those in the folders included."""
    from renderer.job import plugins as load

    return load(tuple(folders))


@contextmanager
def naming(option: str) -> Iterator[None]:
    """Name the option in whose value a problem was found."""
    try:
        yield
    except ValueProblem as problem:
        raise LatentreelError(f"{option}: {problem}") from problem


def run_of(*, size: str | None, fps: str | None, **options: Any) -> Run:
    """Return the run that options ask for."""
    from renderer.job import Run
    from renderer.scene.model import parse_fps, parse_size
    from renderer.scene.tree import scalar

    with naming("--size"):
        wanted_size = None if size is None else parse_size(scalar(size))
    with naming("--fps"):
        wanted_fps = None if fps is None else parse_fps(scalar(fps))
    return Run(size=wanted_size, fps=wanted_fps, **options)
