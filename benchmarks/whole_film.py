"""Wall time of a whole render against the larger of its two halves alone: synthesis, and encoding.

    python -m benchmarks.whole_film [--size 256] [--seconds 20] [--model bloom]

The goal: 1.05 times the larger half at most, for a film of 20 s at 256 and at 1024 pixels; and the latents, effects,
conversion to uint8 and hand-over hidden, or under 2 %. The halves are measured in the same process, by turns.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import torch

from benchmarks.random_model import random_model
from renderer import api
from renderer.engine import render_frames
from renderer.job import Job, Run
from renderer.levels import to_uint8
from renderer.pages import keep_pages
from renderer.pictures import Pictures

SCENE = """
fps: 30
duration: {seconds}s
timeline:
  - walk: {{keys: [3, 14, 15, 92]}}
"""


def synthesis_alone(job: Job) -> float:
    """Return the seconds that the generator takes for as many batches as the film has."""
    timeline, spent = job.timeline, 0.0
    with torch.no_grad():
        for first in range(0, timeline.frames, job.batch):
            times = timeline.times(first, first + job.batch)
            ws, inputs = timeline.at(times).ws, timeline.synthesis_inputs(times)
            began = time.perf_counter()
            timeline.generator.synthesis(ws, noise_mode=inputs.noise_mode)
            spent += time.perf_counter() - began
    return spent


def encoding_alone(job: Job, path: Path) -> float:
    """Return the seconds that the sink takes for as many frames as the film has, a few of them over and over."""
    some = [frames.copy() for frames in render_frames(job.timeline, 0, 2 * job.batch, job.size, job.batch)]
    (sink,) = api.open_sinks(job, path, range(job.timeline.frames))
    began, left = time.perf_counter(), job.timeline.frames
    with sink:
        while left:
            for frames in some:
                sink.write(frames[:left])
                left -= len(frames[:left])
    return time.perf_counter() - began


def besides(job: Job) -> dict[str, float]:
    """Return the milliseconds a frame of what is neither synthesis nor encoding."""
    timeline, batch = job.timeline, job.batch
    times = timeline.times(0, max(32, batch))
    images = torch.rand(batch, 3, job.size[1], job.size[0])
    stage = Pictures(timeline, job.size, batch).stage
    work = {
        "latents": (lambda: timeline.at(times), len(times)),
        "inputs and effects": (
            lambda: stage.finish(images, times[:batch]) if timeline.synthesis_inputs(times[:batch]) else None,
            batch,
        ),
        "uint8": (lambda: to_uint8(images), batch),
    }
    found = {}
    for name, (call, frames) in work.items():
        call()
        began = time.perf_counter()
        for _ in range(10):
            call()
        found[name] = (time.perf_counter() - began) / 10 / frames * 1000
    return found


def main() -> None:
    """Measure one size and print what came out, beside the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", help="default: a StyleGAN2 of that size with random weights")
    options = parser.parse_args()
    keep_pages()
    with tempfile.TemporaryDirectory() as folder:
        scene = Path(folder, "film.yaml")
        scene.write_text(SCENE.format(seconds=options.seconds))
        model = options.model or str(random_model(Path(folder), options.size))
        job = api.prepare(api.load_scene(scene), Run(model=model, size=(options.size, options.size)))
        film = Path(folder, "film.mp4")
        next(api.iterate_frames(job))  # kernels are loaded, buffers are made
        for _ in range(options.rounds):
            halves = {"synthesis": synthesis_alone(job), "encoding": encoding_alone(job, film)}
            whole = api.render(job, film).seconds
            larger, frames = max(halves.values()), job.timeline.frames
            told = ", ".join(f"{name} alone {value:.2f} s" for name, value in halves.items())
            print(f"{frames} frames of {options.size} px: {told}, the film {whole:.2f} s")
            print(f"goal 1.05, measured {whole / larger:.3f} of the larger, {whole / sum(halves.values()):.3f} of both")
        frame = larger / frames * 1000
        for name, taken in besides(job).items():
            print(f"{name}: {taken:.3f} ms a frame, {taken / frame:.2%} of the larger half")


if __name__ == "__main__":
    main()
