"""What every registered effect takes of one core for a frame, at 512x512 and at 1920x1080, on its own example.

    python -m benchmarks.effects [NAME ...] [--frames 9] [--write]

--write puts the table into docs/effect-costs.md. An image effect is measured with what it takes to get into its colour
space and back, and on steady pictures, so that an effect with a past makes those of its past anew but not what they
show; a synthesis effect by what synthesis takes with it and without it.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from renderer.effects import ImageEffect
from renderer.job import Job, Run, plugins
from renderer.pages import keep_pages
from renderer.pictures import Pictures
from renderer.testing import Trial
from renderer.timeline.image_stage import ImageStage

PAGE = Path(__file__).parent.parent / "docs" / "effect-costs.md"
SIZES = ((512, 512), (1920, 1080))
HEAD = """# What effects cost

Milliseconds of one core for a frame, the median of {frames} frames of each effect's own example; made by
`python -m benchmarks.effects --write` on {machine}.

A latent effect costs the same at every size. Beside an image effect stands what it takes for each million pixels at
1080p. What it takes to get into linear light and back is in its numbers, and is paid once by neighbours that both work
there.

"""


@dataclass(frozen=True)
class Cost:
    """Hold what an effect takes for a frame: milliseconds at each size."""

    name: str
    stage: str
    milliseconds: tuple[float, ...]

    @property
    def row(self) -> str:
        """Return the row of the table."""
        each = self.milliseconds[-1] / (SIZES[-1][0] * SIZES[-1][1] / 1e6)
        megapixel = f"{each:.1f}" if self.stage == "image" else "-"
        taken = " | ".join(f"{one:.1f}" for one in self.milliseconds)
        return f"| [`{self.name}`](effects.md#{self.name}) | {self.stage} | {taken} | {megapixel} |"


def measured(work: Callable[[float], object], frames: int) -> float:
    """Return the median milliseconds of processor time of some work at as many times, after one that warms up."""
    taken = []
    for frame in range(-1, frames):
        began = time.process_time()
        work((frame + 2) / 30)
        taken.append((time.process_time() - began) * 1e3)
    return statistics.median(taken[1:])


@torch.no_grad()
def cost(name: str, size: tuple[int, int], frames: int) -> float:
    """Return the milliseconds that an effect takes for a frame of its example."""
    effect = plugins().effects.find(name)
    trial = Trial(effect, effect.example, {"size": list(size)})
    job = trial.job(run=Run(batch=1))
    if issubclass(effect, ImageEffect):
        return image_cost(job, size, frames)
    with_it, without = (measured(work, frames) for work in works(trial, job, size))
    return max(0.0, with_it - without)


def image_cost(job: Job, size: tuple[int, int], frames: int) -> float:
    """Return what the image stage takes for a picture that stays as it is."""
    pictures = Pictures(job.timeline, size, 1)
    steady = pictures.synthesised(np.array([0.5]))
    stage = ImageStage(job.timeline, lambda times: steady, lambda timeline: lambda times: steady, 1)
    return measured(lambda t: stage.finish(steady, np.array([t])), frames)


def works(trial: Trial, job: Job, size: tuple[int, int]) -> Iterator[Callable[[float], object]]:
    """Yield what makes latents, or for a synthesis effect pictures, with the effect and without it."""
    for one in (job, trial.without(job)):
        pictures, timeline = Pictures(one.timeline, size, 1), one.timeline
        if trial.effect.stage == "latent":
            yield lambda t, timeline=timeline: timeline.at([t])
        else:
            yield lambda t, pictures=pictures: pictures.synthesised(np.array([t]))


def table(costs: list[Cost]) -> str:
    """Return the table in markdown."""
    sizes = " | ".join(f"{width}x{height}" for width, height in SIZES)
    lines = [f"| effect | stage | {sizes} | per megapixel |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *(one.row for one in costs)]) + "\n"


def main() -> None:
    """Measure and print, and write the page if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="effects; default: all")
    parser.add_argument("--frames", type=int, default=9)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    keep_pages()
    torch.set_num_threads(1)
    costs = []
    for name in options.names or sorted(plugins().effects):
        taken = tuple(cost(name, size, options.frames) for size in SIZES)
        costs.append(Cost(name, plugins().effects.find(name).stage, taken))
        print(costs[-1].row, flush=True)
    if options.write:
        machine = f"{platform.machine()} with {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}"
        PAGE.write_text(HEAD.format(frames=options.frames, machine=machine) + table(costs), encoding="utf-8")


if __name__ == "__main__":
    main()
