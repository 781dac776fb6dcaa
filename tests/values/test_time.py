from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import ValueProblem
from renderer.values.time import Clock, Span, Time
from tests.scene.bound import plan_of

CLOCK = Clock(fps=24, tempo=120, beats_per_bar=3, offset=0.25, markers={"drop": 10, "the_end": 30}, duration=40)
SPAN = Span(4, 12)
SECONDS = {
    "2.5": 2.5,
    "2.5s": 2.5,
    ".5s": 0.5,
    "2.s": 2,
    "2 s": 2,
    "400ms": 0.4,
    "1:02.5": 62.5,
    "0:07": 7,
    "1:00:01": 3601,
    "60f": 2.5,
    "8b": 4.25,
    "2bars": 3.25,
    "1bar": 1.75,
    "bar 1": 0.25,
    "bar 17": 24.25,
    "bar 1.5": 1.0,
    "50%": 8,
    "0%": 4,
    "100%": 12,
    "drop": 10,
    "drop + 2s": 12,
    "drop+2s": 12,
    "drop - 2b": 9,
    "drop-2b": 9,
    "the_end - drop": 20,
    "-1s": -1,
    "+1s": 1,
    " 1s + 500ms - 12f ": 1,
    "bar 2 + 1b": 2.25,
    "100% - 1s": 11,
}
LENGTHS = {"2.5s": 2.5, "60f": 2.5, "8b": 4, "2bars": 3, "50%": 4, "1s - 250ms": 0.75, "1:30": 90}


@pytest.mark.parametrize("text", SECONDS)
def test_points_in_time(text):
    assert CLOCK.position(Time.parse(text), SPAN) == pytest.approx(SECONDS[text], abs=1e-12)


@pytest.mark.parametrize("text", LENGTHS)
def test_lengths_of_time(text):
    assert CLOCK.length(Time.parse(text), SPAN) == pytest.approx(LENGTHS[text], abs=1e-12)


@pytest.mark.parametrize("number", [0, 2, 2.5, -1, 1e-3])
def test_bare_numbers_are_seconds(number):
    assert CLOCK.position(Time.parse(number)) == number


def test_percent_is_of_the_film_without_a_span():
    assert CLOCK.position(Time.parse("25%")) == 10


NO_TIMES = [
    "s",
    "+",
    "-",
    "1s 2s",
    "1s+",
    "--1s",
    "1..5s",
    "1e3s",
    "1:75",
    "1:2:3:4",
    "bar",
    "bar x",
    "%",
    "1_0s",
    "$",
    "2s,",
    "٣s",
    "1,5s",
    "99999999999999999999s",
]


@pytest.mark.parametrize("written", [None, True, [], {}, np.nan, np.inf, 1e10, "", " ", *NO_TIMES])
def test_what_is_no_time(written):
    try:
        time = Time.parse(written)
    except ValueProblem:
        return
    assert time.word is not None, "only a word may pass, for it may be a marker"
    with pytest.raises(ValueProblem, match="unknown marker"):
        CLOCK.position(time)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2sec", "unknown unit 'sec' in time '2sec'; known are s, ms, f (frames), b (beats), bars and %"),
        ("2barz", "unknown unit 'barz' in time '2barz'; did you mean 'bar'?; known are"),
        ("2m", "unknown unit 'm' in time '2m'; did you mean 'ms'?; known are"),
    ],
)
def test_unknown_units(text, said):
    with pytest.raises(ValueProblem) as error:
        Time.parse(text)
    assert str(error.value).startswith(said)


@pytest.mark.parametrize("text", ["drop", "drop + 1s", "bar 17"])
def test_positions_are_no_lengths(text):
    with pytest.raises(ValueProblem, match="expected a length of time"):
        CLOCK.length(Time.parse(text))


@pytest.mark.parametrize("text", ["4b", "2bars", "bar 3"])
def test_beats_need_a_tempo(text):
    with pytest.raises(ValueProblem, match=r"the scene has no tempo; write e\.g\. tempo: 120"):
        Clock(fps=30).position(Time.parse(text))


@given(st.lists(st.tuples(st.sampled_from("+-"), st.integers(0, 9999), st.sampled_from(["ms", "s", "f"])), min_size=1))
def test_sums_are_sums(terms):
    text = " ".join(f"{sign} {amount}{unit}" for sign, amount, unit in terms)
    worth = {"ms": Fraction(1, 1000), "s": Fraction(1), "f": Fraction(1, 24)}
    expected = sum((1 if sign == "+" else -1) * amount * worth[unit] for sign, amount, unit in terms)
    assert CLOCK.position(Time.parse(text)) == pytest.approx(float(expected), abs=1e-9)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text):
    try:
        CLOCK.position(Time.parse(text), SPAN)
    except ValueProblem:
        return


def test_frames_count_at_the_scenes_own_fps_even_under_another(tmp_path):
    text = "fps: 25\nduration: 8s\ntimeline: [{walk: {keys: {0s: 3, 50f: 4}}}]\n"
    for fps in (None, Fraction(60)):
        plan = plan_of(tmp_path, text, fps)
        (entry,) = plan.entries
        assert plan.clock.position(entry.fields["keys"].keys[1].time) == 2
        assert plan.frames == 8 * (fps or 25)


def test_percent_is_of_the_entrys_span(tmp_path):
    entry = "{psi-ramp: {psi: {0%: 0, 50%: 1, 100%: 0}}, from: 2s, to: 6s}"
    plan = plan_of(tmp_path, f"duration: 8s\ntimeline: [{{walk: {{keys: 3}}}}, {entry}]\n")
    curve = plan.entries[1].fields["psi"].curve
    assert curve(np.array([2.0, 3.0, 4.0, 6.0])).tolist() == [0, 0.5, 1, 0]


def test_beats_begin_at_the_offset(tmp_path):
    text = "tempo: 60\noffset: 500ms\nbeats_per_bar: 3\nmarkers: {drop: bar 3}\nduration: drop + 4b\n"
    with pytest.raises(Exception, match="expected a length of time"):
        plan_of(tmp_path, text + "timeline: [{walk: {keys: 1-4}}]\n")
    plan = plan_of(tmp_path, text.replace("drop + 4b", "12b") + "timeline: [{walk: {keys: {2b: 3, drop: 4}}}]\n")
    assert plan.duration == 12
    assert plan.clock.markers == {"drop": 6.5}
    assert plan.clock.beats_at(np.array([0.5, 1.5])).tolist() == [0, 1]


def test_markers_may_count_from_those_above(tmp_path):
    text = "markers: {verse: 4s, chorus: verse + 8s}\nduration: 20s\ntimeline: [{walk: {keys: 3}}]\n"
    assert plan_of(tmp_path, text).clock.markers == {"verse": 4, "chorus": 12}
