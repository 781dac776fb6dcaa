from __future__ import annotations

import numpy as np
from latentreel_tides import Tides

from renderer.testing import Trial, check_effect, check_identity


def test_it_keeps_the_laws() -> None:
    check_effect(Tides)


def test_a_depth_of_nothing_changes_nothing() -> None:
    check_identity(Trial(Tides, "- walk: {keys: 3}\n- tides: {depth: 0}"))


def test_the_wave_reaches_each_layer_in_turn() -> None:
    trial = Trial(Tides, "- walk: {keys: 3}\n- tides: {depth: 1, period: 1s}")
    job = trial.job()
    ebb = job.timeline.at(np.arange(14) / 14).ws  # one layer after the other is at high tide
    whole = trial.without(job).timeline.at(0.0).ws[0]
    np.testing.assert_allclose(np.stack([ebb[i, i] for i in range(14)]), whole, atol=1e-5)
