"""Single frames of a batch, for an effect that fails: which of them it is that fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from renderer.context import Past
from renderer.errors import PluginError
from renderer.latents import Latents


class Apart(PluginError):
    """Say that synthesis of a batch failed by a fault to be skipped: its frames are to be synthesised one by one."""


def row(x: Any, i: int) -> Any:
    """Return frame i of latents, of images [N, C, H, W], or of a past of them, as a batch of one."""
    if isinstance(x, Tensor):
        return x[i : i + 1]
    if isinstance(x, Past):
        return Past(x.image[i : i + 1], x.age[i : i + 1])
    if isinstance(x, Latents):
        own = {name: getattr(x, name) for name in ("ws", "psi", "z", "c")}
        return x.replace(**{name: held[i : i + 1] for name, held in own.items() if held is not None})
    return x


def joined(rows: Sequence[Any]) -> Any:
    """Return latents, or images, of single frames as one batch; where one has no z, none has."""
    if isinstance(rows[0], Tensor):
        return torch.cat(list(rows))
    fields = {name: [getattr(one, name) for one in rows] for name in ("ws", "psi", "z", "c")}
    whole = {name: None if any(one is None for one in held) else torch.cat(held) for name, held in fields.items()}
    return rows[0].replace(**whole)


def copied(x: Any) -> Any:
    """Return latents or images that nobody else can change."""
    if isinstance(x, Tensor):
        return x.clone()
    if isinstance(x, Latents):
        own = {name: getattr(x, name) for name in ("ws", "psi", "z", "c")}
        return x.replace(**{name: held.clone() for name, held in own.items() if held is not None})
    return x
