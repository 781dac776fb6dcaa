"""The engine renders any range of frames, each the same wherever it is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer import engine
from renderer.api import iterate_frames, load_scene, prepare
from renderer.engine import render_frames
from renderer.fitting import fit
from renderer.job import Run
from renderer.levels import to_uint8
from renderer.pictures import Pictures

SCENE = """
model: bloom
size: 40
fps: 20
duration: 3s
timeline:
  - walk: {keys: {0s: 3, 1s: 14, 3s: 15}, space: z}
  - jitter: {amount: 0.4}
"""


@pytest.fixture
def job(write_scene):
    return prepare(load_scene(write_scene(SCENE)), Run(device="cpu", batch=4))


def frames_of(job, start, stop):
    return np.concatenate(list(iterate_frames(job, range(start, stop))))


def test_frames_that_are_asked_for_ahead_come_in_order(job, monkeypatch):
    at_once = frames_of(job, 3, 50)
    monkeypatch.setattr(engine, "ahead", lambda device: 1)
    assert np.array_equal(frames_of(job, 3, 50), at_once)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_a_gpu_renders_the_same_film(write_scene, job):
    on_gpu = prepare(load_scene(write_scene(SCENE)), Run(device="cuda", batch=4))
    apart = np.abs(frames_of(on_gpu, 0, 20).astype(int) - frames_of(job, 0, 20))
    assert apart.max() <= 1


def test_frames_have_the_announced_shape(job):
    frames = frames_of(job, 0, 60)
    assert frames.shape == (60, 40, 40, 3)
    assert frames.dtype == np.uint8


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (7, 8), (31, 33), (30, 60), (59, 60), (3, 3 + 40)])
def test_any_range_is_bit_equal_to_the_film(job, start, stop):
    film = frames_of(job, 0, 60)
    assert np.array_equal(frames_of(job, start, stop), film[start:stop])


def test_ranges_join(job):
    film = frames_of(job, 0, 60)
    parts = [frames_of(job, start, min(start + 13, 60)) for start in range(0, 60, 13)]
    assert np.array_equal(np.concatenate(parts), film)


def test_frames_beyond_the_end_are_rendered_like_any_other(job):
    assert len(frames_of(job, 58, 70)) == 12


@pytest.mark.parametrize("batch", [1, 2, 3, 8])
def test_batch_sizes_agree_within_a_grey_level(job, write_scene, batch):
    other = prepare(load_scene(write_scene(SCENE, "other.yaml")), Run(device="cpu", batch=batch))
    difference = frames_of(job, 0, 12).astype(int) - frames_of(other, 0, 12)
    assert abs(difference).max() <= 1


def test_synthesis_always_sees_one_shape(job, monkeypatch):
    shapes = []
    synthesis = type(job.timeline.generator).synthesis

    def spy(self, ws, **options):
        shapes.append(tuple(ws.shape))
        return synthesis(self, ws, **options)

    monkeypatch.setattr(type(job.timeline.generator), "synthesis", spy)
    frames_of(job, 5, 18)
    frames_of(job, 59, 60)
    assert len(set(shapes)) == 1
    assert shapes[0][0] == 4


def test_only_the_batches_that_are_wanted_are_synthesised(job, monkeypatch):
    calls = []
    monkeypatch.setattr(Pictures, "finished", lambda *given: calls.append(1) or torch.zeros(4, 3, 2, 2))
    list(render_frames(job.timeline, 33, 34, (2, 2), 4))
    assert len(calls) == 1


def test_uint8_follows_the_formula_of_the_field():
    values = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 0.999, 1.0, 2.0])
    expected = np.clip(values.numpy() * 127.5 + 128, 0, 255).astype(np.uint8)
    assert np.array_equal(to_uint8(values.reshape(1, 1, 1, -1)).ravel(), expected)


def test_fit_fills_the_size_without_stretching():
    image = torch.zeros(1, 1, 64, 64)
    image[..., 24:40, 24:40] = 1
    wide = fit(image, (128, 64))
    assert wide.shape == (1, 1, 64, 128)
    inside = wide[0, 0] > 0.5
    assert inside.any(0).sum() == inside.any(1).sum() == 32


def test_fit_leaves_a_fitting_image_alone():
    image = torch.rand(2, 3, 16, 24)
    assert fit(image, (24, 16)) is image
