"""How kernels are compiled, once for a kind of machine and kept on disk, and how they see tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Indices = NDArray[np.int64]
FUSED = {"contract", "nsz"}
LANES = 32  # channels in a block: the innermost loop, which a CPU does eight or sixteen at a time


def kernel(function: Callable[..., Any], *, fused: bool = True) -> Callable[..., Any]:
    """Compile a function of arrays and numbers when it is first called; it runs beside other threads.

    fused  a product and a sum may be rounded once, together.
    """
    options: dict[str, Any] = {"fastmath": FUSED if fused else False, "nogil": True, "error_model": "numpy"}
    made: Callable[..., Any]
    try:
        made = numba.njit(**options, cache=True)(function)
    except RuntimeError:  # no folder can be written to, so it is compiled for every process
        made = numba.njit(**options)(function)
    return made


def blocks(tensor: Tensor) -> NDArray[Any]:
    """Return a contiguous tensor [..., C] as an array [..., C / 32, 32] in the same memory."""
    return tensor.reshape(*tensor.shape[:-1], -1, LANES).numpy()


def rounded(channels: int) -> int:
    """Return the number of channels that whole blocks hold."""
    return -(-channels // LANES) * LANES


def state(*tensors: Tensor) -> tuple[tuple[int, int], ...]:
    """Return what changes when one of the tensors is written to or replaced, so that what was made of it is stale."""
    return tuple((each.data_ptr(), version(each)) for each in tensors)


def version(tensor: Tensor) -> int:
    """Return how often a tensor has been written to; 0 for one of inference mode, which does not count."""
    return 0 if tensor.is_inference() else tensor._version
