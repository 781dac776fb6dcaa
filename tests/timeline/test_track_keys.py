"""Keys over time: between which two keys a time lies, and how far along."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from renderer.errors import ValueProblem
from renderer.job import plugins
from renderer.timeline.expressions import Scope
from renderer.timeline.keys import KeyTimes, key_times
from renderer.values.easing import EASINGS
from renderer.values.signal import Key
from renderer.values.time import Clock, Span, Time


def times(arrive, leave=None, ease="linear", loop=None):
    arrive = np.array(arrive, np.float64)
    leave = arrive if leave is None else np.array(leave, np.float64)
    return KeyTimes(arrive, leave, (EASINGS[ease],) * len(arrive), loop)


def located(keys, t):
    return [(int(a), int(b), round(float(way), 9)) for a, b, way in zip(*keys.locate(np.array(t)), strict=True)]


def test_before_between_and_after():
    keys = times([1, 2, 4])
    assert located(keys, [0, 1, 1.25, 2, 3, 4, 9]) == [
        (0, 0, 0), (0, 1, 0), (0, 1, 0.25), (1, 2, 0), (1, 2, 0.5), (2, 2, 0), (2, 2, 1),
    ]  # fmt: skip


def test_a_key_is_held():
    keys = times([0, 2], [1, 2])
    assert located(keys, [0.5, 1, 1.5, 1.75]) == [(0, 1, 0), (0, 1, 0), (0, 1, 0.5), (0, 1, 0.75)]


def test_a_loop_goes_on_to_the_first_key():
    keys = times([0.5, 2], [0.5, 2.5], loop=4)
    assert located(keys, [0, 0.5, 2.25, 2.5, 3.25, 4]) == [
        (0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0.5), (1, 0, 1),
    ]  # fmt: skip
    assert keys.knots.tolist() == [0.5, 2, 4]


def test_easings_overshoot_but_arrive_exactly():
    keys = times([0, 1], ease="in-back")
    ways = [way for _, _, way in located(keys, [0, 0.4, 1])]
    assert ways[0] == 0
    assert ways[1] < -0.09
    assert located(keys, [1 - 1e-7])[0][2] == pytest.approx(1, abs=1e-5)


def test_the_easing_is_that_of_the_key_before():
    keys = KeyTimes(
        np.array([0.0, 1, 2]), np.array([0.0, 1, 2]), (EASINGS["hold"], EASINGS["in-quad"], EASINGS["linear"])
    )
    assert located(keys, [0.9, 1, 1.5]) == [(0, 1, 0), (1, 2, 0), (1, 2, 0.25)]


@pytest.mark.parametrize("fps", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60)])
def test_a_key_counted_in_frames_is_met_by_its_frame(fps):
    """Rounding must not make a cut a frame late."""
    clock = Clock(float(fps))
    for frame in range(1, 2000, 7):
        keys = times([0, clock.position(Time.parse(f"{frame}f"))], ease="hold")
        assert located(keys, [float((frame - 1) / fps), float(frame / fps)])[:2] == [(0, 1, 0), (1, 1, 0)]


@pytest.mark.parametrize("tempo", [100, 113, 174])
def test_a_key_counted_in_beats_is_met_by_a_frame_on_it(tempo):
    clock, fps = Clock(60.0, tempo=tempo), Fraction(tempo, 10)  # six frames a beat
    for beat in range(1, 300):
        keys = times([0, clock.position(Time.parse(f"{beat}b"))], ease="hold")
        assert located(keys, [float(6 * beat / fps)]) == [(1, 1, 0)]


def scope(loop=None, span=None):
    return Scope(Clock(30.0, duration=4.0), span or Span(0.0, 4.0), plugins().easings, loop=loop)


def key(time, hold=None, ease=None):
    return Key(None if time is None else Time.parse(time), 0.0, ease, None if hold is None else Time.parse(hold))


def test_keys_without_a_time_are_spread_over_the_span():
    untimed = [key(None)] * 3
    assert key_times(untimed, "linear", scope()).arrive.tolist() == [0, 2, 4]
    assert key_times(untimed, "linear", scope(span=Span(1.0, 3.0))).arrive.tolist() == [1, 2, 3]
    assert key_times([key(None)] * 4, "linear", scope(loop=4.0)).arrive.tolist() == [0, 1, 2, 3]
    assert key_times([key(None)], "linear", scope()).arrive.tolist() == [0]


def test_times_are_bound_to_the_span():
    keys = key_times([key("0%"), key("50%", hold="25%"), key("3s")], "linear", scope(span=Span(1.0, 3.0)))
    assert keys.arrive.tolist() == [1, 2, 3]
    assert keys.leave.tolist() == [1, 2.5, 3]


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ([key("1s"), key("1s")], "keys must follow each other in time, but 1s is not after 1s"),
        ([key("2s"), key("1s")], "keys must follow each other in time, but 1s is not after 2s"),
        ([key("0s", hold="2s"), key("1s")], "key 0s is held beyond the next key, 1s"),
        ([key("0s", hold="-1s"), key("1s")], "expected a hold of 0s or more, got -1s"),
        ([key("-1s"), key("1s")], "expected keys from 0s on, got -1s"),
        ([key("0s", ease="in-out-sin"), key("1s")], "unknown easing 'in-out-sin'; did you mean 'in-out-sine'?"),
        ([key("0s"), key("5s")], "key 5s lies beyond the end of the loop, 4s"),
        ([key("0s"), key("3s", hold="2s")], "key 3s lies beyond the end of the loop, 4s"),
    ],
)
def test_what_is_refused(keys, said):
    with pytest.raises(ValueProblem) as refused:
        key_times(keys, "linear", scope(loop=4.0))
    assert said in str(refused.value)
