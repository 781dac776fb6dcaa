"""What a script or a notebook can do: run it whole, or cell by cell in an editor that knows `# %%`.

python examples/python_api.py scenes/morph.yaml out/part.mp4
"""

# %% Load a scene; every mistake in it is told by a SceneError, with its line
from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import renderer

SCENE = sys.argv[1] if len(sys.argv) > 1 else "scenes/morph.yaml"
OUTPUT = Path(sys.argv[2] if len(sys.argv) > 2 else "out/part.mp4")
SIZE = (64, 64)

scene = renderer.load_scene(SCENE, ["seed=7"])  # settings, as --set gives them
print(f"{SCENE}: {len(scene.timeline)} effects, {float(scene.fps):g} frames a second")

# %% Make it ready: this loads the model and compiles the timeline
job = renderer.prepare(scene, renderer.Run(size=SIZE, threads=1))
timeline = job.timeline
print(f"{timeline.frames} frames, {timeline.plan.duration:g} seconds")

# %% Its latents at any time, or at many
latents = timeline.at([0.0, 0.5])
print(f"ws at two times: {list(latents.ws.shape)}")
steps = timeline.at(np.linspace(0, 1, 25)).ws.diff(dim=0).flatten(1).norm(dim=1)
print(f"in the first second it moves {steps.min():.2f} to {steps.max():.2f} a step")

# %% Frames as arrays, without a file: uint8 [n, height, width, 3], some at a time
frames = np.concatenate(list(renderer.iterate_frames(job, range(0, 4))))
print(f"the first frames: {frames.shape}, {frames.mean():.0f} of 255 bright on average")
again = next(renderer.iterate_frames(job, range(2, 3)))[0]
print(f"frame 2 alone is that of the film: {np.array_equal(again, frames[2])}")

# %% A frame as a picture
OUTPUT.parent.mkdir(parents=True, exist_ok=True)
Image.fromarray(frames[0]).save(OUTPUT.with_suffix(".png"))

# %% The generator by itself: your own latents, and what is between them
generator = renderer.load_generator("bloom", size=SIZE)
z = torch.from_numpy(np.random.RandomState(3).randn(2, generator.z_dim)).float()
ws = generator.mapping(z, truncation_psi=0.7)  # [2, num_ws, w_dim]
middle = renderer.lerp(ws[:1], ws[1:], torch.tensor(0.5))
with torch.no_grad():
    image = generator.synthesis(middle)  # float32 [1, 3, height, width], about -1..1
print(f"a picture of your own: {list(image.shape)}")

# %% An effect of your own, without a file: what its example looks like, and whether it keeps the laws
from typing import Any, ClassVar  # noqa: E402

from renderer.testing import check_effect  # noqa: E402


class Dim(renderer.ImageEffect):
    """Darken the picture.

    image * (1 - amount)
    """

    name = "dim"
    example: ClassVar[str] = "- walk: {keys: 3}\n- dim: {amount: 0.5}"
    amount: renderer.Signal = renderer.param(0.5, description="How much: 1 is black")

    def apply(self, x: torch.Tensor, p: Any, frame: renderer.Frame) -> torch.Tensor:
        return x * (1 - p.amount[:, None, None, None])


check_effect(Dim)
print("dim keeps the laws")

# %% A part of the film into a file, with a function that is told of every frame
half_a_second = range(min(timeline.frames, round(scene.fps / 2)))
done = []
film = renderer.render(job, OUTPUT, frames=half_a_second, progress=done.append)
print(f"{film.files[0].name}: {film.frames} frames in {film.seconds:.1f} s, told {sum(done)}")
