"""How near what is heard comes to what is true, on the piece of scenes/music, played as it was never tuned on."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from renderer.audio.onsets import onset_strength
from renderer.audio.segments import find_sections
from renderer.audio.song import Song
from renderer.audio.trackers import librosa_beats
from renderer.timeline.beat_grid import steadied
from renderer.values.beats import grid_of_times
from tests.audio.sounds import write

SCRIPT = Path(__file__).parents[2] / "scenes" / "music" / "make_piece.py"
RANDOM = np.random.RandomState(20261125)
PLAYED = RANDOM.uniform((75, 0), (155, 1), (10, 2)).tolist()  # beats a minute, seconds


@pytest.fixture(scope="module")
def make_piece():
    spec = importlib.util.spec_from_file_location("make_piece", SCRIPT)
    module = importlib.util.module_from_spec(spec)

    sys.modules["make_piece"] = module
    spec.loader.exec_module(module)
    return module.make_piece


def f_measure(found, true, within=0.07) -> float:
    """Return the harmonic mean of precision and recall, each true beat being found once at the most."""
    left, hits = list(found), 0
    for beat in true:
        near = min(left, key=lambda one: abs(one - beat), default=np.inf)
        if abs(near - beat) <= within:
            left.remove(near)
            hits += 1
    return 2 * hits / (len(found) + len(true))


@pytest.mark.parametrize(("tempo", "offset"), PLAYED[:2])
def test_the_beat(make_piece, tmp_path, tempo, offset):
    check_the_beat(make_piece, tmp_path, tempo, offset)


@pytest.mark.full
@pytest.mark.parametrize(("tempo", "offset"), PLAYED[2:])
def test_the_beat_at_more_tempi(make_piece, tmp_path, tempo, offset):
    check_the_beat(make_piece, tmp_path, tempo, offset)


def check_the_beat(make_piece, tmp_path, tempo, offset):
    piece = make_piece(tempo, offset)
    song = Song(write(tmp_path / "piece.wav", piece.sound, piece.rate))
    beats = librosa_beats(song, None, 4)
    assert f_measure(beats.times, piece.beats) >= 0.95
    grid = steadied(grid_of_times(beats.times, 4, beats.downbeat))
    assert grid.tempo == pytest.approx(tempo, rel=0.005)
    bar = np.mod(grid.seconds(0) - offset, 4 * 60 / tempo)
    assert min(bar, 4 * 60 / tempo - bar) < 0.05  # bars begin where they do


@pytest.fixture(scope="module")
def piece_song():
    return Song(SCRIPT.with_name("piece.ogg"))


@pytest.fixture(scope="module")
def truth():

    return json.loads(SCRIPT.with_name("piece.json").read_text())


def test_kicks_are_heard_within_15_ms(piece_song, truth):
    strength = onset_strength(piece_song, 20, 150)
    t = np.arange(0, truth["duration"], 0.001)
    values = strength.at(t)[:, 0]
    errors = []
    for kick in truth["kicks"]:
        near = np.flatnonzero(np.abs(t - kick) < 0.08)
        errors.append(t[near[values[near].argmax()]] - kick)
    assert np.abs(errors).max() <= 0.015


def test_sections_are_heard_within_a_bar(piece_song, truth):
    found = find_sections(piece_song, np.array(truth["bars"]))
    bar = truth["bars"][1] - truth["bars"][0]
    assert [start for start, _ in found[1:]] == pytest.approx(
        [start for start, _, _ in truth["sections"][1:]], abs=bar / 2
    )
    assert [name for _, name in found] == ["A", "B", "C", "D", "C"]  # the drop comes back
