"""How kernels are compiled, once for a kind of machine and kept on disk, and how they see tensors."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float32]
Indices = NDArray[np.int64]
STRICT: set[str] = set()
FUSED = {"contract", "nsz"}  # a product and a sum may be rounded once, together
SUMMING = {*FUSED, "reassoc"}  # a sum may be added up in another order, always the same one on one machine
LANES = 32  # channels in a block: the innermost loop, which a CPU does eight or sixteen at a time


def forget_stale(folder: Path) -> None:
    """Delete compiled kernels that are older than any source in their folder: numba looks at that of the kernel alone.

    A kernel that was compiled with other functions than there are now may write anywhere.
    """
    newest = max(source.stat().st_mtime for source in folder.glob("*.py"))
    for index in folder.glob("__pycache__/*.nbi"):
        if index.stat().st_mtime < newest:
            index.unlink(missing_ok=True)


with suppress(OSError):  # a folder that cannot be written to holds no compiled kernels
    forget_stale(Path(__file__).parent)


def kernel(function: Callable[..., Any], *, freedom: set[str] = FUSED) -> Callable[..., Any]:
    """Compile a function of arrays and numbers when it is first called; it runs beside other threads.

    freedom  what the compiler may do to the arithmetic: STRICT, FUSED or SUMMING.
    """
    options: dict[str, Any] = {"fastmath": freedom, "nogil": True, "error_model": "numpy"}
    made: Callable[..., Any]
    try:
        made = numba.njit(**options, cache=True)(function)
    except RuntimeError:  # no folder can be written to, so it is compiled for every process
        made = numba.njit(**options)(function)
    return made


def blocks(tensor: Tensor) -> NDArray[Any]:
    """Return a contiguous tensor [..., C] as an array [..., C / 32, 32] in the same memory."""
    return tensor.view(*tensor.shape[:-1], tensor.shape[-1] // LANES, LANES).numpy()


def rounded(channels: int) -> int:
    """Return the number of channels that whole blocks hold."""
    return -(-channels // LANES) * LANES


def state(*tensors: Tensor) -> tuple[tuple[int, int], ...]:
    """Return what changes when one of the tensors is written to or replaced, so that what was made of it is stale."""
    return tuple((each.data_ptr(), version(each)) for each in tensors)


def version(tensor: Tensor) -> int:
    """Return how often a tensor has been written to; 0 for one of inference mode, which does not count."""
    return 0 if tensor.is_inference() else tensor._version
