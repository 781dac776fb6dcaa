"""Tell how well pictures of hidden seeds of bloom come back: decibels, and seconds of the process, for each.

    python benchmarks/project_photos.py --seeds 20 --size 256

The default settings of `render project` are used; what looks for a latent is told nothing but the picture.
"""

from __future__ import annotations

import argparse
import time

import torch

from renderer.directions.model import Model
from renderer.inversion.distance import Distance
from renderer.inversion.project import Projector
from renderer.inversion.settings import Settings
from renderer.job import load_generator, plugins
from renderer.timeline.sources import seed_to_z

FIRST, WANTED = 1000, 30.0  # the first hidden seed, and the decibels of a success


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=FIRST)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--model", default="bloom")
    parser.add_argument("--perceptual", default="squeezenet")
    asked = parser.parse_args()
    generator = load_generator(asked.model, size=(asked.size, asked.size))
    model, settings = Model(generator, asked.model), Settings(perceptual=asked.perceptual)
    backend, near = plugins().perceptual[asked.perceptual](None), 0
    for seed in range(asked.first, asked.first + asked.seeds):
        with torch.no_grad():
            photo = generator.synthesis(model.map(seed_to_z(seed, generator.z_dim)))
        began, busy = time.perf_counter(), time.process_time()
        found = Projector(model, Distance(photo, None, backend, settings.perceptual_weight), settings).run()
        near += float(found.psnr) > WANTED
        took = f"{time.perf_counter() - began:6.1f} s, {time.process_time() - busy:6.1f} s of the process"
        print(f"seed {seed}  {float(found.psnr):6.2f} dB  {took}", flush=True)
    print(f"{near} of {asked.seeds} over {WANTED:g} dB")


if __name__ == "__main__":
    main()
