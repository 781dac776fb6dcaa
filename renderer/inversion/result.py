"""The file in which latents of photos are kept: `.npz` without objects, and a latent source of scenes as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import LatentFileError
from renderer.timeline.files import ZIP_ERRORS

NOISE = "noise/"  # in front of a layer's name


@dataclass(frozen=True)
class Result:
    """Hold the latents of N photos, and how they were found.

    ws        float32 [N, num_ws, w_dim], untruncated.
    noise     noise maps [N, 1, H, W] or [H, W] by the name of their layer; empty where the model's own are used.
    loss      the loss of each photo after each step, float32 [steps, N]; [0, N] where nothing was optimised.
    settings  what is needed to find them again, as plain JSON: command, model, photos, options.
    """

    ws: Tensor
    noise: Mapping[str, Tensor] = field(default_factory=dict)
    loss: Tensor | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)


def checked_result(path: str | Path) -> Path:
    """Return the path of a result; raise LatentFileError for a file of another kind."""
    path = Path(path)
    if path.suffix != ".npz":
        raise LatentFileError(f"{path}: latents of photos are written as .npz, such as me.npz")
    return path


def write_result(path: str | Path, result: Result) -> Path:
    """Write a result under its name once it is whole; raise LatentFileError for a name that is no `.npz`."""
    path = checked_result(path)
    loss = torch.zeros(0, len(result.ws)) if result.loss is None else result.loss
    arrays = {"ws": result.ws, "loss": loss, **{f"{NOISE}{name}": held for name, held in result.noise.items()}}
    plain = {name: tensor.detach().float().cpu().numpy() for name, tensor in arrays.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part.npz")
    np.savez(part, settings=np.array(json.dumps(dict(result.settings))), **plain)  # type: ignore[arg-type]
    part.replace(path)
    return path


def read_result(path: str | Path) -> Result:
    """Return what `write_result` wrote.

    Raises LatentFileError for a file that is missing, damaged, or of another kind.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as held:
            settings = json.loads(str(held["settings"]))
            tensors = {name: torch.from_numpy(held[name]) for name in held.files if name != "settings"}
    except (ValueError, OSError, EOFError, KeyError, TypeError, *ZIP_ERRORS) as error:
        raise LatentFileError(
            f"{path}: not a file of latents that `render encode` or `render project` wrote"
        ) from error
    if "ws" not in tensors or tensors["ws"].ndim != 3:
        raise LatentFileError(f"{path}: expected ws [N, num_ws, w_dim]")
    noise = {name.removeprefix(NOISE): held for name, held in tensors.items() if name.startswith(NOISE)}
    return Result(tensors["ws"], noise, tensors.get("loss"), settings)
