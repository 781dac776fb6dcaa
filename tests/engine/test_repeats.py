"""Batches whose inputs come again are synthesised once, and nobody can tell from the frames."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.api import iterate_frames, load_scene, prepare
from renderer.effects import SynthesisInputs
from renderer.job import Run
from renderer.repeats import Repeats, fingerprint

HOLDS = """
model: bloom
size: 24
fps: 10
duration: 8s
noise: {noise}
timeline:
  - walk: {{keys: {{0s: 3, 2s: 3, 4s: 14, 6s: 14, 8s: 15}}, interp: lerp}}
{more}
"""


@pytest.fixture
def counted(write_scene, monkeypatch):
    """Return a function that renders a scene and returns its frames and how many batches were synthesised."""

    def render(noise="const", more="", batch=2, frames=range(80)):
        job = prepare(load_scene(write_scene(HOLDS.format(noise=noise, more=more))), Run(device="cpu", batch=batch))
        generator, count = job.timeline.generator, 0
        synthesis = generator.synthesis

        def counting(*given, **options):
            nonlocal count
            count += 1
            return synthesis(*given, **options)

        monkeypatch.setattr(generator, "synthesis", counting)
        return np.concatenate(list(iterate_frames(job, frames))), count

    return render


def test_holds_are_synthesised_once(counted):
    frames, count = counted()
    assert count == 40 - 2 * 9  # two holds of ten batches each
    assert np.array_equal(frames[0], frames[19])


def test_frames_are_those_that_are_rendered_alone(counted):
    film, _ = counted()
    for start in (5, 18, 19, 40, 55):
        alone, _ = counted(frames=range(start, start + 1))
        assert np.array_equal(alone[0], film[start])


def test_noise_that_moves_is_rendered_through_a_hold(counted):
    frames, count = counted(noise="{loop: 2s}")
    assert count == 40
    assert not np.array_equal(frames[0], frames[5])


def test_random_noise_is_never_repeated(counted):
    frames, _ = counted(noise="random")
    assert not np.array_equal(frames[0], frames[2])


def inputs(**changes):
    return SynthesisInputs().replace(**changes)


def test_every_input_tells_batches_apart():
    ws, map_ = torch.randn(2, 3, 4), torch.randn(2, 1, 5, 5)
    moved = ws.clone()
    moved[1, 2, 3] += 1e-6
    kinds = [
        (ws, inputs()),
        (moved, inputs()),
        (ws, inputs(noise_mode="none")),
        (ws, inputs(noise={"a": map_})),
        (ws, inputs(noise={"b": map_})),
        (ws, inputs(noise={"a": map_ + 1})),
        (ws, inputs(transform=torch.eye(3).expand(2, 3, 3))),
    ]
    assert len({fingerprint(*kind) for kind in kinds}) == len(kinds)
    assert fingerprint(ws.clone(), inputs()) == fingerprint(ws, inputs())


def test_memory_is_bounded_and_the_oldest_is_forgotten():
    made = []

    def image(number):
        def synthesise():
            made.append(number)
            return torch.full((1, 1, 10, 10), float(number))  # 400 bytes

        return repeats.images(torch.full((1, 1, 1), float(number)), inputs(), synthesise)

    repeats = Repeats(limit=1000)
    shown = [image(number)[0, 0, 0, 0].item() for number in (1, 2, 1, 3, 1, 2)]
    assert shown == [1, 2, 1, 3, 1, 2]
    assert made == [1, 2, 3, 2]  # two fit; 2 was the oldest when 3 came
    assert repeats.saved == 2


def test_taps_and_random_noise_are_not_remembered():
    repeats, ws = Repeats(), torch.zeros(1, 1, 1)
    for given in (inputs(taps=(lambda name, feature: feature,)), inputs(noise_mode="random")):
        first, second = (repeats.images(ws, given, lambda: torch.rand(1, 1, 2, 2)) for _ in range(2))
        assert not torch.equal(first, second)
