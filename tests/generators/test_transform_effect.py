"""The effect `transform` on the generators that have an input to move, and on one that has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from renderer import compile_timeline, load_generator, load_scene

FIXTURES = Path(__file__).parent.parent / "fixtures"


def timeline_of(folder: Path, model: str, stack: str):
    scene = folder / "scene.yaml"
    scene.write_text(f"duration: 1s\ntimeline:\n  - walk: {{keys: 32}}\n  - {stack}\n")
    return compile_timeline(load_scene(scene), load_generator(FIXTURES / model))


@pytest.mark.parametrize("model", ["sg3_t64", "sg3_r64"])
def test_stylegan3_moves_as_its_own_code_does(model, tmp_path):
    with np.load(FIXTURES / f"{model}.expected.npz") as expected:
        (x, y), degrees = expected["translate"], expected["rotate_deg"]
        inverse, ws, wanted = (torch.from_numpy(expected[key]) for key in ("transform_inv", "w", "img_transformed"))
    timeline = timeline_of(tmp_path, f"{model}.pkl", f"transform: {{x: {x}, y: {y}, rotate: {degrees}}}")
    transform = timeline.synthesis_inputs(np.zeros(1)).transform
    torch.testing.assert_close(transform[0], inverse.float(), atol=1e-6, rtol=0)
    image = timeline.generator.synthesis(ws[:1].float(), transform=transform)
    torch.testing.assert_close(image, wanted[:1], atol=3e-4, rtol=0)


def test_the_view_of_stylegan3_is_anchored_by_its_first_row(tmp_path):
    timeline = timeline_of(tmp_path, "sg3_t64.pkl", "layer-mix: {with: mean, layers: 0}")
    generator, ws = timeline.generator, timeline.at([0.0]).ws
    assert torch.equal(ws[:, 0], generator.w_avg[None])
    place = generator.synthesis_network.input.placement
    torch.testing.assert_close(place(ws[:, 0]), place(generator.w_avg[None]))
