"""What a script can do: load a scene, look at its latents, take its frames as arrays, render a part of it.

python examples/python_api.py scenes/morph.yaml out/part.mp4
"""

from __future__ import annotations

import sys

import renderer


def main(path: str, output: str) -> None:
    """Tell about a scene, then render its first half second."""
    scene = renderer.load_scene(path)
    job = renderer.prepare(scene, renderer.Run(size=(64, 64)))  # loads the model, compiles the timeline

    timeline = job.timeline
    latents = timeline.at([0.0, 0.5])  # any times, in seconds
    print(f"{timeline.frames} frames; ws at two times: {list(latents.ws.shape)}")

    frames = next(iter(renderer.iterate_frames(job, range(0, 4))))  # uint8 [n, height, width, 3], no file
    print(f"the first frames: {frames.shape}, {frames.mean():.0f} of 255 bright on average")

    generator = renderer.load_generator("bloom", size=(64, 64))
    image = generator.synthesis(latents.ws[:1])  # float32 [1, 3, 64, 64], about -1..1
    print(f"a picture of your own: {list(image.shape)}")

    half_a_second = range(min(timeline.frames, round(scene.fps / 2)))
    film = renderer.render(job, output, frames=half_a_second)
    print(f"{film.files[0].name}: {film.frames} frames, {film.rate:.0f} a second")


if __name__ == "__main__":
    main(*sys.argv[1:])
