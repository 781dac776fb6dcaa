"""Timing that other programs do not disturb: runs beside which they took processor time are done again. On Linux."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

STAT = Path("/proc/stat")
DISTURBED = 0.08  # of the processor time of a run, taken by other programs
TRIES = 2  # times as many runs as were asked for, at most


class Run(NamedTuple):
    """Hold one run: the processor time that others took over its own, its seconds, and those of all its threads.

    Those of its threads change little when others disturb it.
    """

    others: float
    seconds: float
    processor: float


def processors() -> float:
    """Return the seconds that all programs have used so far."""
    if not STAT.exists():
        return time.process_time()
    user, nice, system = map(int, STAT.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def once(function: Callable[[], object]) -> Run:
    """Run a function."""
    whole, own, began = processors(), time.process_time(), time.perf_counter()
    function()
    seconds, own, whole = time.perf_counter() - began, time.process_time() - own, processors() - whole
    return Run(max(0.0, whole - own) / max(own, 1e-3), seconds, own)


def quiet_runs(function: Callable[[], object], count: int) -> list[Run]:
    """Return the runs that were not disturbed, `count` at most, or the one that was disturbed least."""
    runs: list[Run] = []
    while len(runs) < TRIES * count and sum(run.others < DISTURBED for run in runs) < count:
        runs.append(once(function))
    return [run for run in runs if run.others < DISTURBED] or [min(runs)]
