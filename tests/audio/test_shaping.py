"""Every step of shaping does what it says, in seconds, at any rate."""

from __future__ import annotations

import numpy as np
import pytest

from renderer import Series
from renderer.audio.shaping import shaped
from renderer.values.shape import Shape
from renderer.values.time import Clock

CLOCK = Clock(30, tempo=120, duration=8)


def shape(values, rate=100.0, hold=False, **steps):
    series = Series(np.asarray(values, np.float32), rate, hold=hold)
    return lambda t: shaped(series, Shape.parse(steps), CLOCK.length).at(np.atleast_1d(t))[:, 0]


def step_at(seconds, rate=100.0, length=4.0):
    return (np.arange(round(length * rate)) / rate >= seconds).astype(np.float32)


RAMP = np.linspace(0, 1, 401)  # four seconds


def test_unshaped_values_are_as_they_were():
    assert shape(RAMP)(2.0) == pytest.approx(0.5, abs=1e-6)
    assert shape(RAMP)([-1.0, 9.0]).tolist() == [0, 0]
    assert shape(RAMP, hold=True)([-1.0, 9.0]).tolist() == [0, 1]


def test_clip_and_normalise():
    spiky = np.where(np.arange(401) == 200, 50, 10 + RAMP)
    values = shape(spiky, clip=[0, 99], normalise=True)
    assert values(2.0) == pytest.approx(1)
    assert values(3.9) > 0.95
    assert shape(np.full(100, 0.3), normalise=True)(0.5) == 0  # what never changes has no range


def test_sliding_normalisation_lifts_a_quiet_part():
    t = np.arange(1200) / 100
    values = (0.5 + 0.5 * np.sin(2 * np.pi * t)) * np.where(t < 6, 0.2, 1.0)
    whole, near = shape(values, normalise=True), shape(values, normalise="1s")
    assert whole(3.25) < 0.25
    assert near(3.25) > 0.8
    assert near(9.25) > 0.9


def test_power_threshold_invert_and_range():
    assert shape(RAMP, power=2)(2.0) == pytest.approx(0.25, abs=1e-3)
    assert shape(RAMP, threshold=0.5)([1.0, 3.0]) == pytest.approx([0, 0.5], abs=1e-6)
    assert shape(RAMP, invert=True)([1.0, 9.0]) == pytest.approx([0.75, 1])
    assert shape(RAMP, range=[2, 4])([2.0, 9.0]) == pytest.approx([3, 2])


@pytest.mark.parametrize("rate", [50.0, 100.0, 400.0])
def test_attack_and_release_are_time_constants(rate):
    up = shape(step_at(1.0, rate), rate, attack="200ms")
    assert up(1.2) == pytest.approx(1 - np.exp(-1), abs=0.04)
    down = shape(1 - step_at(1.0, rate), rate, release="200ms")
    assert down(0.5) == pytest.approx(1)
    assert down(1.2) == pytest.approx(np.exp(-1), abs=0.04)


def test_release_goes_on_after_the_song_and_times_may_be_beats():
    values = shape(np.ones(100), release="1b")  # half a second at 120 beats a minute
    assert values(1.5) == pytest.approx(np.exp(-1), abs=0.03)
    assert values(6.0) == pytest.approx(0, abs=1e-2)


def test_delay_and_smooth():
    assert shape(step_at(1.0), delay="500ms")([1.4, 1.6]) == pytest.approx([0, 1])
    assert shape(step_at(1.0), delay="-500ms")([0.4, 0.6]) == pytest.approx([0, 1])
    smooth = shape(step_at(1.0), smooth="100ms")
    assert smooth(0.995) == pytest.approx(0.5, abs=0.02)  # no delay
    assert smooth(1.1) == pytest.approx(0.84, abs=0.03)


def test_accumulated_energy_is_a_clock():
    loud_at_the_end = np.where(np.arange(401) < 200, 0.5, 1.5)
    clock = shape(loud_at_the_end, accumulate=True)
    assert clock([0.0, 4.0]) == pytest.approx([0, 4], abs=0.02)
    assert clock(2.0) == pytest.approx(1, abs=0.02)
    assert clock(9.0) == pytest.approx(4, abs=0.02)  # it stands in silence
    assert (np.diff(clock(np.linspace(0, 5, 200))) >= 0).all()
    assert shape(np.zeros(100), accumulate=True)(0.5) == 0


def test_the_order_of_steps_is_fixed():
    one = shape(RAMP, power=2, invert=True)
    other = shape(RAMP, invert=True, power=2)
    assert one(1.0) == other(1.0) == pytest.approx(1 - 1 / 16, abs=1e-3)
