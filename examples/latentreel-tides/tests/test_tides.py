from __future__ import annotations

from pathlib import Path

import numpy as np
from latentreel_tides import Tides

import renderer
from renderer.testing import Trial, check_effect, check_identity

SCENE = Path(__file__).parent.parent / "scene.yaml"


def test_it_keeps_the_laws() -> None:
    check_effect(Tides)


def test_an_amount_of_nothing_changes_nothing() -> None:
    check_identity(Trial(Tides, "- walk: {keys: 3}\n- tides: {depth: 0}"))


def test_the_wave_reaches_each_layer_in_turn() -> None:
    trial = Trial(Tides, "- walk: {keys: 3}\n- tides: {depth: 1, period: 1s}")
    job = trial.job()
    ebb = job.timeline.at(np.arange(14) / 14).ws  # one layer after the other is at high tide
    whole = trial.without(job).timeline.at(0.0).ws[0]
    np.testing.assert_allclose(np.stack([ebb[i, i] for i in range(14)]), whole, atol=1e-5)


def test_the_scene_renders() -> None:
    job = renderer.prepare(renderer.load_scene(SCENE), renderer.Run(size=(64, 64)))
    frames = next(renderer.iterate_frames(job, range(1)))
    assert frames.shape == (1, 64, 64, 3)
