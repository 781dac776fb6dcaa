"""Timing a function, with what its device still has to do."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

FEWEST = 3  # runs


def wait(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def once(function: Callable[[], object], device: torch.device) -> float:
    """Return the seconds of one run."""
    wait(device)
    began = time.perf_counter()
    function()
    wait(device)
    return time.perf_counter() - began


def timed(function: Callable[[], object], device: torch.device, seconds: float, warm_up: int = 1) -> list[float]:
    """Return the seconds of each run, three at least and as many as fit; those of the warm-up do not count."""
    for _ in range(warm_up):
        once(function, device)
    times: list[float] = []
    while len(times) < FEWEST or sum(times) < seconds:
        times.append(once(function, device))
    return times
