from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from renderer import SceneError, load_scene
from renderer.errors import ValueProblem
from renderer.values.signal import Signal
from tests.scene.bound import plan_of, said_of, values_of

T = np.arange(0, 8, 0.01)
LOOP = "duration: 6s\nloop: true"


def test_constants_and_numbers_as_texts(tmp_path):
    assert values_of(tmp_path, 0.5, [0, 3]).tolist() == [0.5, 0.5]
    assert values_of(tmp_path, "0.5", [0, 3]).tolist() == [0.5, 0.5]
    assert Signal.parse(2).constant == 2
    assert Signal.parse("t").constant is None


def test_keyframes_hold_before_between_and_after(tmp_path):
    keys = {"1s": 0, "3s": {"value": 1, "hold": "2s"}, "7s": 0}
    assert values_of(tmp_path, keys, [0, 1, 2, 3, 4, 5, 6, 7, 8]).tolist() == [0, 0, 0.5, 1, 1, 1, 0.5, 0, 0]


def test_easing_of_all_keys_and_of_one(tmp_path):
    keys = {"0s": 0, "2s": {"value": 1, "ease": "in-cubic"}, "4s": 0, "ease": "in-quad"}
    assert values_of(tmp_path, keys, [1, 3]) == pytest.approx([0.25, 1 - 0.125])


def test_easings_that_overshoot_do(tmp_path):
    assert values_of(tmp_path, {"0s": 0, "4s": 1, "ease": "out-back"}, T).max() > 1.05


def test_hold_jumps_at_the_next_key(tmp_path):
    assert values_of(tmp_path, {"0s": 1, "4s": 2, "ease": "hold"}, [0, 3.99, 4]).tolist() == [1, 1, 2]


def test_expressions_within_keys(tmp_path):
    found = values_of(tmp_path, {"0s": 0, "4s": "2*t"}, [0, 1, 2, 4, 6])
    assert found == pytest.approx([0, 0.5, 2, 8, 12])  # on the way from 0 to the value of that moment


def test_named_signals_and_markers(tmp_path):
    head = "duration: 8s\nmarkers: {drop: 4s}\nsignals: {ramp: {0s: 0, 8s: 1}, twice: 2*ramp}"
    assert values_of(tmp_path, "twice + ramp + drop", [0, 4, 8], head) == pytest.approx([4, 5.5, 7])


def test_named_signals_span_the_film_not_the_entry(tmp_path):
    head = "duration: 8s\nsignals: {ramp: {0%: 0, 100%: 1}, way: progress}"
    assert values_of(tmp_path, "ramp", [2, 4], head, "from: 2s").tolist() == [0.25, 0.5]
    assert values_of(tmp_path, "way", [2, 4], head, "from: 2s").tolist() == [0.25, 0.5]


def test_a_named_signal_is_the_same_everywhere(tmp_path):
    text = (
        "signals: {wind: noise(1s)}\ntimeline: [{walk: {keys: 3}}, {psi-ramp: {psi: wind}}, {psi-ramp: {psi: wind}}]\n"
    )
    one, two = (entry.fields["psi"].curve(T) for entry in plan_of(tmp_path, text).entries[1:])
    assert (one == two).all()
    assert one.std() > 0.1


def test_many_signals_that_double_are_bound_once_each(tmp_path):
    names = [f"s{index}" for index in range(36)]
    signals = "".join(f"  {name}: {below} + {below}\n" for below, name in pairwise(names))
    values = values_of(tmp_path, "s35 / 2**35", [1.0], f"signals:\n  s0: t\n{signals}duration: 2s")
    assert values == pytest.approx([1])


@pytest.mark.parametrize("order", [1, -1])
def test_a_tower_of_signals_ends_somewhere(tmp_path, order):
    rows = [f"  s{index}: s{index - 1} + 1\n" for index in range(1, 400)]
    head = "signals:\n  s0: t\n" + "".join(rows[::order]) + "duration: 2s"
    with pytest.raises(SceneError, match="expected at most 40 signals that build on each other, got more"):
        values_of(tmp_path, "s399", 0, head)


def test_cycles_are_named_once(tmp_path):
    head = "duration: 2s\nsignals: {a: b + 1, b: c, c: 2*a, d: a}"
    assert said_of(tmp_path, "a + b", head) == "in expression '2*a': signal 'a' needs itself: a -> b -> c -> a"
    assert said_of(tmp_path, 1, "signals: {a: a}") == "in expression 'a': signal 'a' needs itself: a -> a"


@pytest.mark.parametrize(
    "written", [None, True, [], [1], {}, "", " ", float("nan"), float("inf"), 2e12, {"ease": "linear"}]
)
def test_what_is_no_signal(written):
    with pytest.raises(ValueProblem):
        Signal.parse(written)


def test_all_problems_of_keyframes_at_once():
    with pytest.raises(ValueProblem) as error:
        Signal.parse({"0s": True, "1q": 2, "2s": {"value": [], "hold": "x y", "eas": 1}, "ease": 3})
    assert [path[0] for path, _ in error.value.parts] == ["0s", "1q", "2s", "2s", "2s", "ease"]


# Oscillators


def test_sine(tmp_path):
    assert values_of(tmp_path, "sin(2s)", T) == pytest.approx(np.sin(np.pi * T), abs=1e-9)


def test_triangle(tmp_path):
    assert values_of(tmp_path, "tri(4s)", [0, 0.5, 1, 2, 3, 4]).tolist() == [0, 0.5, 1, 0, -1, 0]


def test_saw(tmp_path):
    assert values_of(tmp_path, "saw(4s)", [0, 1, 2, 3, 4]).tolist() == [-1, -0.5, 0, 0.5, -1]


def test_square_and_its_width(tmp_path):
    assert values_of(tmp_path, "square(4s)", [0, 1.9, 2, 3.9, 4]).tolist() == [1, 1, -1, -1, 1]
    assert values_of(tmp_path, "square(4s, width=0.25)", [0, 0.9, 1, 3.9]).tolist() == [1, 1, -1, -1]


def test_pulse_and_its_width(tmp_path):
    assert values_of(tmp_path, "pulse(4s)", [0, 0.39, 0.41, 3.9, 4]).tolist() == [1, 1, 0, 0, 1]
    assert values_of(tmp_path, "pulse(4s, width=0.5)", [0, 1.9, 2.1]).tolist() == [1, 1, 0]


@pytest.mark.parametrize("name", ["sin", "tri", "saw", "square", "pulse"])
def test_phase_counts_periods_and_a_bare_period_seconds(tmp_path, name):
    shifted = values_of(tmp_path, f"{name}(4, phase=0.25)", T)
    assert shifted == pytest.approx(values_of(tmp_path, f"{name}(4s)", T + 1), abs=1e-9)
    assert np.ptp(shifted) >= 1


def test_beats_as_periods(tmp_path):
    found = values_of(tmp_path, "sin(4b)", T, "duration: 8s\ntempo: 120")
    assert found == pytest.approx(np.sin(np.pi * T), abs=1e-9)


def test_noise_is_smooth_seeded_and_of_its_variance(tmp_path):
    t = np.arange(0, 400, 0.05)
    head = "duration: 400s"
    noise = values_of(tmp_path, "noise(1s)", t, head)
    assert noise.std() == pytest.approx(0.5, rel=0.1)  # so about -1 to 1
    assert abs(noise.mean()) < 0.1
    assert np.abs(np.diff(noise)).max() < 0.3
    assert (noise == values_of(tmp_path, "noise(1s)", t, head)).all()
    assert (noise != values_of(tmp_path, "noise(1s, seed=2)", t, head)).mean() > 0.99
    assert (noise != values_of(tmp_path, "noise(1s)", t, head + "\nseed: 5")).mean() > 0.99
    both = values_of(tmp_path, "noise(1s) - noise(1s)", t, head)
    assert both.std() > 0.3  # two noises of one expression are two


def test_another_oscillator_beside_it_leaves_a_noise_as_it_was(tmp_path):
    alone = values_of(tmp_path, "noise(1s)", T)
    assert values_of(tmp_path, "0*sin(2s) + noise(1s)", T) == pytest.approx(alone)


def test_noise_is_the_same_at_equal_times_however_they_are_asked(tmp_path):
    noise = values_of(tmp_path, "noise(700ms)", T)
    assert [values_of(tmp_path, "noise(700ms)", t)[0] for t in T[::97]] == noise[::97].tolist()


# Loops


@pytest.mark.parametrize(
    "written",
    [
        "sin(2.5s)",
        "tri(1.1s)",
        "saw(5s)",
        "square(4s)",
        "pulse(7s)",
        "noise(1.3s)",
        "0.5*sin(2s) + abs(noise(0.7s, seed=3))",
        "sin(2s, phase=sin(3s))",
        {"0s": 0, "2s": 1},
        {"0s": 0, "2s": 1, "6s": 0},
        {"1s": 0, "2s": 1, "ease": "in-out-sine"},
        {"0s": 0, "3s": "sin(2.5s)"},
        {"0%": 0, "50%": 1, "100%": 0},
        "named",
    ],
)
def test_everything_closes_in_a_loop(tmp_path, written):
    head = f"{LOOP}\nsignals: {{named: sin(2.5s) + noise(2s)}}"
    t = np.arange(0, 6, 0.05)
    first = values_of(tmp_path, written, t, head)
    assert values_of(tmp_path, written, 6, head) == pytest.approx(first[:1], abs=1e-6)
    assert np.ptp(first) > 0.1


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("t", "in expression 't': the loop cannot close: t ends elsewhere than it began; "),
        ("sin(2s, phase=progress)", "in expression 'sin(2s, phase=progress)': the loop cannot close: progress ends"),
        ({"0s": 0, "6s": 1}, "the loop cannot close: the first key is 0, the one at the end, 6s, is 1; "),
        ({"0s": 0, "7s": 0}, "key 7s lies beyond the end of the loop, 6s"),
        ({"0s": 0, "5s": {"value": 1, "hold": "2s"}}, "key 5s lies beyond the end of the loop, 6s"),
    ],
)
def test_what_cannot_close_is_refused(tmp_path, written, said):
    assert said_of(tmp_path, written, LOOP).startswith(said)
    blended = values_of(tmp_path, written, [0, 3], "duration: 6s\nloop: {blend: 1s}")
    assert np.isfinite(blended).all()


def test_the_named_signal_that_cannot_close_is_the_one_named(tmp_path):
    (tmp_path / "scene.yaml").write_text(f"{LOOP}\nsignals: {{ramp: t}}\ntimeline: [{{psi-ramp: {{psi: ramp}}}}]\n")
    with pytest.raises(SceneError) as error:
        load_scene(tmp_path / "scene.yaml")
    assert [problem.path for problem in error.value.problems] == ["signals.ramp"]
