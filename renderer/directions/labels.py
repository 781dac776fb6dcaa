"""Labelled samples: latents with a number or a class each, from a table or by a scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.directions.model import Model, Progress, silent
from renderer.directions.table import RowReader, columns_of, in_space, rows_of
from renderer.errors import LatentFileError, expected
from renderer.scorers import Scorer
from renderer.timeline.sources import seed_to_z


@dataclass(frozen=True)
class Labelled:
    """Hold latents, [N, z_dim], [N, w_dim] or [N, num_ws, w_dim], the label of each, and what was labelled where.

    Labels are numbers, or, where `classes` is not empty, 0 and 1 for what is not and what is of the class.
    """

    latents: Tensor
    labels: NDArray[np.float64]
    name: str
    origin: str
    classes: tuple[str, ...] = ()


def from_table(
    path: Path, model: Model, space: str, column: str | None = None, positive: str | None = None
) -> Labelled:
    """Return the samples of a .csv with a column `seed` or `file`, and one of labels.

    A file is found beside the table. It holds one latent, or is followed by which: `me.npz[3]`, or 3 in a column
    `index`; it may be a picture, too. A column `psi` truncates seeds. Raises LatentFileError with the line of what is
    wrong.
    """
    rows = list(rows_of(path))
    source, chosen = columns_of(path, list(rows[0][1]), column)
    read = RowReader(model, space)
    latents, values = [], []
    for line, row in rows:
        place = f"{path.name}:{line}"
        if not (written := row[chosen].strip()):
            raise LatentFileError(f"{place}: {chosen}: expected a label, got an empty cell")
        if not row[source].strip():
            raise LatentFileError(f"{place}: {source}: expected a {source}, got an empty cell")
        values.append(written)
        latents.append(read(row, path.parent, place))
    labels, classes = as_labels(values, f"{path.name}: {chosen}", positive)
    return Labelled(torch.cat(latents), labels, chosen, f"{path.name}, {chosen}", classes)


def as_labels(
    values: Sequence[str], place: str, positive: str | None = None
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return numbers and no classes, or 0 and 1 with the names of the two classes, the second the one meant by 1.

    Two different values are classes, as are words. Raises LatentFileError for a single one, and for many words
    unless `positive` says which is meant.
    """
    kinds = sorted(set(values))
    if len(kinds) == 1:
        raise LatentFileError(
            f"{place}: expected at least two different labels, but all {len(values)} are {kinds[0]!r}"
        )
    numbers = [_maybe_number(value) for value in values]
    if positive is None and len(kinds) > 2 and all(value is not None for value in numbers):
        return np.array(numbers, np.float64), ()
    if positive is None and len(kinds) > 2:
        raise LatentFileError(f"{place}: {len(kinds)} classes ({shown(kinds)}); say which is meant by --positive")
    if positive is None:
        kinds.sort(key=lambda kind: (_maybe_number(kind) or 0.0, kind))
        positive = kinds[1]
    if positive not in kinds:
        raise LatentFileError(f"{place}: no label is {positive!r}{expected(positive, kinds)}")
    other = next(kind for kind in kinds if kind != positive) if len(kinds) == 2 else f"not {positive}"
    return np.array([float(value == positive) for value in values]), (other, positive)


def shown(names: Sequence[str]) -> str:
    """Return names in a row, of many the first few."""
    return ", ".join(names[:6]) + (" ..." if len(names) > 6 else "")


def _maybe_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def from_scorer(
    name: str,
    scorer: Scorer,
    model: Model,
    space: str,
    seeds: range,
    psi: float = 1.0,
    progress: Progress = silent,
) -> Labelled:
    """Return the latents of seeds with what a scorer says of their pictures, synthesised a batch at a time.

    Raises LatentFileError where the scorer gives no finite number for each picture, or the same for all.
    """
    latents, labels = [], []
    for first in range(0, len(seeds), model.batch):
        chosen = seeds[first : first + model.batch]
        z = torch.cat([seed_to_z(seed, model.generator.z_dim) for seed in chosen])
        ws = model.map(z, psi)
        scores = scorer(model.images(ws)).detach().double().reshape(-1)
        if len(scores) != len(z) or not bool(scores.isfinite().all()):
            raise LatentFileError(f"scorer {name}: expected {len(z)} finite numbers for as many pictures, got {scores}")
        latents.append(in_space(model, z, ws.cpu(), space))
        labels.append(scores.numpy())
        progress(len(z))
    joined = np.concatenate(labels)
    if joined.std() < 1e-9:
        raise LatentFileError(f"scorer {name}: all {len(joined)} pictures get {joined[0]:.6g}; there is nothing to fit")
    return Labelled(torch.cat(latents), joined, name, f"scorer {name}")
