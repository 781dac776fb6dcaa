"""Tables with a latent in each row: a seed, a file of latents and which of it, or a picture of one.

The latent of a picture is what an `index.csv` beside it, such as that of a dataset, says in the row whose `image` it
is, or whose `name` without a suffix (a `seed`, or a `file` and an `index`); or else the file of latents that is called
as the picture is: `anna.npz` beside `anna.jpg`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from renderer.directions.model import Model
from renderer.errors import LatentFileError, expected
from renderer.timeline.files import latents_of
from renderer.timeline.sources import seed_to_z
from renderer.values.latent import INDEXED, LATENT_SUFFIXES, MAX_SEED

SOURCES = ("seed", "file")
BESIDE = ("psi", "index", "image", "name", "shard")  # columns that say more of a source
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp")
INDEX = "index.csv"
MOST_ROWS = 1_000_000

Row = Mapping[str, str]


def rows_of(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a table, each with its line; raise LatentFileError where it is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, skipinitialspace=True)
            count = 0
            for count, row in enumerate(reader, 1):
                if None in row or None in row.values():
                    raise LatentFileError(
                        f"{path.name}:{reader.line_num}: expected {len(reader.fieldnames or ())} cells"
                    )
                if count > MOST_ROWS:
                    raise LatentFileError(f"{path.name}: expected at most {MOST_ROWS} rows")
                yield reader.line_num, {str(name).strip(): cell for name, cell in row.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LatentFileError(f"{path}: not a readable table of labels: {reason}") from error
    if not count:
        raise LatentFileError(f"{path.name}: expected a header such as `seed,smile` and rows below it, found no rows")


def columns_of(path: Path, names: list[str], column: str | None) -> tuple[str, str]:
    """Return the column of sources and the column of labels; raise LatentFileError where it is not clear which."""
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
class RowReader:
    """Read the latents that rows of tables name, in a space; the last file and the last index are kept."""

    model: Model
    space: str
    files: dict[Path, tuple[str, Tensor]] = field(default_factory=dict)
    indices: dict[Path, dict[str, Row]] = field(default_factory=dict)

    def __call__(self, row: Row, folder: Path, place: str) -> Tensor:
        """Return a latent [1, ...] of the space; files are found below the folder.

        Raises LatentFileError, beginning with the place, for what is not there.
        """
        if row.get("seed", "").strip():
            return self._seed(row, place)
        name, index = row.get("file", "").strip(), row.get("index", "").strip()
        if Path(name).suffix.lower() in PICTURES:
            path = folder / name
            told = self.behind(path, place)
            if Path(told.get("file", "")).suffix.lower() in PICTURES or not any(told.get(one) for one in SOURCES):
                raise LatentFileError(f"{place}: {INDEX} tells neither a seed nor a file of latents for {path.name}")
            return self(told, path.parent, f"{place}: {name}")
        if match := INDEXED.match(name):
            name, index = match["file"], match["index"]
        z, ws = self._file(folder / name, name, index, place)
        try:
            return in_space(self.model, z, ws, self.space)
        except LatentFileError as error:
            raise LatentFileError(f"{place}: {name}: {error}") from error

    def _seed(self, row: Row, place: str) -> Tensor:
        seed = number(row["seed"], f"{place}: seed")
        if not (seed == int(seed) and 0 <= seed <= MAX_SEED):
            raise LatentFileError(f"{place}: expected a seed, a whole number from 0 on, got {row['seed']}")
        psi = number(row["psi"], f"{place}: psi") if row.get("psi", "").strip() else 1.0
        return in_space(self.model, seed_to_z(int(seed), self.model.generator.z_dim), None, self.space, psi)

    def _file(self, path: Path, name: str, index: str, place: str) -> tuple[Tensor | None, Tensor | None]:
        """Return z [1, z_dim] or ws [1, num_ws, w_dim] of a file."""
        if not path.is_file():
            raise LatentFileError(f"{place}: no such file: {name}")
        if path not in self.files:
            generator = self.model.generator
            self.files.clear()
            self.files[path] = latents_of(path, None, generator.z_dim, generator.w_dim, generator.num_ws)
        kind, held = self.files[path]
        chosen = int(number(index, f"{place}: index")) if index else 0
        if (not index and len(held) > 1) or not -len(held) <= chosen < len(held):
            raise LatentFileError(f"{place}: {name} holds {len(held)} latents; say which, such as {name}[0]")
        one = held[chosen][None].cpu()
        return (one, None) if kind == "z" else (None, one)

    def behind(self, picture: Path, place: str) -> Row:
        """Return the row that tells the latent of a picture."""
        index = picture.parent / INDEX
        if index not in self.indices:
            self.indices.clear()
            rows = rows_of(index) if index.is_file() else ()
            self.indices[index] = {row.get("image") or row.get("name", ""): row for _, row in rows}
        for called in (picture.name, picture.stem):
            if called in self.indices[index]:
                return self.indices[index][called]
        for suffix in LATENT_SUFFIXES:
            if picture.with_suffix(suffix).is_file():
                return {"file": picture.with_suffix(suffix).name}
        raise LatentFileError(
            f"{place}: the latent of {picture.name} is not known; expected {picture.stem}.npz beside it, or an "
            f"{INDEX} with a column `image`"
        )


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
