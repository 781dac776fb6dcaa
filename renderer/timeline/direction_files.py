"""Read directions: the files that `render directions` writes, and those that people publish.

Published are those of InterFaceGAN (Shen et al. 2020, arXiv:1907.10786, boundaries), GANSpace (Härkönen et al. 2020,
arXiv:2004.02546, components), Puzer and encoder4editing, and plain arrays.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from torch import Tensor

from renderer.errors import LatentFileError
from renderer.timeline.files import DIRECTION_NAMES, LAYERS, SIGMAS, ZIP_ERRORS, pick, read_arrays

Space = Literal["w", "z"]
MANY_NAMES = ("directions", *SIGMAS)  # arrays that hold several directions
PUBLISHED_BOUNDARY = re.compile(r"(?:stylegan|pggan)_\w+_boundary")  # how InterFaceGAN names what it publishes
ABOUT = "about"  # the facts of a file of ours, as JSON: a text among the arrays, or the metadata of a .safetensors


@dataclass(frozen=True)
class Direction:
    """Hold the vector of a direction, [dim] or [rows, dim], and the space that its origin says it lives in, if any.

    model and model_hash tell what it was made for, and are "" where that is not known.
    """

    vector: Tensor
    space: Space | None = None
    model: str = ""
    model_hash: str = ""


@dataclass(frozen=True)
class DirectionFile:
    """Hold what a file of K directions holds.

    vectors  float32 [K, dim] or [K, rows, dim], as they stand in the file
    sigmas   how far one sigma of the latents is along each, [K]; None where amounts count in the vectors' own length
    layers   how much each layer is moved, [K, num_ws]; None for all alike
    facts    all else that the file says: names, space, model, model_hash, range, made
    """

    vectors: Tensor
    sigmas: Tensor | None = None
    layers: Tensor | None = None
    space: Space | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.vectors)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the directions; empty where the file gives none."""
        return tuple(self.facts.get("names", ()))

    def __getitem__(self, index: int) -> Direction:
        """Return a direction with everything that scales it multiplied in: an amount of 1 is one sigma."""
        vector = self.vectors[index]
        if self.sigmas is not None:
            vector = vector * self.sigmas[index]
        while vector.ndim > 1 and vector.shape[0] == 1:
            vector = vector[0]
        if self.layers is not None and bool((self.layers[index] != 1).any()):
            vector = self.layers[index][:, None] * vector
        made_for = (str(self.facts.get(name, "")) for name in ("model", "model_hash"))
        return Direction(vector, self.space, *made_for)


def read_direction(path: Path, index: int | None = None) -> Direction:
    """Return the direction in a file; of a file of several, the one at `index`.

    A direction with a standard deviation (ours, GANSpace's `lat_comp` with `lat_stdev`, `comp` with `std`) comes
    multiplied by it, so that amounts count in sigmas. Raises LatentFileError for a broken file, and where the index
    does not fit.
    """
    held = read_directions(path, indexed=index is not None)
    count = len(held)
    if index is None and count > 1:
        raise LatentFileError(f"{path.name}: holds {count} directions; say which, such as {path.name}[0]")
    if index is not None and not -count <= index < count:
        raise LatentFileError(f"{path.name}: holds {count} directions, 0 to {count - 1}; got {index}")
    return held[index or 0]


def read_directions(path: Path, *, indexed: bool = False) -> DirectionFile:
    """Return all directions of a file; `indexed` reads the rows of a plain array as so many directions.

    Raises LatentFileError for a broken file.
    """
    arrays = read_arrays(path)
    name, array = pick(arrays, DIRECTION_NAMES, path)
    several = name in MANY_NAMES or indexed
    vectors = array if several and array.ndim > 1 else array[None]
    if not len(vectors) or not vectors.numel():
        raise LatentFileError(f"{path.name}: expected directions, got an empty array {list(array.shape)}")
    count, facts = len(vectors), read_facts(path)
    layers = arrays.get(LAYERS) if name == "directions" else None
    if layers is not None and (layers.ndim != 2 or len(layers) != count):
        raise LatentFileError(f"{path.name}: holds {count} directions, but strengths of layers {list(layers.shape)}")
    space = facts.get("space", "")[:1] or published_space(path)
    return DirectionFile(vectors, _sigmas(arrays, name, count, path), layers, space, facts)


def _sigmas(arrays: dict[str, Tensor], name: str, count: int, path: Path) -> Tensor | None:
    """Return the standard deviations [count] of the components called `name`, or None where the file has none."""
    sigmas = arrays.get(SIGMAS[name]) if name in SIGMAS else None
    if sigmas is not None and sigmas.numel() != count:
        raise LatentFileError(f"{path.name}: holds {count} components, but {sigmas.numel()} standard deviations")
    return None if sigmas is None else sigmas.reshape(-1)


def read_facts(path: Path) -> Mapping[str, Any]:
    """Return what a file of ours says about itself; nothing for any other.

    Raises LatentFileError where that is broken.
    """
    try:
        text = _about(path)
        facts = None if text is None else json.loads(text)
    except (ValueError, OSError, *ZIP_ERRORS) as error:
        raise LatentFileError(f"{path.name}: what it says about itself is no text, or no JSON: {error}") from error
    if text is None:
        return {}
    if not isinstance(facts, dict) or facts.get("space") not in ("w", "w+", "z"):
        raise LatentFileError(f"{path.name}: expected a space of w, w+ or z in what it says about itself")
    names = facts.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise LatentFileError(f"{path.name}: expected a list of names in what it says about itself, got {names!r}")
    return facts


def _about(path: Path) -> str | None:
    if path.suffix == ".npz" and zipfile.is_zipfile(path):
        with np.load(path, allow_pickle=False) as held:
            return str(held[ABOUT]) if ABOUT in held.files else None
    if path.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(path, framework="np") as held:
            return (held.metadata() or {}).get(ABOUT)
    return None


def published_space(path: Path) -> Space | None:
    """Return the space of a boundary that InterFaceGAN published, which only its name tells, else None."""
    if not PUBLISHED_BOUNDARY.fullmatch(path.stem):
        return None
    return "w" if path.stem.endswith("_w_boundary") else "z"
