"""Tell how many steps a projection needs from a latent finder to the loss that one from the mean of w ends with.

    render dataset -m bloom -n 20000 --size 64 -o pictures
    render train-encoder pictures -m bloom -o finder.safetensors --epochs 3
    python benchmarks/latent_finder.py finder.safetensors

Both compare pixels at full size, with the same rate. The schedule of the one from the finder is planned for a third of
the steps; where that does not suffice, the course that was planned for all of them says how many it took.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor

from renderer.directions.model import Model
from renderer.inversion.distance import Distance
from renderer.inversion.project import Projector
from renderer.inversion.schedule import Stage
from renderer.inversion.settings import Settings
from renderer.job import load_generator, plugins
from renderer.timeline.sources import seed_to_z

FIRST, FEWER = 2_000_000, 3  # the first of seeds that no dataset holds, and how many times fewer steps are hoped for


def losses(model: Model, photos: Tensor, start: str, steps: int) -> Tensor:
    """Return the lowest loss so far [steps, T] after each step of one stage at full size."""
    settings = Settings(start=start, steps=steps, perceptual="pixel", candidates=1, patience=steps)
    projector = Projector(model, Distance(photos, None, plugins().perceptual["pixel"](None), 0.0), settings)
    projector.stages = [Stage(model.generator.img_size, 1, steps, 0.1, 0.0, True)]
    began, state = time.process_time(), projector.begin()
    started, found = time.process_time(), projector.run(state).result.loss
    print(f"from {start}: {started - began:.1f} s to begin, {time.process_time() - started:.1f} s for {steps} steps")
    assert found is not None
    return found.cummin(0).values


def needed(course: Tensor, loss: float) -> int | None:
    """Return the steps after which a course [steps] is at a loss, or None."""
    return next((step for step, one in enumerate(course.tolist(), 1) if one <= loss), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finder")
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--size", type=int, default=64)
    asked = parser.parse_args()
    generator = load_generator("bloom", size=(asked.size, asked.size))
    model, times = Model(generator, "bloom"), []
    seeds = range(asked.first, asked.first + asked.seeds)
    with torch.no_grad():
        photos = generator.synthesis(torch.cat([model.map(seed_to_z(seed, generator.z_dim)) for seed in seeds]))
    mean, near, longer = (
        losses(model, photos, start, steps)
        for start, steps in (("mean", asked.steps), (asked.finder, asked.steps // FEWER), (asked.finder, asked.steps))
    )
    for index, seed in enumerate(seeds):
        end = float(mean[-1, index])
        steps = needed(near[:, index], end) or needed(longer[:, index], end)
        times.append(asked.steps / steps if steps else 0.0)
        print(f"seed {seed}  mean {mean[0, index]:.3f} to {end:.5f} in {asked.steps} steps; "
              f"finder {near[0, index]:.3f} to {near[-1, index]:.5f} in {len(near)}: reached in {steps}")  # fmt: skip
    met = sum(one >= FEWER for one in times)
    print(f"{met} of {len(times)} in {FEWER} times fewer steps; median: {statistics.median(times):.1f} times fewer")


if __name__ == "__main__":
    main()
