"""Write directions to files that say what they hold: .npz and .safetensors of ours, and the packs of others."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer import __version__
from renderer.errors import LatentFileError
from renderer.timeline.direction_files import ABOUT, DirectionFile
from renderer.timeline.files import LAYERS

SUFFIXES = (".npz", ".safetensors", ".pt")
RANGE = (-3.0, 3.0)  # sigmas, where nothing else is known
Array = NDArray[np.float32]


def checked_target(path: Path, *, pack: bool = False) -> Path:
    """Return the path of a file of directions to write; `pack` allows encoder4editing's .pt, which needs a mean.

    Raises LatentFileError for a file of another kind.
    """
    known = SUFFIXES if pack else SUFFIXES[:2]
    if path.suffix not in known:
        raise LatentFileError(f"{path}: expected a file of directions, {' or '.join(known)}")
    return path


def write_directions(path: Path, held: DirectionFile, extra: Mapping[str, Tensor] | None = None) -> Path:
    """Write a file of directions, whole or not at all; `extra` arrays go along into an .npz."""
    checked_target(path, pack=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    writers: Mapping[str, Callable[[], object]] = {
        ".npz": lambda: np.savez(part, **{**_arrays(held), ABOUT: np.array(_about(held)), **_numpy(extra or {})}),
        ".safetensors": lambda: _write_safetensors(part, held),
        ".pt": lambda: _write_pack(part, held, extra or {}),
    }
    writers[path.suffix]()
    part.replace(path)
    return path


def _write_safetensors(path: Path, held: DirectionFile) -> None:
    from safetensors.numpy import save_file

    save_file(_arrays(held), path, metadata={ABOUT: _about(held)})


def _write_pack(path: Path, held: DirectionFile, extra: Mapping[str, Tensor]) -> None:
    """Write components as encoder4editing keeps them: mean [1, w_dim], comp [K, 1, w_dim], std [K]."""
    if "lat_mean" not in extra or held.sigmas is None:
        raise LatentFileError(f"{path.name}: a pack of encoder4editing holds components; write another as .npz")
    pack = {"mean": extra["lat_mean"].reshape(1, -1), "comp": extra["lat_comp"], "std": held.sigmas}
    torch.save({name: value.contiguous() for name, value in pack.items()}, path)


def _arrays(held: DirectionFile) -> dict[str, Any]:
    arrays = {"directions": held.vectors, "sigmas": held.sigmas, LAYERS: held.layers}
    return _numpy({name: value for name, value in arrays.items() if value is not None})


def _numpy(tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    return {name: np.ascontiguousarray(value.detach().cpu().float().numpy()) for name, value in tensors.items()}


def _about(held: DirectionFile) -> str:
    facts = {"format": "latentreel directions 1", **held.facts, "written_by": f"latentreel {__version__}"}
    return json.dumps(facts, ensure_ascii=False)
