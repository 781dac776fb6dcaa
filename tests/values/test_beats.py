"""Beats wherever they are: counted, turned into seconds, and counted from elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.errors import ValueProblem
from renderer.values.beats import BeatGrid, grid_of_times, usual_distance
from renderer.values.tempo import BeatList, Tempo, read_beats
from renderer.values.time import Clock, Span, Time

UNEVEN = grid_of_times([1.0, 1.5, 2.0, 3.0, 3.5], 4, first=1)  # the fourth beat comes late


def test_an_even_grid():
    grid = BeatGrid(120, 0.25)
    assert grid.seconds([0, 4.5]).tolist() == [0.25, 2.5]
    assert grid.beats([0.25, 2.5]).tolist() == [0, 4.5]
    assert grid.between(0, 1.3).tolist() == [0.25, 0.75, 1.25]
    assert grid.between(0.25, 0.75).tolist() == [0.25]
    assert grid.shifted(1).seconds(0) == 1.25
    assert grid.counted_from(2.3).seconds(0) == 2.25


def test_an_uneven_grid_is_even_outside():
    assert UNEVEN.tempo == 120
    assert UNEVEN.seconds([0, 1, 1.5, 2, 3]).tolist() == [1.5, 2.0, 2.5, 3.0, 3.5]
    assert UNEVEN.seconds([-3, 5]) == pytest.approx([0.0, 4.5])
    assert UNEVEN.beats(UNEVEN.seconds(np.linspace(-5, 9, 57))) == pytest.approx(np.linspace(-5, 9, 57))
    assert UNEVEN.counted_from(2.9).seconds([0, 1]).tolist() == [3.0, 3.5]


def test_the_usual_distance_is_not_that_of_a_gap():
    assert usual_distance(np.array([0, 0.5, 1.0, 1.5, 9.0, 9.5])) == 0.5


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0b", 1.5), ("2b", 3.0), ("bar 1", 1.5), ("bar 2", 4.0), ("1bars", 4.0), ("2s", 2.0), ("drop + 1b", 3.0),
     ("drop - 1b", 1.5), ("2b - 100ms", 2.9), ("50%", 5.0)],
)  # fmt: skip
def test_times_go_along_the_beats(written, seconds):
    clock = Clock(30, markers={"drop": 2.0}, duration=10, find_beats=lambda: UNEVEN)
    assert clock.position(Time.parse(written)) == pytest.approx(seconds)


def test_lengths_are_those_of_the_tempo():
    assert Clock(30, find_beats=lambda: UNEVEN).length(Time.parse("2b")) == 1.0


def test_the_clock_of_a_part_counts_from_its_start():
    for clock in (Clock(30, tempo=120, duration=10), Clock(30, duration=10, find_beats=lambda: BeatGrid(120))):
        part = clock.within(4.0)
        found = [part.position(Time.parse(one), Span(4, 8)) for one in ("0s", "1s", "15f", "1b", "bar 2", "50%")]
        assert found == pytest.approx([4, 5, 4.5, 4.5, 6, 6])
        assert part.beats_at(np.array([5.0])) == pytest.approx([2])


def test_beats_of_a_file():
    assert read_beats("# by hand\n\n0.5 3\n1.0 4\n1.5 1\n2.0 2\n") == ([0.5, 1.0, 1.5, 2.0], 2)
    assert read_beats("0.5,kick\n1.0,snare\n") == ([0.5, 1.0], 0)
    with pytest.raises(ValueProblem, match="line 2: expected the seconds of a beat, got 'x'"):
        read_beats("0.5\nx\n")
    with pytest.raises(ValueProblem, match="expected two beats or more, got 1"):
        read_beats("0.5\n")


def test_tempo_as_written():
    assert Tempo.parse(90).bpm == 90
    assert Tempo.parse("auto") == Tempo("auto")
    full = Tempo.parse({"hint": 90, "tracker": "mine", "downbeat": 2})
    assert (full.bpm, full.hint, full.tracker, full.downbeat) == (None, 90, "mine", 2)
    assert BeatList.parse([0, 0.5]).times == (0, 0.5)
    assert BeatList.parse("taps.txt").file == "taps.txt"


@pytest.mark.parametrize("written", [0, -1, 1001, True, {}, {"hint": "x"}, {"downbeat": 0}, {"speed": 3}, "fast", None])
def test_what_is_no_tempo_is_refused(written):
    with pytest.raises(ValueProblem):
        Tempo.parse(written)


@pytest.mark.parametrize("written", [[], [1], [1, 1], ["x", 2], [1, float("nan")], 3, {}])
def test_what_is_no_beats_is_refused(written):
    with pytest.raises(ValueProblem):
        BeatList.parse(written)
