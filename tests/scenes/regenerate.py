"""Write the golden strips anew: `python -m tests.scenes.regenerate [SCENE ...]`, or `make golden`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image

from tests.scenes.golden import ROOT, SCENES, STRIPS, golden_file, strip_of


def main(names: list[str]) -> None:
    STRIPS.mkdir(parents=True, exist_ok=True)
    for path in SCENES:
        if names and path.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as folder:
            strip = strip_of(path, Path(folder))
        Image.fromarray(strip).save(golden_file(path), optimize=True)
        print(golden_file(path).relative_to(ROOT))
    for stray in set(STRIPS.glob("*.png")) - {golden_file(path) for path in SCENES}:
        stray.unlink()


if __name__ == "__main__":
    main(sys.argv[1:])
