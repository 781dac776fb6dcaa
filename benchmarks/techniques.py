"""What each technique gives in exact mode: the time of a frame with it left out, paired in one run.

python -m benchmarks.techniques [256 1024] [--rounds 3] [--frames 4]
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from benchmarks.afresh import alternating, gathered

FORMS: dict[str, dict[str, Any]] = {
    "all of it": {"form": "exact"},
    "the same, only fine rows of ws moving": {"form": "fine-moves"},
    "image made from whole maps, not strips": {"form": "no-strips"},
    "no Winograd: torch's direct convolutions": {"form": "no-winograd"},
    "no kernels: torch alone, NCHW": {"form": "no-kernels"},
    "freed pages given back": {"form": "exact", "stock": True},
    "textbook, pages kept": {"form": "textbook"},
    "textbook, freed pages given back": {"form": "textbook", "stock": True},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("resolutions", nargs="*", type=int, default=[256, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--frames", type=int, default=4)
    options = parser.parse_args()
    for resolution in options.resolutions:
        common = {"resolution": resolution, "frames": options.frames}
        what = {name: {**common, **form} for name, form in FORMS.items()}
        found = gathered(alternating(what, options.rounds, lambda name: print(name, file=sys.stderr)))
        print(f"\n{resolution} px{'':36}best ms  median  x all of it  others")
        whole = found["all of it"]["best"]
        for name, one in found.items():
            print(
                f"{name:42}{one['best']:6.0f}{one['median']:8.0f}{one['best'] / whole:13.2f}{one['others']:8.0%}",
                flush=True,
            )


if __name__ == "__main__":
    main()
