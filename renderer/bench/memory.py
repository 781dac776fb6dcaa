"""How much memory a piece of work takes at its peak."""

from __future__ import annotations

import ctypes
import platform
from pathlib import Path

import torch

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def resident(field: str) -> int:
    """Return a field of this process's status in bytes: VmRSS now, VmHWM at its peak."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def forget_peak(device: torch.device) -> None:
    """Let the peak begin anew from what is held now; freed pages that the allocator keeps go back first."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    elif RESET.exists():
        if platform.libc_ver()[0] == "glibc":
            ctypes.CDLL(None).malloc_trim(0)
        RESET.write_text("5")


def peak(device: torch.device) -> int | None:
    """Return the most bytes held since `forget_peak`: on a GPU by tensors, on a CPU by the whole process.

    None where neither is known: elsewhere than on Linux.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return resident("VmHWM") if device.type == "cpu" and RESET.exists() else None
