"""`fit: native` makes a film of the scene's own shape with a model of another, at every size of a run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from renderer.api import iterate_frames, load_scene, prepare
from renderer.errors import SceneError
from renderer.job import Run

FIXTURES = Path(__file__).parents[1] / "fixtures"
SCENE = "model: {model}\nsize: {size}\nfit: {fit}\nfps: 4\nduration: 1s\ntimeline: [{{walk: {{keys: [3, 4]}}}}]\n"


@pytest.fixture
def job_of(write_scene):
    def make(fit="native", shape="[60, 34]", model="sg2ada_orig32.pkl", **run):
        scene = SCENE.format(model=FIXTURES / model if "." in model else model, size=shape, fit=fit)
        return prepare(load_scene(write_scene(scene)), Run(device="cpu", **run))

    return make


def film(job):
    return np.concatenate(list(iterate_frames(job)))


@pytest.mark.parametrize("fit", ["native", "{native: tile}", "{native: stretch}"])
def test_a_wide_film_of_a_square_model(job_of, fit):
    job = job_of(fit)
    assert job.timeline.generator.img_size == (32, 56)
    frames = film(job)
    assert frames.shape == (4, 34, 60, 3)
    (alone,) = iterate_frames(job, range(2, 3))
    assert np.array_equal(alone[0], frames[2])
    assert not np.array_equal(frames, film(job_of("cover")))


def test_modes_differ(job_of):
    films = [film(job_of(f"{{native: {pad}}}")) for pad in ("mirror", "tile", "stretch")]
    assert all((abs(one.astype(int) - films[0]).mean()) > 3 for one in films[1:])
    assert np.array_equal(films[0], film(job_of("native")))


@pytest.mark.parametrize("fit", ["cover", "contain", "blur", "native", "{native: stretch}"])
def test_the_trained_size_is_the_same_to_the_bit(job_of, fit):
    assert np.array_equal(film(job_of(fit, "32")), film(job_of("cover", "32")))


def test_batches_agree(job_of):
    one, four = film(job_of(batch=1)), film(job_of(batch=4))
    assert abs(one.astype(int) - four).max() <= 1


def test_a_run_at_another_size_shows_the_same_film(job_of):
    big = job_of(shape="[120, 68]")
    assert big.timeline.generator.img_size == (64, 112)
    for run in ({"size": (60, 34)}, {"size": (64, 36)}, {"preview": True}):
        assert job_of(shape="[120, 68]", **run).timeline.generator.img_size == (64, 112)


def test_a_run_of_another_shape_gets_it(write_scene):
    scene = load_scene(write_scene(SCENE.format(model=FIXTURES / "sg2ada_orig32.pkl", size=32, fit="native")))
    assert prepare(scene, Run(device="cpu", size=(34, 60))).timeline.generator.img_size == (56, 32)


def test_without_a_size_the_model_keeps_its_own(write_scene):
    text = f"model: {FIXTURES / 'sg2ada_orig32.pkl'}\nfit: native\ntimeline: [{{walk: {{keys: 3}}}}]\n"
    assert prepare(load_scene(write_scene(text)), Run(device="cpu")).size == (32, 32)


def test_bloom_paints_any_shape_anyway(job_of):
    frames = [film(job_of(fit, model="bloom")) for fit in ("cover", "native", "contain")]
    assert all(np.array_equal(one, frames[0]) for one in frames)


def test_a_model_that_cannot_is_told_where_the_scene_says_so(job_of):
    with pytest.raises(SceneError, match=r"scene.yaml:3:\d+: fit: stylegan3 makes images of its own shape only"):
        job_of(model="sg3_t64.pkl")


def test_contain_has_black_bars_and_blur_has_none(job_of):
    contain, blur = film(job_of("contain", "[64, 32]")), film(job_of("blur", "[64, 32]"))
    assert not contain[:, :, :16].any()
    assert not contain[:, :, 48:].any()
    assert np.array_equal(contain[:, :, 16:48], film(job_of("cover", "32")))
    assert np.array_equal(blur[:, :, 16:48], contain[:, :, 16:48])
    assert blur[:, :, :16].any()


@pytest.mark.full
def test_full_hd_of_a_model_of_1024_pixels():
    from renderer.fitting import fit
    from renderer.generators.networks.stylegan2 import StyleGAN2
    from renderer.generators.networks.stylegan2_layers import StyleGAN2Config

    config = StyleGAN2Config(8, 0, 8, 1024, 3, (8,) * 5 + (4,) * 4, (8, 8))
    generator = StyleGAN2(config).randomize(0).requires_grad_(False).extended(1080, 1920)
    images = generator.synthesis(torch.zeros(1, generator.num_ws, 8))
    assert images.shape == (1, 3, 1024, 1792)
    assert fit(images, (1920, 1080), "native").shape == (1, 3, 1080, 1920)
