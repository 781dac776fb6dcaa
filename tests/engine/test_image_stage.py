"""Image effects get the colour space and the past that they ask for, and frames stay functions of their time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from renderer import ImageEffect, Signal, load_scene, param, to_linear, to_srgb
from renderer.api import iterate_frames
from renderer.job import Run, plugins, prepare
from renderer.pictures import Pictures
from renderer.registry import Registries, Registry

SCENE = """
model: bloom
size: 16
fps: 12
duration: 3s
{head}
timeline:
  - walk: {{keys: {{0s: 3, 1s: 14, 2.6s: 15, 3s: 3}}}}
"""


class Echo(ImageEffect):
    """Keep a share of the past, which fades by half in 50 ms."""

    name = "echo"
    example = "- walk: {keys: 3}\n- echo"
    warm_up = 0.8
    lattice = 1 / 24
    amount: Signal = param(1, description="How much")

    def apply(self, x, p, frame):
        assert frame.past.age.min() > 0
        assert frame.past.age.max() <= 1 / 24 + 1e-6
        keep = (0.5 ** (frame.past.age / 0.05) * p.amount).reshape(-1, 1, 1, 1)
        return x + (frame.past.image - x) * keep


class Longer(Echo):
    """Keep twice as much of the past."""

    name = "longer"
    warm_up = 1.6


class Glow(ImageEffect):
    """Double the light."""

    name = "glow"
    example = "- walk: {keys: 3}\n- glow"
    space = "linear"
    amount: Signal = param(2, description="How much")

    def apply(self, x, p, frame):
        return x * p.amount.reshape(-1, 1, 1, 1)


@pytest.fixture
def registries():
    effects: Registry = Registry("effect")
    for name in ("walk", "flash"):
        effects.add(name, plugins().effects.find(name), "test")
    for one in (Echo, Longer, Glow):
        effects.add(one.name, one, "test")
    return replace(Registries(), effects=effects, easings=plugins().easings, generators=plugins().generators)


@pytest.fixture
def film(write_scene, registries):
    """Return a function from effects, and the head of the scene, to its job."""

    def make(*effects, head="", batch=4, fps=None):
        scene = load_scene(write_scene(SCENE.format(head=head) + "".join(f"  - {one}\n" for one in effects)),
                           registries=registries)  # fmt: skip
        return prepare(scene, Run(batch=batch, device="cpu", fps=fps), registries)

    return make


def shown(job, frames=None):
    return np.concatenate(list(iterate_frames(job, frames)))


def far(a, b):
    return int(np.abs(a.astype(int) - b.astype(int)).max())


@pytest.mark.parametrize("head", ["", "loop: true", "loop: {blend: 1s}"])
def test_a_frame_with_a_past_is_the_same_alone_and_in_the_film(film, head):
    whole = shown(film("echo", head=head))
    for frame in (0, 1, 17, 23, 35):
        assert np.array_equal(shown(film("echo", head=head), range(frame, frame + 1))[0], whole[frame])
    assert far(whole[17], shown(film(head=head))[17]) > 5


def test_the_past_is_that_of_all_frames_before(film):
    """Each frame is worked out from the first on, without blocks."""
    job, bare = film("echo", batch=1), film(batch=1)
    images = torch.from_numpy(shown(bare, range(0, 36))).float() / 255
    lattice = torch.from_numpy(shown(film(batch=1, fps=Fraction(24)), range(0, 72))).float() / 255
    state = lattice[0]
    states = []
    for image in lattice:
        state = image + (state - image) * 0.5 ** (1 / 24 / 0.05)
        states.append(state)
    for frame in (0, 5, 30, 35):
        wanted = states[2 * frame]  # frames of 12 a second lie on points of the lattice
        assert torch.equal(images[frame], lattice[2 * frame])
        assert far(shown(job, range(frame, frame + 1))[0], (wanted * 255).numpy()) <= 1


def test_the_past_does_not_change_with_the_frame_rate(film):
    slow, fast = shown(film("echo")), shown(film("echo", fps=Fraction(30)))
    assert far(slow[::2], fast[::5]) <= 1


def test_a_warm_up_is_enough(film):
    assert far(shown(film("echo")), shown(film("longer"))) <= 1


def test_a_loop_closes_with_its_past(film):
    job = film("echo", head="loop: true")
    end = job.timeline.frames
    assert far(shown(job, range(0, 1)), shown(job, range(end, end + 1))) <= 1
    open_ = film("echo")
    assert far(shown(open_, range(0, 1)), shown(open_, range(end, end + 1))) > 5


def test_two_pasts_and_a_window(film):
    effects = ("echo", "{echo: {amount: 0.9}, from: 1s, to: 2s}")
    whole = shown(film(*effects))
    assert np.array_equal(shown(film(*effects), range(20, 21))[0], whole[20])
    assert np.array_equal(whole[:12], shown(film("echo"))[:12])


def test_synthesis_is_done_once_where_the_lattice_is_that_of_the_frames(film):
    job = film("echo", fps=Fraction(24))
    count, synthesis = 0, job.timeline.generator.synthesis

    def counting(*given, **options):
        nonlocal count
        count += 1
        return synthesis(*given, **options)

    job.timeline.generator.synthesis = counting
    shown(job)
    assert count <= 18 + 2  # 72 frames in batches of four


def test_a_linear_effect_sees_light_and_two_of_them_convert_once(film):
    bare, twice = shown(film(), range(3)) / 255, shown(film("glow", "{glow: {amount: 0.25}}"), range(3)) / 255
    wanted = to_srgb(to_linear(torch.from_numpy(bare)) * 0.5).numpy()
    assert np.abs(twice - wanted).max() < 1.5 / 255


def test_a_linear_effect_that_changes_nothing_keeps_every_bit(film):
    job = film("{glow: {amount: 1}}", "{flash: {amount: 0}}", "{glow: {amount: 1}}")
    images = torch.rand(4, 3, 8, 8) * 2 - 1
    stage = Pictures(job.timeline, None, 4).stage
    assert torch.equal(stage.finish(images, job.timeline.times(0, 4)), images)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_alpha_is_no_light(channels):
    images = torch.linspace(-0.2, 1.2, channels * 16).reshape(1, channels, 4, 4)
    light = to_linear(images)
    assert torch.allclose(to_srgb(light), images, atol=1e-5)
    assert torch.equal(light[:, -1], images[:, -1]) == (channels in (2, 4))
    assert torch.allclose(to_linear(torch.full((1, 1, 1, 1), 0.5)), torch.tensor(0.21404), atol=1e-5)
