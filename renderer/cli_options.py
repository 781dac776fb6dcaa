"""What several commands of the command line share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.errors import LatentreelError, ValueProblem

if TYPE_CHECKING:
    from renderer.directions.model import Model
    from renderer.job import Run
    from renderer.registry import Registries

FILE = click.Path(path_type=Path)


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


def model_options(pixels: int) -> Callable[[Any], Any]:
    """Return what adds the options that say which model is looked at, and how; `pixels` is the size it has at first."""
    options = (
        click.option(
            "-m", "--model", metavar="MODEL", default="bloom", show_default=True,
            help="A file, an https:// address, or a name of `render models`.",
        ),
        click.option(
            "--size", metavar="PIXELS", type=click.IntRange(8, 4096), default=pixels, show_default=True,
            help="Of the pictures of bloom and others of any size.",
        ),
        click.option("--class", "label", metavar="N", type=click.IntRange(0), help="Class of a conditional model."),
        click.option("--device", metavar="DEVICE", default="auto", show_default=True, help="auto, cpu, cuda, mps."),
    )  # fmt: skip

    def add(function: Any) -> Any:
        function = with_plugins(function)
        for option in reversed(options):
            function = option(function)
        return function

    return add


with_model = model_options(128)


def opened(model: str, size: int, label: int | None, device: str, folders: tuple[Path, ...]) -> Model:
    """Return the model that options name; one that has to be downloaded shows how far it is."""
    import torch

    from renderer import report
    from renderer.directions.model import Model
    from renderer.errors import LatentreelError
    from renderer.generators.load import existing_file
    from renderer.job import checked_device, load_generator

    registries, file = registries_of(folders), None
    if model not in registries.generators:
        with report.download_bar(model) as progress:
            file = existing_file(model, registries.generators, progress)
    generator = load_generator(file or model, device=checked_device(device), size=(size, size), registries=registries)
    if label is not None and label >= generator.c_dim:
        has = f"has the classes 0 to {generator.c_dim - 1}" if generator.c_dim else "has no classes"
        raise LatentreelError(f"--class {label}: {model} {has}")
    c = torch.eye(generator.c_dim)[label or 0][None].to(generator.device) if generator.c_dim else None
    return Model(generator, model, c)


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
