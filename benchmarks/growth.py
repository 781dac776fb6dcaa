"""How the cost of a film grows: with its length, the number of its effects, and the batch.

    python -m benchmarks.growth [length] [effects] [batch]

Whole renders of `bloom`, encoded to MP4, each in a fresh process: seconds, frames a second, and the peak of memory.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from renderer.bench.memory import forget_peak, peak
from renderer.pages import keep_pages

ROOT = Path(__file__).parents[1]
WALK = "  - walk: {keys: [3, 14, 15, 92]}\n"
EFFECTS = (  # of several kinds, in the order in which they are added
    "  - psi-ramp: {psi: {0s: 0.6, 100%: 1}}\n",
    "  - direction-sweep: {direction: swirl, amount: {0s: -1, 100%: 1}}\n",
    "  - layer-mix: {with: {seed: 65}, layers: fine, amount: {0s: 0, 100%: 1}}\n",
    "  - jitter: {amount: 0.1}\n",
    "  - transform: {rotate: {0s: 0, 100%: 60}}\n",
    "  - direction-sweep: {direction: hue, amount: 'sin(4s)'}\n",
    "  - layer-mix: {with: 46, layers: coarse, amount: '0.3*t/10'}\n",
    "  - psi-ramp: {psi: 0.9}\n",
)


def scene(seconds: float, effects: int, size: int) -> str:
    """Return a scene of so many seconds and effects."""
    return f"fps: 30\nsize: {size}\nduration: {seconds}s\ntimeline:\n{WALK}{''.join(EFFECTS[:effects])}"


def here(text: str, batch: int | None) -> dict[str, Any]:
    """Render a scene and return how long it took, and its peak in bytes."""
    import torch

    from renderer import api
    from renderer.job import Run

    keep_pages()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "film.yaml")
        path.write_text(text)
        job = api.prepare(api.load_scene(path), Run(batch=batch))
        next(api.iterate_frames(job))  # kernels are loaded
        forget_peak(torch.device("cpu"))
        film = api.render(job, Path(folder, "film.mp4"))
        return {"seconds": film.seconds, "frames": film.frames, "peak": peak(torch.device("cpu"))}


def afresh(text: str, batch: int | None = None) -> dict[str, Any]:
    """Return what `here` finds in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.growth", "--here", json.dumps([text, batch])]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(title: str, cases: dict[str, tuple[str, int | None]], rounds: int) -> None:
    """Print a line for each case, the best of some rounds in which they take turns."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            found[name].append(afresh(*case))
    print(f"\n{title:20}{'seconds':>9}{'ms/frame':>10}{'frames/s':>10}{'peak MB':>9}")
    for name, runs in found.items():
        best = min(runs, key=lambda run: float(run["seconds"]))
        each = best["seconds"] / best["frames"]
        held = max(run["peak"] or 0 for run in runs) / 1e6
        print(f"{name:20}{best['seconds']:9.2f}{each * 1e3:10.2f}{1 / each:10.1f}{held:9.0f}", flush=True)


GROWTHS: dict[str, dict[str, tuple[str, int | None]]] = {
    "length": {f"{seconds} s": (scene(seconds, 0, 256), None) for seconds in (1, 10, 60)},
    "effects": {f"{count} effects": (scene(10, count, 256), None) for count in (0, 1, 4, 8)},
    "batch": {f"batch {count}": (scene(10, 0, 256), count) for count in (1, 2, 4, 8, 16)},
    "size": {f"{size} px": (scene(4, 0, size), None) for size in (128, 256, 512, 1024)},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("growths", nargs="*", default=[*GROWTHS], metavar="GROWTH", help=", ".join(GROWTHS))
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--here", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(here(*json.loads(options.here))))
        return
    for name in options.growths:
        report(name, GROWTHS[name], options.rounds)


if __name__ == "__main__":
    main()
