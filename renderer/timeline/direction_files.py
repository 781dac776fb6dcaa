"""Read directions as people publish them: InterFaceGAN, GANSpace, Puzer's, those of encoder4editing, and plain arrays.

Sources: Shen et al. 2020, arXiv:1907.10786 (boundaries); Härkönen et al. 2020, arXiv:2004.02546 (components).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from renderer.errors import LatentFileError
from renderer.timeline.files import DIRECTION_NAMES, SIGMAS, pick, read_arrays

Space = Literal["w", "z"]
MANY_NAMES = ("directions", *SIGMAS)  # arrays that hold several directions
PUBLISHED_BOUNDARY = re.compile(r"(?:stylegan|pggan)_\w+_boundary")  # how InterFaceGAN names what it publishes


@dataclass(frozen=True)
class Direction:
    """Hold the vector of a direction, [dim] or [rows, dim], and the space that its origin says it lives in, if any."""

    vector: Tensor
    space: Space | None = None


def read_direction(path: Path, index: int | None = None) -> Direction:
    """Return the direction in a file; of a file of several, the one at `index`.

    A component with a standard deviation (GANSpace's `lat_comp` with `lat_stdev`, `comp` with `std`) comes multiplied
    by it, so that amounts count in sigmas. Raises LatentFileError for a broken file, and where the index does not fit.
    """
    arrays = read_arrays(path)
    name, array = pick(arrays, DIRECTION_NAMES, path)
    if name in MANY_NAMES or index is not None:
        count = array.shape[0] if array.ndim > 1 else 1
        if index is None:
            raise LatentFileError(f"{path.name}: holds {count} directions; say which, such as {path.name}[0]")
        if not -count <= index < count:
            raise LatentFileError(f"{path.name}: holds {count} directions, 0 to {count - 1}; got {index}")
        sigmas = _sigmas(arrays, name, count, path)
        array = array[index] if array.ndim > 1 else array
        array = array if sigmas is None else array * sigmas[index]
    while array.ndim > 1 and array.shape[0] == 1:
        array = array[0]
    return Direction(array, published_space(path))


def _sigmas(arrays: dict[str, Tensor], name: str, count: int, path: Path) -> Tensor | None:
    """Return the standard deviations [count] of the components called `name`, or None where the file has none."""
    sigmas = arrays.get(SIGMAS.get(name, ""))
    if sigmas is not None and sigmas.numel() != count:
        raise LatentFileError(f"{path.name}: holds {count} components, but {sigmas.numel()} standard deviations")
    return None if sigmas is None else sigmas.reshape(-1)


def published_space(path: Path) -> Space | None:
    """Return the space of a boundary that InterFaceGAN published, which only its name tells, else None."""
    if not PUBLISHED_BOUNDARY.fullmatch(path.stem):
        return None
    return "w" if path.stem.endswith("_w_boundary") else "z"
