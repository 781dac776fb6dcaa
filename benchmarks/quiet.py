"""Timing that other programs do not disturb: runs beside which they took processor time are done again. On Linux."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

STAT = Path("/proc/stat")
DISTURBED = 0.08  # of the processor time of a run, taken by other programs
TRIES = 4  # times as many runs as were asked for, at most


def used() -> tuple[float, float]:
    """Return the processor seconds of all programs so far, and those of this one."""
    if not STAT.exists():
        return 0.0, 0.0
    user, nice, system = map(int, STAT.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK"), time.process_time()


def quiet_times(function: Callable[[], object], count: int) -> tuple[list[float], float]:
    """Return the seconds of the runs that were disturbed least, `count` at most, and the share others had of the worst.

    It stops as soon as `count` runs were undisturbed.
    """
    runs: list[tuple[float, float]] = []  # share of others, seconds
    while len(runs) < TRIES * count and sum(share < DISTURBED for share, _ in runs) < count:
        whole, own = used()
        began = time.perf_counter()
        function()
        seconds = time.perf_counter() - began
        whole, own = (now - then for now, then in zip(used(), (whole, own), strict=True))
        runs.append((max(0.0, whole - own) / max(own, 1e-3), seconds))
    clean = [run for run in runs if run[0] < DISTURBED] or [min(runs)]
    return [seconds for _, seconds in clean], max(share for share, _ in clean)
