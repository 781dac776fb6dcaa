"""Read files of latents and directions (.npy, .npz, .pt, .safetensors) as data, never as code."""

from __future__ import annotations

import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import LatentFileError

MAX_BYTES = 2 * 1024**3
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error)
LATENT_NAMES = ("ws", "w_plus", "w", "z", "latents", "projected_w")  # how latents are called in files of many arrays
DIRECTION_NAMES = ("direction", "directions", "boundary", "lat_comp", "comp")
# What goes with directions: their scale, as we, GANSpace and its heirs keep it, and how much each layer is moved.
SIGMAS = {"directions": "sigmas", "lat_comp": "lat_stdev", "comp": "std"}
LAYERS = "layers"


def read_arrays(path: Path) -> dict[str, Tensor]:
    """Return the arrays of a file by name, float32; a file of one unnamed array gives it as "".

    Raises LatentFileError where the file is broken, holds objects, or is of another kind.
    """
    if path.stat().st_size > MAX_BYTES:
        raise LatentFileError(f"{path.name}: expected a file of at most 2 GiB")
    readers = {".npy": _read_npy, ".npz": _read_npz, ".pt": _read_torch, ".safetensors": _read_safetensors}
    if path.suffix not in readers:
        raise LatentFileError(f"{path.name}: expected a file of latents, .npy, .npz, .pt or .safetensors")
    try:
        arrays = readers[path.suffix](path)
    except (ValueError, OSError, EOFError, KeyError, RuntimeError, MemoryError, *ZIP_ERRORS) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "pickle" in reason or "Python objects" in reason:  # what numpy says would send users to unsafe loading
            reason = "it holds Python objects or is of another kind"
        raise LatentFileError(f"{path.name}: not a readable {path.suffix} file of plain arrays: {reason}") from error
    if not arrays:
        raise LatentFileError(f"{path.name}: expected an array of numbers, found none")
    return arrays


def _numbers(array: Any, path: Path) -> Tensor:
    array = np.asarray(array)
    if array.dtype.kind not in "fiu":
        raise LatentFileError(f"{path.name}: expected numbers, got an array of {array.dtype}")
    tensor = torch.from_numpy(np.array(array, np.float32))
    if not bool(tensor.isfinite().all()):
        raise LatentFileError(f"{path.name}: expected finite numbers, got NaN or infinity")
    return tensor


def _read_npy(path: Path) -> dict[str, Tensor]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {"": _numbers(np.load(path, allow_pickle=False, mmap_mode="r"), path)}


def _read_npz(path: Path) -> dict[str, Tensor]:
    with zipfile.ZipFile(path) as archive:
        if sum(member.file_size for member in archive.infolist()) > MAX_BYTES:
            raise ValueError("it unfolds to more than 2 GiB")
    with np.load(path, allow_pickle=False) as held:
        known = [name for name in held.files if name in (*LATENT_NAMES, *DIRECTION_NAMES)]
        known += [name for name in (*SIGMAS.values(), LAYERS) if known and name in held.files]
        return {name: _numbers(held[name], path) for name in known or held.files}


def _read_torch(path: Path) -> dict[str, Tensor]:
    from renderer.generators.safe_pickle import read_torch_file

    held = read_torch_file(path)
    items = held.items() if isinstance(held, dict) else [("", held)]
    return {str(name): _numbers(value.detach().float().numpy(), path) for name, value in items if _is_tensor(value)}


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return {name: _numbers(value.float().numpy(), path) for name, value in load_file(path).items()}
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def pick(arrays: dict[str, Tensor], names: tuple[str, ...], path: Path) -> tuple[str, Tensor]:
    """Return the name and array that a file means: its only one, or the first of the usual names."""
    if len(arrays) == 1:
        return next(iter(arrays.items()))
    for name in names:
        if name in arrays:
            return name, arrays[name]
    raise LatentFileError(f"{path.name}: expected an array called {', '.join(names)}; it holds {', '.join(arrays)}")


def latents_of(path: Path, space: str | None, z_dim: int, w_dim: int, num_ws: int) -> tuple[str, Tensor]:
    """Return ("z", [K, z_dim]) or ("ws", [K, num_ws, w_dim]) of a file of K latents.

    `space` (z, w or ws) or the array's name decides where the shape leaves it open; of two readings w stands first.
    Raises LatentFileError saying both shapes.
    """
    name, array = pick(read_arrays(path), LATENT_NAMES, path)
    if not array.numel():
        raise LatentFileError(f"{path.name}: expected latents, got an empty array {list(array.shape)}")
    kind = space or {"z": "z", "w": None, "ws": None}.get(name)
    shape = tuple(array.shape)
    if kind != "z" and shape[-2:] == (num_ws, w_dim) and len(shape) in (2, 3) and kind != "w":
        return "ws", array.reshape(-1, num_ws, w_dim)
    rows = array.reshape(-1, shape[-1]) if len(shape) in (1, 2) or (len(shape) == 3 and shape[1] == 1) else None
    if rows is not None and kind != "z" and shape[-1] == w_dim:
        return "ws", rows.unsqueeze(1).expand(-1, num_ws, -1)
    if rows is not None and kind in (None, "z") and shape[-1] == z_dim:
        return "z", rows
    raise LatentFileError(
        f"{path.name}: holds {list(shape)}, but this model wants ws [K, {num_ws}, {w_dim}], w [K, {w_dim}] "
        f"or z [K, {z_dim}]; it was made for another model"
    )
