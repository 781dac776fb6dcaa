"""Synthesis of StyleGAN2 in ours and in the textbook form, paired in one run, beside the goals and the floor.

    python -m benchmarks.synthesis [256 512 1024] [--rounds 3] [--frames 5]

Every number comes from several fresh processes that take turns; the memory of a machine may drift by tens of per cent
over minutes, so that only the ratios within a run say something. The goals are ratios over the textbook form as users
get it, with the stock allocator: exact 2, -, 2.5; fast 5, 7, 8; compiled 7, 10, 12, at 256, 512 and 1024 pixels.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from benchmarks.afresh import CPU, alternating, gathered
from renderer.bench.arithmetic import operations
from renderer.bench.ceiling import ceiling
from renderer.generators.modes import bf16_units, cannot_compile, fast_dtype
from renderer.generators.untrained import stylegan2

GOALS = {"exact": {256: 2.0, 1024: 2.5}, "fast": {256: 5, 512: 7, 1024: 8}, "compiled": {256: 7, 512: 10, 1024: 12}}
LARGEST_ERROR = 1e-5  # of exact, over the largest value of the picture


def forms(resolution: int, frames: int) -> dict[str, dict[str, Any]]:
    """Return what is measured at a resolution, by name."""
    common = {"resolution": resolution, "frames": frames}
    what = {
        "textbook, stock allocator": {**common, "form": "textbook", "stock": True},
        "textbook, pages kept": {**common, "form": "textbook"},
        "ours, exact": {**common, "form": "exact"},
    }
    if bf16_units():
        what["ours, fast"] = {**common, "form": "fast"}
        if cannot_compile("cpu") is None:
            what["ours, compiled"] = {**common, "form": "compiled"}
    return what


def report(resolution: int, found: dict[str, dict[str, Any]], work: int, top: dict[str, float]) -> None:
    """Print a line for each form; threads are the milliseconds of all threads together."""
    print(f"\n{resolution} px, {work / 1e9:.1f} GFLOP a frame, ms a frame")
    heads = {"best": 8, "median": 8, "threads": 9, "x stock": 9, "x kept": 8, "goal": 6, "x floor": 9}
    heads |= {"error": 9, "peak MB": 9, "others": 8}
    print(" " * 28 + "".join(f"{head:>{width}}" for head, width in heads.items()))
    stock, kept = (found[f"textbook, {pages}"]["best"] for pages in ("stock allocator", "pages kept"))
    for name, one in found.items():
        mode = name.removeprefix("ours, ")
        goal = GOALS.get(mode, {}).get(resolution)
        floor = one["best"] / 1e3 * top["fp32" if mode not in ("fast", "compiled") else fast_dtype("cpu")[0]] / work
        print(
            f"{name:28}{one['best']:8.0f}{one['median']:8.0f}{one['processor']:9.0f}"
            f"{stock / one['best']:9.2f}{kept / one['best']:8.2f}"
            f"{'' if goal is None else goal:>6}{floor:9.2f}{one['error']:9.1e}{one['peak'] / 1e6:9.0f}"
            f"{one['others']:8.0%}"
        )
    if (error := found["ours, exact"]["error"]) > LARGEST_ERROR:
        raise SystemExit(f"exact differs by {error:.1e} of the largest value, more than {LARGEST_ERROR}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("resolutions", nargs="*", type=int, default=[256, 512, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=5)
    options = parser.parse_args()
    top = {}
    for dtype in dict.fromkeys(("fp32", fast_dtype("cpu")[0])):
        one = ceiling(CPU, dtype, 2)
        top[dtype] = one.best
        print(f"ceiling {dtype}: {one.matmul / 1e9:.0f} GFLOP/s matmul, {one.conv / 1e9:.0f} convolution")
    if not bf16_units():
        print("fast and compiled are not measured: this CPU has no units for bfloat16")
    for resolution in options.resolutions:
        told = alternating(forms(resolution, options.frames), options.rounds, lambda name: print(name, file=sys.stderr))
        work = operations(stylegan2(resolution))
        assert work is not None
        report(resolution, gathered(told), work, top)


if __name__ == "__main__":
    main()
