"""Take other directions out of one, so that it moves one attribute and leaves the others.

Source: Shen et al. 2020, arXiv:1907.10786, section 3.2 (conditional manipulation); of several conditions the part
in their span is taken out, which is their rule for one and for two.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from renderer.errors import LatentFileError

LEAST_LEFT = 1e-3  # of the length of a direction, below which it is the others


def without(direction: Tensor, others: Sequence[Tensor]) -> Tensor:
    """Return the unit vector nearest to a direction that is at a right angle to all others, float32 of its shape.

    Those of [dim] and of [rows, dim] are read as the same vector in every row.
    Raises LatentFileError where nothing of it is left, and where the widths differ.
    """
    rows = max(one.shape[0] if one.ndim == 2 else 1 for one in (direction, *others))
    wanted = _flat(direction, rows, direction)
    if others:
        basis = _basis(torch.stack([_flat(one, rows, direction) for one in others]))
        left = wanted - (wanted @ basis.T) @ basis
        if float(left.norm()) < LEAST_LEFT * float(wanted.norm()):
            raise LatentFileError("nothing is left of the direction without the others: it is a mixture of them")
        wanted = left
    shaped: Tensor = wanted.reshape(rows, -1)
    if direction.ndim == 1 and bool((shaped == shaped[0]).all()):
        shaped = shaped[0]
    unit: Tensor = (shaped / shaped.norm()).float()
    return unit


def _flat(one: Tensor, rows: int, wanted: Tensor) -> Tensor:
    """Return a direction over so many rows as one vector, float64."""
    if one.shape[-1] != wanted.shape[-1] or (one.ndim == 2 and one.shape[0] != rows):
        raise LatentFileError(f"a direction of {list(wanted.shape)} cannot be freed from one of {list(one.shape)}")
    flat: Tensor = one.double().expand(rows, one.shape[-1]).reshape(-1)
    return flat


def _basis(others: Tensor) -> Tensor:
    """Return orthonormal rows with the span of others [M, dim]; those that are the same count once."""
    units = others / others.norm(dim=1, keepdim=True).clamp_min(1e-30)
    _, sizes, axes = torch.linalg.svd(units, full_matrices=False)
    basis: Tensor = axes[sizes > 1e-6 * sizes[0]]
    return basis
