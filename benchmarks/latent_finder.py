"""Tell how many steps a projection needs from a latent finder, and how many from the mean, to the same loss.

render dataset -n 6000 --size 64 -o set
render train-encoder set -o finder.safetensors --epochs 6 --batch 64 --width 16
python benchmarks/latent_finder.py finder.safetensors
"""

from __future__ import annotations

import argparse
import statistics

import torch

from renderer.directions.model import Model
from renderer.inversion.distance import Distance
from renderer.inversion.project import Projector
from renderer.inversion.schedule import Stage
from renderer.inversion.settings import Settings
from renderer.job import load_generator, plugins
from renderer.timeline.sources import seed_to_z

FIRST = 2_000_000  # seeds that no dataset holds


def losses(model: Model, photo: torch.Tensor, start: str, steps: int) -> list[float]:
    """Return the lowest loss so far after each step of one stage at full size."""
    settings = Settings(start=start, steps=steps, perceptual="pixel", candidates=1, patience=steps)
    projector = Projector(model, Distance(photo, None, plugins().perceptual["pixel"](None), 0.0), settings)
    projector.stages = [Stage(model.generator.img_size, 1, steps, 0.1, 0.0, True)]
    found = projector.run().result.loss
    assert found is not None
    return found[:, 0].cummin(0).values.tolist()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("finder")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--size", type=int, default=64)
    asked = parser.parse_args()
    generator = load_generator("bloom", size=(asked.size, asked.size))
    model, ratios = Model(generator, "bloom"), []
    for seed in range(FIRST, FIRST + asked.seeds):
        with torch.no_grad():
            photo = generator.synthesis(model.map(seed_to_z(seed, generator.z_dim)))
        mean, near = (losses(model, photo, start, asked.steps) for start in ("mean", asked.finder))
        needed = next((step for step, loss in enumerate(near, 1) if loss <= mean[-1]), None)
        ratios.append(asked.steps / needed if needed else 0.0)
        print(f"seed {seed}  mean {mean[0]:.4f} to {mean[-1]:.4f}, finder {near[0]:.4f} to {near[-1]:.4f}: "
              f"{asked.steps} steps against {needed}", flush=True)  # fmt: skip
    print(f"median: {statistics.median(ratios):.1f} times fewer steps")


if __name__ == "__main__":
    main()
