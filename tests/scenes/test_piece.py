"""The music of scenes/music.yaml is what its script makes, and what is said of it is true."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys

import numpy as np
import pytest

from renderer.sinks.ffmpeg import ffmpeg_exe
from tests.scenes.golden import ROOT

FOLDER = ROOT / "scenes" / "music"
SHORT = (("verse", 1), ("break", 1), ("drop", 1))


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_piece", FOLDER / "make_piece.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["make_piece"] = module  # dataclasses look there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["make_piece"]


def decoded(path):
    command = [ffmpeg_exe(), "-v", "error", "-i", path, "-f", "f32le", "-ac", "2", "-ar", "44100", "-"]
    done = subprocess.run([*map(str, command)], capture_output=True, check=True)
    return np.frombuffer(done.stdout, "<f4").reshape(-1, 2)


def test_it_is_small_and_lasts_a_minute():
    assert (FOLDER / "piece.ogg").stat().st_size < 700_000
    assert len(decoded(FOLDER / "piece.ogg")) / 44100 == pytest.approx(63.685, abs=0.001)


def test_what_is_said_of_it_comes_from_the_script(script):
    score, truth = (
        script.Score(script.TEMPO, script.OFFSET, script.FORM),
        json.loads((FOLDER / "piece.json").read_text()),
    )
    for name in ("beats", "kicks", "bars"):
        assert truth[name] == pytest.approx(getattr(score, name), abs=1e-6)
    assert [name for *_, name in truth["sections"]] == ["intro", "verse", "drop", "break", "drop"]
    assert len(truth["kicks"]) == len(truth["beats"]) - 16  # none in the four bars of the break


@pytest.mark.parametrize(("tempo", "offset"), [(124.0, 0.25), (97.3, 1.1)])
def test_it_can_be_made_at_any_tempo(script, tempo, offset):
    piece = script.make_piece(tempo, offset, SHORT)
    assert (piece.tempo, piece.offset, len(piece.beats), len(piece.kicks), len(piece.bars)) == (tempo, offset, 12, 8, 3)
    assert np.diff(piece.beats) == pytest.approx(60 / tempo)
    assert piece.beats[0] == offset
    assert np.abs(piece.sound[: round(offset * piece.rate) - 1]).max() < 1e-6
    assert np.abs(piece.sound).max() == pytest.approx(10 ** (-1 / 20), abs=1e-3)


def test_kicks_sound_where_they_are_said_to(script, monkeypatch):
    for drum in ("hat", "clap", "crash", "riser"):
        monkeypatch.setattr(script, drum, lambda *_: np.zeros(1))
    score = script.Score(124.0, 0.25, SHORT)
    track = script.Track(score.samples)
    for bar, name in enumerate(score.names):
        script.play_drums(track, score, bar, name)
    level = np.abs(track.sound).max(1)
    begins = np.flatnonzero((level[1:] > 0) & (level[:-1] == 0)) / script.RATE
    for kick in score.kicks:
        assert np.abs(begins - kick).min() < 1e-3
        at = round(kick * script.RATE)
        assert level[at - 200 : at].max() == 0
        assert level[at : at + 400].max() > 0.3


@pytest.mark.full
def test_the_file_is_what_the_script_makes(script):
    made, held = script.make_piece().sound, decoded(FOLDER / "piece.ogg")
    assert held.shape == made.shape
    assert np.corrcoef(held.mean(1), made.mean(1))[0, 1] > 0.98
