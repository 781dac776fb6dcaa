"""Threads of our own: each does a whole piece of work by itself, so that none waits for the others at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch

T = TypeVar("T")
_pools: dict[int, ThreadPoolExecutor] = {}


def workers() -> ThreadPoolExecutor:
    """Return a pool of as many threads as torch uses, each of which runs torch by itself."""
    threads = torch.get_num_threads()
    if threads not in _pools:
        _pools[threads] = ThreadPoolExecutor(threads, "kernels", initializer=torch.set_num_threads, initargs=(1,))
    return _pools[threads]


def alone(work: Callable[[], T]) -> T:
    """Return what one thread of the pool makes of the work by itself, without gradients.

    For many small steps: torch shares each of them among all threads, which takes longer than the step.
    """
    return workers().submit(torch.no_grad()(work)).result()


def each(work: Callable[[T], object], pieces: Iterable[T]) -> None:
    """Do the work on all pieces, in any order; without gradients."""
    for _ in workers().map(torch.no_grad()(work), pieces):  # a thread begins with a mode of its own
        pass


def shares(count: int) -> list[tuple[int, int]]:
    """Return the bounds of as many even parts of 0..count as there are threads."""
    step = -(-count // torch.get_num_threads())
    return [(first, min(first + step, count)) for first in range(0, count, step)]
