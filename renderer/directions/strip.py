"""Strips: a direction, or several, from -3 to 3 sigma."""

from __future__ import annotations

from pathlib import Path

from renderer.directions.explore import Grid, along, latents_shown
from renderer.directions.model import Model
from renderer.timeline.direction_files import DirectionFile
from renderer.timeline.sources import check_fit

SIGMAS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
MOST_ROWS = 8
SEEDS = ("0", "1", "2")  # of one direction; of several each has a row of the first


def strip_path(path: Path) -> Path:
    """Return where the strip of a file of directions lies: beside it."""
    return path.with_suffix(".png")


def strip_of(held: DirectionFile, model: Model, name: str, psi: float = 0.7) -> Grid:
    """Return the strip of a file of directions called so: one for three seeds, or the first eight for one.

    Raises LatentFileError for a file that does not fit the model.
    """
    check_fit(held[0], model.generator, name)
    if len(held) == 1:
        rows = [(shown.label, shown, held[0]) for shown in latents_shown(model, SEEDS, Path())]
    else:
        (first,) = latents_shown(model, SEEDS[:1], Path())
        rows = [(label(held, index), first, held[index]) for index in range(min(MOST_ROWS, len(held)))]
    unit = "sigma" if held.sigmas is not None else "length of the direction"
    return along(model, rows, SIGMAS, psi, f"{label(held, 0) if len(held) == 1 and held.names else name}: {unit}")


def label(held: DirectionFile, index: int) -> str:
    """Return what a direction of a file is called."""
    return held.names[index] if index < len(held.names) else f"[{index}]"
