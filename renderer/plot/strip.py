"""Frames of a film for the strip above a plot: at beats where there are any, so that what a beat does is seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.api import iterate_frames
from renderer.job import Run
from renderer.plot.shown import Shown
from renderer.reel import prepare
from renderer.registry import Registries
from renderer.scene.model import Scene
from renderer.sinks.pixels import to_rgb

SIDE = 192  # pixels of the longer side

Picture = tuple[float, NDArray[np.uint8]]  # seconds, and a frame [H, W, 3]


def film_strip(
    scene: Scene, times: Sequence[float], registries: Registries, progress: Callable[[int], None] = lambda count: None
) -> list[Picture]:
    """Return the frames of a film at times in seconds, small."""
    job = prepare(scene, Run(size=small(scene), batch=1), registries)
    plan, pictures = job.timeline.plan, []
    for time in times:
        frame = max(0, min(round(time * plan.fps), plan.frames - 1))
        (shown,) = iterate_frames(job, range(frame, frame + 1))
        pictures.append((time, to_rgb(shown)[0]))
        progress(1)
    return pictures


def moments(what: Shown, count: int) -> list[float]:
    """Return about `count` beats that are equally many beats apart, or the middles of `count` equal parts."""
    if len(what.beats) < count:
        step = (what.end - what.start) / count
        return [what.start + step * (index + 0.5) for index in range(count)]
    step = max(1, round(len(what.beats) / count))
    first = int(np.searchsorted(what.beats, what.bars[0])) % step if len(what.bars) else 0
    return [float(time) for time in what.beats[first::step]]


def small(scene: Scene) -> tuple[int, int]:
    """Return a size (width, height) of the scene's shape for small pictures."""
    width, height = scene.size or (SIDE, SIDE)
    scale = SIDE / max(width, height)
    return max(8, round(width * scale)), max(8, round(height * scale))
