"""Frames a second of bloom at 512 px: the compiled kernel, and the steps it replaces on a CPU, by turns.

    python -m benchmarks.bloom [--size 512] [--threads 2]

The goal: 60 frames/s on two cores.
"""

from __future__ import annotations

import argparse
import time

import torch

from renderer.generators.bloom import Bloom
from renderer.pages import keep_pages

BATCH, ROUNDS = 8, 8


def main() -> None:
    """Measure and print both, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    keep_pages()
    torch.set_num_threads(options.threads)
    bloom = Bloom(options.size)
    ws = bloom.mapping(torch.randn(BATCH, bloom.z_dim, generator=torch.Generator().manual_seed(1)))
    best = {"kernel": 0.0, "steps": 0.0}
    with torch.no_grad():
        bloom.synthesis(ws)
        for _ in range(ROUNDS):
            for name in best:
                began = time.perf_counter()
                bloom.synthesis(ws, taps=(lambda _, x: x) if name == "steps" else None)
                best[name] = max(best[name], BATCH / (time.perf_counter() - began))
    print(f"bloom at {options.size} px with {options.threads} threads: goal 60 frames/s, measured {best['kernel']:.1f}")
    print(f"by steps {best['steps']:.1f} frames/s: the kernel is {best['kernel'] / best['steps']:.2f} times as fast")


if __name__ == "__main__":
    main()
