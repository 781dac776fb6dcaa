"""Time from the start of a process to its end: the help, the first frame of bloom, that of a 1024 px StyleGAN2.

    python -m benchmarks.start_up [--rounds 5]

The goals, with a warm disk cache: 0.3 s, 3.5 s and 5 s.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.random_model import random_model

SCENE = Path(__file__).parents[1] / "scenes" / "morph.yaml"


def seconds(*arguments: str) -> float:
    """Return how long the command line took with these arguments."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "renderer", *arguments], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> None:
    """Measure and print each beside its goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        walk = Path(folder, "walk.yaml")
        walk.write_text(f"model: {random_model(Path(folder))}\ntimeline: [{{walk: {{keys: [3, 14]}}}}]\n")
        still = ["--at", "0s", "-o", str(Path(folder, "still.png"))]
        kinds = {
            "--help": (0.3, ["--help"]),
            "bloom": (3.5, [str(SCENE), *still]),
            "StyleGAN2 1024": (5.0, [str(walk), *still]),
        }
        for name, (goal, arguments) in kinds.items():
            seconds(*arguments)  # files come into the cache of the disk, kernels into theirs
            taken = [seconds(*arguments) for _ in range(rounds)]
            print(f"{name}: goal {goal} s, measured best {min(taken):.2f} s, median {statistics.median(taken):.2f} s")


if __name__ == "__main__":
    main()
