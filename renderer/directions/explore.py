"""What a picture with two axes shows: latents against psi, mixed with others, or moved along directions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from renderer.axes import Axes, draw_axes, fit_cell
from renderer.directions.model import Model, Progress, silent
from renderer.errors import ValueProblem
from renderer.latents import truncate
from renderer.timeline.direction_files import Direction
from renderer.timeline.sources import Sources, layer_mask
from renderer.values.latent import LatentSource, parse_sources
from renderer.values.layers import LayerRange


@dataclass(frozen=True)
class Shown:
    """Hold one latent of a picture: its label, z [1, z_dim] where it has one, and untruncated ws [1, num_ws, w_dim]."""

    label: str
    z: Tensor | None
    ws: Tensor


@dataclass(frozen=True)
class Grid:
    """Hold the axes of a picture, and how its latents ws [columns, num_ws, w_dim] come, a row at a time."""

    axes: Axes
    rows: Iterator[Tensor]

    @property
    def cells(self) -> int:
        """Return the number of images."""
        return len(self.axes.rows) * len(self.axes.columns)


def latents_shown(model: Model, written: Sequence[str], folder: Path) -> list[Shown]:
    """Return the latents that texts name, such as 3, 7-12, me.npz or me.npz[3]; files are found below the folder."""
    sources = Sources(model.generator, folder, model.c)
    found: list[Shown] = []
    for source in parse_sources([int(text) if text.isdigit() else text for text in written]):
        z, ws = sources.resolve(source, ("random", len(found)))
        for index in range(len(ws)):
            own = None if z is None else z[index : index + 1]
            found.append(Shown(_label(source, index, len(ws)), own, ws[index : index + 1].float()))
    return found


def _label(source: LatentSource, index: int, count: int) -> str:
    if source.kind == "seed":
        return f"seed {source.seed}"
    name = Path(source.file).name if source.file else source.kind
    return f"{name}[{index}]" if count > 1 else name + (f"[{source.index}]" if source.index is not None else "")


def against_psi(model: Model, rows: Sequence[Shown], psis: Sequence[float]) -> Grid:
    """Return the grid of latents against truncation."""
    amounts = torch.tensor(psis, device=model.generator.device)

    def each(shown: Shown) -> Tensor:
        return truncate(shown.ws.expand(len(psis), -1, -1), model.generator.center(model.c), amounts)

    axes = Axes([shown.label for shown in rows], [f"{psi:g}" for psi in psis], "truncation psi")
    return Grid(axes, (each(shown) for shown in rows))


def mixed(
    model: Model, rows: Sequence[Shown], columns: Sequence[Shown], layers: Sequence[LayerRange], psi: float
) -> Grid:
    """Return the matrix of style mixing: each row's latent with the layers of each column's; both alone at the edges.

    Source: Karras et al. 2018, arXiv:1812.04948, figure 3.
    """
    generator = model.generator
    mask = torch.stack([layer_mask(one, generator) for one in layers]).any(0)[:, None]
    others = torch.cat([truncate(one.ws, generator.center(model.c), psi) for one in columns])

    def each(shown: Shown | None) -> Tensor:
        if shown is None:
            return torch.cat([generator.center(model.c).float().expand_as(others[:1]), others])
        own = truncate(shown.ws, generator.center(model.c), psi)
        return torch.cat([own, torch.where(mask, others, own)])

    names = ", ".join(str(one.written) for one in layers)
    axes = Axes(
        ["", *(shown.label for shown in rows)],
        ["", *(shown.label for shown in columns)],
        f"rows with layers {names} of the columns",
        no_corner=True,
    )
    return Grid(axes, (each(shown) for shown in [None, *rows]))


def moved(model: Model, shown: Shown, direction: Direction, space: str, amounts: Sequence[float], psi: float) -> Tensor:
    """Return ws [N, num_ws, w_dim] of a truncated latent, moved along a direction by each amount.

    Raises ValueProblem for a direction in z where the latent has no z.
    """
    steps = torch.tensor(amounts, dtype=torch.float32, device=model.generator.device)
    vector = direction.vector.to(steps.device)
    if space == "z":
        if shown.z is None:
            raise ValueProblem(f"{shown.label} has no z to move along a direction in z; take a seed")
        return model.map(shown.z.to(steps.device) + steps[:, None] * vector, psi)
    ws = truncate(shown.ws, model.generator.center(model.c), psi)
    return ws + steps[:, None, None] * vector.expand(ws.shape[1:])


def along(
    model: Model,
    rows: Sequence[tuple[str, Shown, Direction]],
    amounts: Sequence[float],
    psi: float = 0.7,
    what: str = "amount",
) -> Grid:
    """Return the grid of latents moved along directions, each row with its label, its latent and its direction."""
    axes = Axes([label for label, _, _ in rows], [f"{amount:+g}" if amount else "0" for amount in amounts], what)
    return Grid(axes, (moved(model, shown, one, one.space or "w", amounts, psi) for _, shown, one in rows))


def draw(grid: Grid, model: Model, path: Path, side: int, progress: Progress = silent) -> Path:
    """Synthesise a grid in batches and write it as a picture with cells of about `side` pixels."""

    def images(ws: Tensor) -> Tensor:
        parts = []
        for first in range(0, len(ws), model.batch):
            parts.append(fit_cell(model.images(ws[first : first + model.batch]), side))
            progress(len(parts[-1]))
        return torch.cat(parts)

    return draw_axes(grid.axes, (images(ws) for ws in grid.rows), path)
