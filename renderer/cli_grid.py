"""The command that lays pictures of a model out along two axes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from renderer.cli_options import FILE, naming, opened, with_model

if TYPE_CHECKING:
    from renderer.directions.explore import Grid
    from renderer.directions.model import Model

SEEDS, OTHERS = "0-5", "6-11"
PSIS = "-0.5,-0.25,0,0.25,0.5,0.75,1,1.25,1.5"
AMOUNTS = "-3,-2,-1,0,1,2,3"


@click.command(short_help="Lay pictures out: seeds by psi, style mixing, directions by strength.")
@click.option(
    "--rows", metavar="LATENTS", default=SEEDS, show_default=True, help="Latents of the rows: 3,7,12-15,me.npz[0]."
)
@click.option("--psi", "psis", metavar="NUMBERS", help=f"Truncation along the columns.  [default: {PSIS}]")
@click.option("--mix", metavar="LATENTS", help=f"Latents of the columns, whose layers the rows take: {OTHERS}.")
@click.option("--layers", metavar="LAYERS", help="Layers they take: middle, 0-3, or 0-3,8.  [default: coarse]")
@click.option(
    "--direction", "directions", multiple=True, metavar="DIRECTION", help="A name or a file to move along; or several."
)
@click.option("--amounts", metavar="NUMBERS", help=f"Strengths along the columns.  [default: {AMOUNTS}]")
@click.option(
    "--at-psi", metavar="PSI", type=float, default=0.7, show_default=True, help="Truncation where psi is no axis."
)
@click.option(
    "--cell", metavar="PIXELS", type=click.IntRange(16, 1024), default=128, show_default=True, help="Of each."
)
@click.option("-o", "--output", metavar="FILE", type=FILE, help="Picture to write.  [default: out/grid.png]")
@with_model
def grid(output: Path | None, cell: int, **options: Any) -> None:
    """Lay pictures of a model out along two axes, to explore it.

    Without more, seeds stand in the rows and truncation psi changes along the columns. --mix gives the matrix of style
    mixing: each row with some layers of each column. --direction moves the rows along a direction; of several
    directions each has a row, and moves the first of the latents.
    """
    from renderer import api, report
    from renderer.directions.explore import draw
    from renderer.sheet import checked_picture

    names = ("model", "size", "label", "device", "folders")
    path = checked_picture(output or api.DEFAULT_FOLDER / "grid.png")
    model = opened(**{name: options.pop(name) for name in names})
    what = wanted(model, **options)
    with report.progress_bar("grid", what.cells, unit="pictures") as advance:
        draw(what, model, path, cell, advance)
    report.out.print(str(path), soft_wrap=True)


def wanted(
    model: Model,
    *,
    rows: str,
    psis: str | None,
    mix: str | None,
    layers: str | None,
    directions: tuple[str, ...],
    amounts: str | None,
    at_psi: float,
) -> Grid:
    """Return the grid that options ask for; raise LatentreelError where they do not go together."""
    from renderer.directions.explore import against_psi, along, latents_shown, mixed
    from renderer.directions.found import named_directions
    from renderer.errors import LatentreelError
    from renderer.values.layers import Layers

    asked = [name for name, one in (("--psi", psis), ("--mix", mix), ("--direction", directions)) if one]
    if len(asked) > 1:
        raise LatentreelError(f"expected one axis beside the rows, not {' and '.join(asked)}")
    if layers is not None and mix is None:
        raise LatentreelError("--layers says what --mix takes; give --mix, too")
    if amounts is not None and not directions:
        raise LatentreelError("--amounts says how far --direction goes; give --direction, too")
    with naming("--rows"):
        latents = latents_shown(model, split(rows), Path())
    if mix is not None:
        with naming("--mix"):
            others = latents_shown(model, split(mix), Path())
        with naming("--layers"):
            ranges = [one for one, _ in Layers.parse(split(layers or "coarse")).amounts]
            return mixed(model, latents, others, ranges, at_psi)
    if directions:
        with naming("--direction"):
            found = named_directions(model, directions)
        named = zip(directions, found, strict=True)
        chosen = [(name, latents[0], one) for name, one in named]
        if len(found) == 1:
            chosen = [(shown.label, shown, found[0]) for shown in latents]
        what = f"{directions[0]}, amount" if len(found) == 1 else f"{latents[0].label}, amount"
        return along(model, chosen, numbers(amounts or AMOUNTS, "--amounts"), at_psi, what)
    return against_psi(model, latents, numbers(psis or PSIS, "--psi"))


def split(text: str) -> list[str]:
    """Return the parts of a list with commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def numbers(text: str, option: str) -> list[float]:
    """Return the numbers of a list with commas; raise LatentreelError for anything else."""
    import math

    from renderer.errors import LatentreelError

    try:
        found = [float(part) for part in split(text)]
    except ValueError:
        found = []
    if not found or not all(math.isfinite(one) for one in found):
        raise LatentreelError(f"{option} {text}: expected numbers with commas between them, such as -1,0,1")
    return found
