"""Classes over time: each frame is a pure function of its time, and between two classes lies their w."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from renderer import SceneError, load_generator, load_scene
from renderer.api import compile_timeline, iterate_frames, prepare
from renderer.job import Run
from tests.conftest import ROOT

MODEL = ROOT / "tests" / "fixtures" / "sg2ada_cond32.pkl"  # classes 0 to 4
WALK = "- walk: {keys: [3, 14]}"
STACKS = {
    "a walk in w": WALK,
    "a spline": "- walk: {keys: [3, 14, 15], interp: spline}",
    "a walk in z": "- walk: {keys: [3, 14], space: z}",
    "a circle": "- circle: {through: 3, to: 14, period: 2s}",
    "a drift": "- noise-walk: {period: 1s}",
    "chance": "- walk: {keys: random}",
    "a mix": f"{WALK}\n  - layer-mix: {{with: 9, layers: middle}}\n  - psi-ramp: {{psi: 0.6}}",
}


@pytest.fixture(scope="module")
def generator():
    return load_generator(MODEL)


@pytest.fixture
def film(write_scene, generator):
    """Return a function from a class to the timeline of a film of 4 seconds."""

    def build(number, stack=WALK, head=""):
        text = f"fps: 10\nduration: 4s\nclass: {number}\n{head}\ntimeline:\n  {stack}\n"
        return compile_timeline(load_scene(write_scene(text)), generator)

    return build


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_between_two_classes_lies_their_w(film, stack):
    moved = film("{0s: 0, 1s: 3, 2s: {value: 3, hold: 1s}, 4s: 1}", stack)
    times = [0.0, 0.25, 0.75, 1.0, 1.5, 2.9, 3.5]
    ws = moved.at(times).ws
    one, other, last = (film(number, stack).at(times).ws for number in (0, 3, 1))
    assert not torch.allclose(one, other, atol=1e-2)
    assert torch.equal(ws[0], one[0])
    assert torch.equal(ws[3:6], other[3:6])
    for row, share in ((1, 0.25), (2, 0.75)):
        torch.testing.assert_close(ws[row], torch.lerp(one[row], other[row], share), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ws[6], (other[6] + last[6]) / 2, atol=1e-5, rtol=1e-5)


def test_label_says_how_much_of_each_class_there_is(film):
    latents = film("{0s: 0, 4s: 3}").at([0.0, 1.0, 4.0])
    assert latents.c.tolist() == [[1, 0, 0, 0, 0], [0.75, 0, 0, 0.25, 0], [0, 0, 0, 1, 0]]
    assert latents.z is None


def test_easing_goes_beyond_a_class_where_it_overshoots(film):
    assert film("{0s: 0, 4s: 3, ease: in-back}").at(1.0).c.min() < -0.05


def test_constant_class_keyed_or_not_is_the_same_picture(film):
    assert torch.equal(film("{0s: 2, 1s: 2}").at([0.0, 0.3, 4.0]).ws, film("2").at([0.0, 0.3, 4.0]).ws)


def test_a_frame_alone_is_bit_equal_and_batches_and_rates_agree(write_scene):
    text = f"model: {MODEL}\nfps: 10\nduration: 3s\nclass: {{0s: 0, 1s: 3, 2s: 4, 3s: 1}}\ntimeline:\n  {WALK}\n"
    scene = load_scene(write_scene(text))

    def frames(span, **run):
        return np.concatenate(list(iterate_frames(prepare(scene, Run(device="cpu", **run)), span))).astype(int)

    whole = frames(range(30), batch=1)
    assert np.array_equal(frames(range(13, 14), batch=1), whole[13:14])
    assert np.abs(whole[5] - whole[0]).mean() > 2
    assert np.abs(frames(range(30), batch=3) - whole).max() <= 1
    assert np.abs(frames(range(60), batch=1, fps=Fraction(20))[::2] - whole).max() <= 1


@pytest.mark.parametrize("classes", ["{0s: 0, 2s: 3, 4s: 0}", "{0s: 0, 2s: 3}", "{1s: 4, 50%: 2, 3s: 1}"])
def test_loop_closes(film, classes):
    ws = film(classes, head="loop: true").at([0.0, 4.0 - 1e-6, 4.0, 8.0]).ws
    torch.testing.assert_close(ws, ws[:1].expand_as(ws), atol=1e-4, rtol=1e-4)


def test_loop_that_blends_takes_any_classes(film):
    ws = film("{0s: 0, 2s: 3}", head="loop: {blend: 1s}").at([0.0, 4.0 - 1e-6]).ws
    torch.testing.assert_close(ws[0], ws[1], atol=1e-4, rtol=1e-4)


def test_film_lasts_until_its_last_class(write_scene, generator):
    path = write_scene(f"class: {{0s: 0, 2s: {{value: 3, hold: 1s}}}}\ntimeline:\n  {WALK}\n")
    assert compile_timeline(load_scene(path), generator).plan.duration == 3


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ("7", "scene.yaml:3:8: class: this generator has classes 0 to 4, got 7"),
        ("{0s: 0, 1s: 7}", "scene.yaml:3:20: class.1s: this generator has classes 0 to 4, got 7"),
        ("{0s: 0, 1s: {value: 5, hold: 1s}}", "class.1s: this generator has classes 0 to 4, got 5"),
    ],
)
def test_class_that_is_not_there(film, classes, said):
    with pytest.raises(SceneError) as raised:
        film(classes)
    assert said in str(raised.value)
    assert len(raised.value.problems) == 1


def test_what_is_wrong_with_an_effect_is_said_once(film):
    with pytest.raises(SceneError) as raised:
        film("{0s: 0, 1s: 1}", "- walk: {keys: [mean], space: z}")
    assert len(raised.value.problems) == 1
