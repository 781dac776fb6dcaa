"""Labelled samples: latents with a number or a class each, from a table or by a scorer."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.directions.model import Model, Progress, silent
from renderer.errors import LatentFileError, expected
from renderer.scorers import Scorer
from renderer.timeline.files import latents_of
from renderer.timeline.sources import seed_to_z
from renderer.values.latent import INDEXED, MAX_SEED

SOURCES = ("seed", "file")
BESIDE = ("psi", "index")  # columns that say more of a source
MOST_LABELS = 1_000_000

Value = float | str
Read = Callable[[Mapping[str, str], str], Tensor]


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

    A file holds one latent, or is followed by which: `me.npz[3]`, or 3 in a column `index`; it is found beside the
    table. A column `psi` truncates seeds. Raises LatentFileError with the line of what is wrong.
    """
    rows = list(_rows(path))
    source, chosen = _columns(path, list(rows[0][1]), column)
    read = Reader(path, model, space, source)
    latents, values = [], []
    for line, row in rows:
        place = f"{path.name}:{line}"
        if not (written := (row[chosen] or "").strip()):
            raise LatentFileError(f"{place}: {chosen}: expected a label, got an empty cell")
        values.append(written)
        latents.append(read(row, place))
    labels, classes = as_labels(values, f"{path.name}: {chosen}", positive)
    return Labelled(torch.cat(latents), labels, chosen, f"{path.name}, {chosen}", classes)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table, each with its line."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            count = 0
            for count, row in enumerate(reader, 1):
                if None in row or None in row.values():
                    raise LatentFileError(
                        f"{path.name}:{reader.line_num}: expected {len(reader.fieldnames or ())} cells"
                    )
                if count > MOST_LABELS:
                    raise LatentFileError(f"{path.name}: expected at most {MOST_LABELS} rows")
                yield reader.line_num, {str(name).strip(): cell for name, cell in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LatentFileError(f"{path}: not a readable table of labels: {reason}") from error
    if not count:
        raise LatentFileError(f"{path.name}: expected a header such as `seed,smile` and rows below it, found no rows")


def _columns(path: Path, names: list[str], column: str | None) -> tuple[str, str]:
    """Return the column of sources and the column of labels."""
    sources = [name for name in SOURCES if name in names]
    if len(sources) != 1:
        raise LatentFileError(f"{path.name}: expected one column called seed or file; it has {', '.join(names)}")
    others = [name for name in names if name not in (*SOURCES, *BESIDE)]
    if column is not None and column not in others:
        raise LatentFileError(f"{path.name}: there is no column of labels called {column!r}{expected(column, others)}")
    if column is None and len(others) != 1:
        which = f"it has {', '.join(others)}; say which by --column" if others else "it has no other column"
        raise LatentFileError(f"{path.name}: expected one column of labels beside {sources[0]}; {which}")
    return sources[0], column or others[0]


@dataclass(frozen=True)
class Reader:
    """Read the latent of a row of a table, in a space."""

    table: Path
    model: Model
    space: str
    source: str

    def __call__(self, row: Mapping[str, str], place: str) -> Tensor:
        """Return a latent [1, ...] of the space."""
        if self.source == "seed":
            seed = number(row["seed"], f"{place}: seed")
            if not (seed == int(seed) and 0 <= seed <= MAX_SEED):
                raise LatentFileError(f"{place}: expected a seed, a whole number from 0 on, got {row['seed']}")
            z = seed_to_z(int(seed), self.model.generator.z_dim)
            psi = number(row["psi"], f"{place}: psi") if "psi" in row else 1.0
            return in_space(self.model, z, None, self.space, psi)
        return self._file(row, place)

    def _file(self, row: Mapping[str, str], place: str) -> Tensor:
        name, index = row["file"].strip(), row.get("index", "").strip()
        if match := INDEXED.match(name):
            name, index = match["file"], match["index"]
        path, generator = self.table.parent / name, self.model.generator
        if not path.is_file():
            raise LatentFileError(f"{place}: no such file: {name}")
        kind, held = latents_of(path, None, generator.z_dim, generator.w_dim, generator.num_ws)
        chosen = int(number(index, f"{place}: index")) if index else 0
        if (not index and len(held) > 1) or not -len(held) <= chosen < len(held):
            raise LatentFileError(f"{place}: {name} holds {len(held)} latents; say which, such as {name}[0]")
        one = held[chosen][None].cpu()
        z, ws = (one, None) if kind == "z" else (None, one)
        try:
            return in_space(self.model, z, ws, self.space)
        except LatentFileError as error:
            raise LatentFileError(f"{place}: {name}: {error}") from error


def in_space(model: Model, z: Tensor | None, ws: Tensor | None, space: str, psi: float = 1.0) -> Tensor:
    """Return latents [N, ...] in z, w or w+, of z [N, z_dim] or ws [N, num_ws, w_dim].

    Raises LatentFileError where they cannot be had in that space.
    """
    if space == "z":
        if z is None:
            raise LatentFileError("a latent in w has no known z; fit in w or w+")
        return z
    if ws is None:
        assert z is not None
        ws = model.map(z, psi).cpu()
    if space == "w+":
        return ws
    if not torch.allclose(ws, ws[:, :1].expand_as(ws), atol=1e-5):
        raise LatentFileError("the layers of this latent differ; fit in w+ (--space w+)")
    return ws[:, 0]


def number(text: str, place: str) -> float:
    """Return a finite number; raise LatentFileError saying where another text stands."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise LatentFileError(f"{place}: expected a number, got {text!r}")
    return value


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
