"""Noise that belongs to a time: the same on every machine, at every frame rate, and closed in a loop."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.errors import ValueProblem
from renderer.noise import fitted, gaussian_noise, random_state, simplex_loop, smooth_noise, stable_seed

KEY = (7, "jitter 0", "")
KINDS = [smooth_noise, gaussian_noise]


def test_the_hash_never_changes():
    """A film rendered by this version must come out the same from the next."""
    assert stable_seed(7, "walk 0", "x") == [2474009248, 1955237824, 2976562677, 215898425]
    assert random_state(7, "walk 0").randint(0, 1000, 3).tolist() == [401, 142, 135]
    assert stable_seed(1, 2) != stable_seed(12) != stable_seed("1", "2")


@pytest.mark.parametrize("noise", KINDS)
def test_every_time_is_normal(noise):
    values = noise(np.linspace(0, 20, 101), 0.7, (4000,), KEY, None)
    assert np.abs(values.mean(1)).max() < 0.07
    assert np.abs(values.std(1) - 1).max() < 0.06
    assert values.shape == (101, 4000)


@pytest.mark.parametrize("noise", KINDS)
def test_a_time_does_not_depend_on_the_others(noise):
    t = np.linspace(0, 5, 40)
    together = noise(t, 0.4, (3, 2), KEY, None)
    for rows in ([17], [39, 0], list(range(40))[::-1]):
        assert np.array_equal(noise(t[rows], 0.4, (3, 2), KEY, None), together[rows])


@pytest.mark.parametrize("noise", KINDS)
def test_it_is_smooth_and_moves(noise):
    t = np.linspace(0, 6, 6001)
    values = noise(t, 0.5, (50,), KEY, None)
    steps = np.abs(np.diff(values, axis=0)).max()
    assert steps < 0.04
    assert values.std(0).min() > 0.2


@pytest.mark.parametrize("noise", KINDS)
@pytest.mark.parametrize("loop", [0.5, 2.0, 7.0])
@pytest.mark.parametrize("period", [0.1, 0.7, 3.0])
def test_it_closes_a_loop_and_still_moves(noise, loop, period):
    around = noise(np.array([0, 0.1, loop, loop + 0.1]), period, (200,), KEY, loop)
    np.testing.assert_allclose(around[:2], around[2:], atol=1e-6)
    values = noise(np.linspace(0, loop, 50), period, (200,), KEY, loop)
    assert values.std(0).mean() > 0.3
    assert np.abs(values.std(1) - 1).max() < 0.2
    seam = np.abs(noise(np.array([loop - 1e-6]), period, (200,), KEY, loop) - values[0]).max()
    assert seam < 1e-3


@pytest.mark.parametrize("noise", KINDS)
def test_keys_names_and_seeds_tell_noise_apart(noise):
    t = np.array([0.3])
    kinds = [noise(t, 0.5, (8,), key, None) for key in (KEY, (8, *KEY[1:]), (7, "jitter 1", ""), (7, "jitter 0", "b"))]
    assert all(np.abs(a - b).max() > 0.1 for i, a in enumerate(kinds) for b in kinds[:i])


def test_periods_fit_a_loop():
    assert fitted(0.7, None) == (0.7, None)
    assert fitted(0.7, 2.0) == (pytest.approx(2 / 3), 3)
    assert fitted(9.0, 2.0) == (2.0, 1)


@pytest.mark.parametrize("period", [0.0, -1.0, float("nan")])
def test_a_period_of_nothing_is_refused(period):
    with pytest.raises(ValueProblem, match="expected a period longer than 0s"):
        fitted(period, 2.0)


def test_simplex_noise_goes_round():
    turn = np.linspace(0, 1, 400)
    values = simplex_loop(turn, 4.0, 64, KEY)
    np.testing.assert_allclose(values[0], values[-1], atol=1e-9)
    np.testing.assert_allclose(simplex_loop(turn + 3, 4.0, 64, KEY), values, atol=1e-9)
    assert abs(values.std() - 1) < 0.1
    assert np.abs(values).max() < 4
    assert np.abs(np.diff(values, axis=0)).max() < 1
    assert np.abs(np.diff(simplex_loop(turn, 0.5, 64, KEY), axis=0)).max() < 0.2


def test_planes_of_simplex_noise_are_of_their_own():
    """No number follows another, however many there are."""
    values = simplex_loop(np.linspace(0, 1, 1500), 60.0, 96, KEY)
    apart = np.corrcoef(values.T) - np.eye(96)
    assert np.abs(apart).max() < 0.25
