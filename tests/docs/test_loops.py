"""Golden loops: every effect still paints what its loop in the gallery shows.

Loops are kept as WebP, which loses the finest grain, and keeps frames that hardly differ once. So frames are compared
by the means of blocks of 8 pixels, and agree where these differ on average by at most 6 grey levels of 255.
`make pictures` makes the loops anew: look at them before you commit them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from renderer.job import plugins
from tests.docs.made import DOCS, generator

WHICH = (0, 9, 17)  # frames that are compared
BLOCK, MEAN = 8, 6.0
generate = generator()


def shown(path: Path) -> list[np.ndarray]:
    """Return the frames of a loop that are compared; a frame that is shown longer stands for several."""
    frames: list[np.ndarray] = []
    lasts = round(1000 * generate.LOOP_SECONDS / generate.LOOP)
    with Image.open(path) as loop:
        for index in range(loop.n_frames):
            loop.seek(index)
            frame = np.asarray(loop.convert("RGB")).astype(float)
            frames += [frame] * max(1, round((loop.info.get("duration") or lasts * generate.LOOP) / lasts))
    assert len(frames) == generate.LOOP
    return [frames[which] for which in WHICH]


def painted(name: str, folder: Path, registries=None) -> list[np.ndarray]:
    """Return the same frames, painted now."""
    loop = generate.effect_loop(name, registries or plugins(), folder, WHICH)
    return [np.asarray(frame).astype(float) for frame in loop]


def apart(now: list[np.ndarray], then: list[np.ndarray]) -> float:
    """Return the mean difference of the frames that differ most, in grey levels."""
    return max(float(np.abs(blocks(one) - blocks(other)).mean()) for one, other in zip(now, then, strict=True))


def blocks(frame: np.ndarray) -> np.ndarray:
    """Return the means of the blocks of a frame."""
    high, wide, channels = frame.shape
    return frame.reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK, channels).mean((1, 3))


@pytest.mark.full
@pytest.mark.parametrize("name", sorted(plugins().effects))
def test_effect_paints_what_its_loop_shows(name, tmp_path):
    assert apart(painted(name, tmp_path), shown(DOCS / "images" / "loops" / f"{name}.webp")) <= MEAN


def test_another_picture_is_found(tmp_path):
    now, then = painted("walk", tmp_path), shown(DOCS / "images" / "loops" / "walk.webp")
    assert apart(now, then) <= MEAN
    assert apart(now[::-1], then) > 2 * MEAN
    assert apart(now, shown(DOCS / "images" / "loops" / "psi-ramp.webp")) > 2 * MEAN
    assert apart([frame * 0.8 for frame in now], then) > MEAN
