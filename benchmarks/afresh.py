"""Time one form of StyleGAN2's synthesis in a fresh process; what the other benchmarks pair with each other.

    python -m benchmarks.afresh FORM RESOLUTION [--stock] [--frames N] [--batch N]

prints one line of JSON. Every form computes the same picture from the same weights. Without --stock the allocator is
told to keep freed pages, as `render` does.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, before torch is imported

import torch
from torch import Tensor

from benchmarks import textbook
from benchmarks.quiet import quiet_runs
from renderer.bench.memory import forget_peak, peak
from renderer.generators.load import DTYPES
from renderer.generators.modes import fast_dtype
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.untrained import stylegan2 as network_of
from renderer.pages import keep_pages

Synthesis = Callable[[Tensor], Tensor]
CPU = torch.device("cpu")


def exact(network: StyleGAN2) -> Synthesis:
    return network.synthesis


def fast(network: StyleGAN2) -> Synthesis:
    return network.use_dtype(DTYPES[fast_dtype("cpu")[0]]).synthesis


def compiled(network: StyleGAN2) -> Synthesis:
    return network.use_dtype(DTYPES[fast_dtype("cpu")[0]]).use_compiler().synthesis


def the_textbook(network: StyleGAN2) -> Synthesis:
    return lambda ws: textbook.synthesis(network, ws)


FORMS: dict[str, Callable[[StyleGAN2], Synthesis]] = {
    "textbook": the_textbook,
    "exact": exact,
    "fast": fast,
    "compiled": compiled,
}


@torch.no_grad()
def measure(form: str, resolution: int, frames: int, batch: int) -> dict[str, Any]:
    """Return the milliseconds of each frame, of the clock and of all threads, the share of others, error and peak."""
    network = network_of(resolution).eval().requires_grad_(False)
    made, some = FORMS[form](network), inputs(network, batch)
    forget_peak(CPU)
    made(next(some))
    runs = quiet_runs(lambda: made(next(some)), frames)
    held, ws = peak(CPU), next(some)
    error = 0.0 if form == "textbook" else difference(made(ws), textbook.synthesis(network, ws))
    return {
        "times": [1e3 * run.seconds / batch for run in runs],
        "processor": [1e3 * run.processor / batch for run in runs],
        "others": max(run.others for run in runs),
        "error": error,
        "peak": held,
    }


def difference(image: Tensor, wanted: Tensor) -> float:
    """Return the largest difference, over the largest value wanted."""
    return float((image - wanted).abs().max() / wanted.abs().max())


def inputs(network: StyleGAN2, batch: int) -> Iterator[Tensor]:
    """Yield ws without end; each differs from the two before it, since what two frames share is made once."""
    z = torch.randn(3 * batch, network.z_dim, generator=torch.Generator().manual_seed(0))
    return itertools.cycle(torch.split(network.mapping(z), batch))


def afresh(form: str, resolution: int, *, stock: bool = False, frames: int = 5, batch: int = 1) -> dict[str, Any]:
    """Return what `measure` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.afresh", form, str(resolution), *(["--stock"] if stock else [])]
    command += ["--frames", str(frames), "--batch", str(batch)]
    done = subprocess.run(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def alternating(
    what: dict[str, dict[str, Any]], rounds: int, tell: Callable[[str], None] = lambda name: None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what `afresh` finds for each of several sets of arguments, all in turn and then again."""
    for number in range(rounds):
        for name, arguments in what.items():
            tell(f"{name}, round {number + 1} of {rounds}")
            yield name, afresh(**arguments)


def gathered(found: Iterator[tuple[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Return the best, the median, and the largest error, peak and share of other programs of all rounds, by name."""
    rounds: dict[str, list[dict[str, Any]]] = {}
    for name, one in found:
        rounds.setdefault(name, []).append(one)
    return {
        name: {
            "best": min(value for one in some for value in one["times"]),
            "processor": min(value for one in some for value in one["processor"]),
            "median": statistics.median(value for one in some for value in one["times"]),
            "error": max(one["error"] for one in some),
            "peak": max(one["peak"] or 0 for one in some),
            "others": max(one["others"] for one in some),
        }
        for name, some in rounds.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("form", choices=FORMS)
    parser.add_argument("resolution", type=int)
    parser.add_argument("--stock", action="store_true", help="leave the allocator alone")
    parser.add_argument("--frames", type=int, default=5)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    if not options.stock:
        keep_pages()
    print(json.dumps(measure(options.form, options.resolution, options.frames, options.batch)))
