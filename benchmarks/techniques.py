"""What each technique gives in exact mode: the time of a frame with it left out, all forms by turns in one process.

    python -m benchmarks.techniques [256 1024] [--rounds 3]

Each resolution is measured twice, in fresh processes: with the allocator told to keep freed pages, and without.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks import textbook
from benchmarks.afresh import difference, inputs
from benchmarks.quiet import Run, once
from renderer.generators.networks.stylegan2 import Block, StyleGAN2
from renderer.generators.networks.stylegan2_kernels import KernelConv
from renderer.generators.untrained import untrained
from renderer.pages import keep_pages

WHOLE, FINE = "all of it", "only fine rows of ws move"
LEFT_OUT: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    WHOLE: nullcontext,
    FINE: nullcontext,
    "image from whole maps, no bands": lambda: patch.object(Block, "has_kernels", lambda self, x, ws, run: False),
    "shifted products, no Winograd": lambda: patch.object(KernelConv, "is_large", lambda self, pixels: False),
    "torch alone, no kernels": lambda: patch.object(KernelConv, "fits", staticmethod(lambda weight: False)),
    "textbook": nullcontext,
}


def frame(name: str, network: StyleGAN2, ws: Tensor) -> Tensor:
    """Return the picture in one of the forms."""
    with LEFT_OUT[name]():
        return textbook.synthesis(network, ws) if name == "textbook" else network.synthesis(ws)


@torch.no_grad()
def here(resolution: int, rounds: int) -> dict[str, list[Run]]:
    """Return the runs of each form in this process."""
    network = untrained(f"stylegan2:{resolution}")
    assert isinstance(network, StyleGAN2)
    some, row = inputs(network, 1), network.layer_bands.index("fine")
    ws = -next(some)  # none of those that come, whose coarse rows would be kept for another form
    wanted = frame("textbook", network, ws)
    for name in LEFT_OUT:  # weights are prepared, kernels loaded
        if (error := difference(frame(name, network, ws), wanted)) > 1e-5:
            raise SystemExit(f"{name}: differs by {error:.1e} of the largest value")
    found: dict[str, list[Run]] = {name: [] for name in LEFT_OUT}
    for _ in range(rounds):
        for name, runs in found.items():
            seen = next(some)
            if name == FINE:
                for _ in range(2):  # what two passes share is kept from the second on
                    frame(name, network, torch.cat([ws[:, :row], next(some)[:, row:]], dim=1))
                seen = torch.cat([ws[:, :row], seen[:, row:]], dim=1)
            runs.append(once(partial(frame, name, network, seen)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("resolutions", nargs="*", type=int, default=[256, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--here", choices=["kept", "stock"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        if options.here == "kept":
            keep_pages()
        print(json.dumps(here(options.resolutions[0], options.rounds)))
        return
    for resolution, pages in itertools.product(options.resolutions, ("kept", "stock")):
        command = [sys.executable, "-m", "benchmarks.techniques", str(resolution), "--here", pages]
        command += ["--rounds", str(options.rounds)]
        settings = {"OMP_WAIT_POLICY": "PASSIVE", **os.environ}  # as the command line has it
        told = subprocess.run(command, cwd=Path(__file__).parents[1], env=settings, stdout=subprocess.PIPE, check=True)
        report(resolution, pages, {name: [Run(*one) for one in runs] for name, runs in json.loads(told.stdout).items()})


def report(resolution: int, pages: str, found: dict[str, list[Run]]) -> None:
    """Print a line for each form: best milliseconds by the clock and of all threads, and how many times the whole."""
    print(f"\n{resolution} px, pages {pages:24}   ms  x whole  threads  x whole  others")
    clock, threads = (min(getattr(run, kind) for run in found[WHOLE]) for kind in ("seconds", "processor"))
    for name, runs in found.items():
        seconds, work = min(run.seconds for run in runs), min(run.processor for run in runs)
        others = min(runs, key=lambda run: run.seconds).others
        print(
            f"{name:38}{seconds * 1e3:6.0f}{seconds / clock:9.2f}{work * 1e3:9.0f}{work / threads:9.2f}{others:8.0%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
