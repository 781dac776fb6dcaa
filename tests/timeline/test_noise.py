"""The noise of a scene: a pure function of time, seeded, as strong at every time, closing every loop."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from renderer import load_generator, load_scene
from renderer.api import compile_timeline, iterate_frames, prepare
from renderer.generators.bloom import Bloom
from renderer.job import Run
from tests.conftest import ROOT

FIXTURES = ROOT / "tests" / "fixtures"
MODELS = {
    "bloom": "bloom",
    "stylegan2": str(FIXTURES / "sg2ada_cond32.pkl"),
    "stylegan1": str(FIXTURES / "sg1_32_interfacegan.pth"),
}
DRAWN = ["random", "{seed: 5}", "{loop: 2s}", "{loop: 700ms, seed: 1}"]
TIMES = np.array([0.0, 0.1, 0.5, 1.0, 1.7])


@pytest.fixture
def film(write_scene):
    """Return a function from noise to the job of a film of 3 seconds."""

    def build(noise, model="bloom", head="", **run):
        size = "size: 32\n" if model == "bloom" else ""
        text = f"model: {MODELS.get(model, model)}\nfps: 10\nduration: 3s\n{size}noise: {noise}\n{head}\n"
        scene = load_scene(write_scene(f"{text}timeline: [{{walk: {{keys: 3}}}}]\n"))
        return prepare(scene, Run(device="cpu", **{"batch": 1, **run}))

    return build


def frames(job, *span):
    return np.concatenate(list(iterate_frames(job, range(*span)))).astype(int)


def maps(job, times=TIMES):
    return job.timeline.synthesis_inputs(np.asarray(times, np.float64)).noise


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("noise", DRAWN)
def test_a_frame_alone_is_bit_equal_and_batches_and_rates_agree(film, model, noise):
    whole = frames(film(noise, model), 0, 12)
    assert np.array_equal(frames(film(noise, model), 7, 8), whole[7:8])
    assert np.abs(frames(film(noise, model, batch=3), 0, 12) - whole).max() <= 1
    assert np.abs(frames(film(noise, model, fps=Fraction(20)), 0, 24)[::2] - whole).max() <= 1


@pytest.mark.parametrize("model", MODELS)
def test_each_kind_is_another_picture(film, model):
    pictures = [frames(film(noise, model), 3, 4) for noise in ("const", "none", *DRAWN)]
    for i, one in enumerate(pictures):
        assert all(np.abs(one - other).max() > 2 for other in pictures[:i])


@pytest.mark.parametrize("model", MODELS)
def test_maps_have_the_shapes_of_the_layers_and_are_standard_normal(film, model):
    for noise in DRAWN:
        job = film(noise, model)
        drawn, shapes = maps(job), job.timeline.generator.noise_shapes
        assert {name: tuple(one.shape) for name, one in drawn.items()} == {
            name: (len(TIMES), 1, *shape) for name, shape in shapes.items()
        }
        largest = max(drawn.values(), key=torch.numel)
        for one in largest:
            assert abs(float(one.std()) - 1) < 0.12
            assert abs(float(one.mean())) < 0.12


def test_layers_are_independent(film):
    drawn = maps(film("random", "stylegan2"))
    assert not torch.allclose(drawn["b16.conv0"], drawn["b16.conv1"], atol=0.1)


def test_random_noise_is_new_in_every_frame_and_the_others_are_not(film):
    whole = frames(film("random"), 0, 4)
    assert all(np.abs(whole[i] - whole[i + 1]).max() > 2 for i in range(3))
    still = frames(film("{seed: 5}"), 0, 4)
    assert all(np.array_equal(still[0], one) for one in still)


@pytest.mark.parametrize("noise", ["random", "{loop: 2s}"])
def test_seed_of_the_scene_chooses_and_repeats(film, noise):
    first, again, other = (maps(film(noise, head=f"seed: {seed}"))["grain"] for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other, atol=0.1)


@pytest.mark.parametrize("noise", ["{{seed: {}}}", "{{loop: 2s, seed: {}}}"])
def test_own_seed_holds_whatever_the_scenes(film, noise):
    first = maps(film(noise.format(5), head="seed: 1"))["grain"]
    assert torch.equal(first, maps(film(noise.format(5), head="seed: 2"))["grain"])
    assert not torch.allclose(first, maps(film(noise.format(6), head="seed: 1"))["grain"], atol=0.1)


def test_moving_noise_changes_smoothly_and_is_back_after_its_period(film):
    job = film("{loop: 2s}")
    start, near, half, back = maps(job, [0.3, 0.31, 1.3, 2.3])["grain"]
    torch.testing.assert_close(back, start, atol=1e-5, rtol=0)
    assert 0 < float((near - start).abs().max()) < 0.2
    assert float((half - start).abs().mean()) > 1


@pytest.mark.parametrize("loop", ["true", "{blend: 1s}"])
@pytest.mark.parametrize("noise", DRAWN)
def test_loop_closes(film, noise, loop):
    job = film(noise, head=f"loop: {loop}")
    first, end, again = maps(job, [0.0, 3.0, 6.0])["grain"]
    torch.testing.assert_close(end, first, atol=1e-5, rtol=0)
    torch.testing.assert_close(again, first, atol=1e-5, rtol=0)


def test_noise_has_any_size(write_scene):
    scene = load_scene(write_scene("noise: {loop: 1s}\ntimeline: [{walk: {keys: 3}}]\n"))
    timeline = compile_timeline(scene, Bloom((18, 50)))
    assert timeline.synthesis_inputs(np.zeros(2)).noise["grain"].shape == (2, 1, 18, 50)


@pytest.mark.parametrize("noise", [*DRAWN, "none"])
def test_generator_without_noise_ignores_it(film, noise):
    job, const = (film(one, str(FIXTURES / "sg3_t64.pkl")) for one in (noise, "const"))
    assert job.timeline.generator.noise_shapes == {}
    assert maps(job) == {}
    assert np.array_equal(frames(job, 0, 1), frames(const, 0, 1))


def test_shapes_are_those_that_synthesis_takes():
    generator = load_generator(MODELS["stylegan2"])
    assert tuple(generator.noise_shapes) == generator.layer_names
    noise = {name: torch.zeros(1, 1, *shape) for name, shape in generator.noise_shapes.items()}
    ws = generator.w_avg.expand(1, generator.num_ws, -1)
    assert torch.equal(generator.synthesis(ws, noise=noise), generator.synthesis(ws, noise_mode="none"))
