"""Golden frames of the sample scenes: a strip of six frames each, compared within a stated tolerance.

Floating point differs a little from machine to machine, so frames agree where on average they differ by at most
half a grey level of 255, and nowhere by more than 12. `make golden` writes the strips anew: look at them before
you commit them.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from click.testing import CliRunner
from numpy.typing import NDArray
from PIL import Image

from renderer import api
from renderer.cli import cli

ROOT = Path(__file__).parent.parent.parent
STRIPS = ROOT / "tests" / "golden" / "scenes"
SCENES = sorted((ROOT / "scenes").glob("*.yaml"))
FRAMES, SIDE = 6, 64
MEAN, MAX = 0.5, 12.0  # grey levels

Strip = NDArray[np.uint8]  # [height, FRAMES * width, 3]


def render(*args: object) -> None:
    """Run the command line in this process; raise what it raised."""
    result = CliRunner().invoke(cli, [*map(str, args), "--quiet"], catch_exceptions=False)
    assert result.exit_code == 0, result.output


def small(path: Path) -> str:
    """Return the size at which a scene is tested, of its own shape."""
    size = api.load_scene(path).size or (512, 512)
    scale = SIDE / max(size)
    return f"{round(size[0] * scale)}x{round(size[1] * scale)}"


def rate(path: Path, frames: int = FRAMES) -> Fraction:
    """Return the frames per second that give a scene so many frames."""
    scene = api.load_scene(path)
    return Fraction(frames) / Fraction(api.prepare(scene).timeline.plan.duration).limit_denominator(1000)


def strip_of(path: Path, folder: Path, *options: object) -> Strip:
    """Return six frames of a scene side by side, made by the command line in a folder."""
    render(path, "--size", small(path), "--fps", rate(path), "--batch", 1, "-o", folder / "%05d.png", *options)
    files = sorted(folder.glob("*.png"))
    assert len(files) == FRAMES
    return np.concatenate([np.asarray(Image.open(file).convert("RGB")) for file in files], axis=1)


def golden_file(path: Path) -> Path:
    """Return the file of the golden strip of a scene."""
    return STRIPS / f"{path.stem}.png"


def differences(strip: Strip, golden: Strip) -> list[str]:
    """Return what keeps two strips from being the same within the tolerance."""
    if strip.shape != golden.shape:
        return [f"shape {strip.shape}, expected {golden.shape}"]
    apart = np.abs(strip.astype(np.float64) - golden)
    found = []
    for index, frame in enumerate(np.split(apart, FRAMES, axis=1)):
        if frame.mean() > MEAN or frame.max() > MAX:
            found.append(f"frame {index} differs by {frame.mean():.2f} on average and {frame.max():g} at most")
    return found
