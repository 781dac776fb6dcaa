"""How kernels are compiled, once for a kind of machine and kept on disk, and how they see tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Indices = NDArray[np.int64]
LANES = 32  # channels in a block: the innermost loop, which a CPU does eight or sixteen at a time
OPTIONS: dict[str, Any] = {"fastmath": {"contract", "nsz"}, "nogil": True, "error_model": "numpy", "cache": True}


def blocks(tensor: Tensor) -> Array:
    """Return a contiguous tensor [..., C] as an array [..., C / 32, 32] in the same memory."""
    array: Array = tensor.unflatten(-1, (-1, LANES)).numpy()
    return array


def state(*tensors: Tensor) -> tuple[tuple[int, int], ...]:
    """Return what changes when one of the tensors is written to or replaced, so that what was made of them is stale."""
    return tuple((each.data_ptr(), 0 if each.is_inference() else each._version) for each in tensors)


def rounded(channels: int) -> int:
    """Return the number of channels that whole blocks hold."""
    return -(-channels // LANES) * LANES
