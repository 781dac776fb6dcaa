"""`audio:` as a scene writes it: which part of the song is heard, and how long the film is."""

from __future__ import annotations

import wave
from fractions import Fraction

import numpy as np
import pytest

from renderer import api
from tests.scene.bound import plan_of
from tests.scene.command import STILL, check, run


@pytest.fixture
def folder(tmp_path):
    """Return a folder with a song of ten seconds."""
    with wave.open(str(tmp_path / "song.wav"), "wb") as song:
        song.setnchannels(1)
        song.setsampwidth(2)
        song.setframerate(8000)
        song.writeframes((3000 * np.sin(np.arange(80000) / 3)).astype("<i2").tobytes())
    return tmp_path


@pytest.mark.parametrize(
    ("audio", "seconds"),
    [
        ("song.wav", 10),
        ("{file: song.wav}", 10),
        ("{file: song.wav, start: 2.5s}", 7.5),
        ("{file: song.wav, end: 0:04}", 4),
        ("{file: song.wav, start: 1s, end: 4s, gain: 0.5, fade: 1s}", 3),
        ("{file: song.wav, start: -2s}", 12),
        ("{file: song.wav, start: -2s, end: 4s}", 6),
        ("{file: song.wav, loop: true}", 10),
        ("{file: song.wav, loop: {blend: 500ms}}", 9.5),
    ],
)
def test_the_film_lasts_as_long_as_what_is_heard(folder, audio, seconds):
    assert plan_of(folder, f"audio: {audio}\n{STILL}").duration == pytest.approx(seconds)
    assert plan_of(folder, f"audio: {audio}\nduration: 3s\n{STILL}").duration == 3


def test_a_film_that_is_a_loop_goes_round_with_its_sound(folder):
    plan = plan_of(folder, f"fps: 7\nloop: true\naudio: {{file: song.wav, loop: {{blend: 400ms}}}}\n{STILL}")
    assert plan.duration == pytest.approx(67 / 7)
    assert plan.soundtrack.period == pytest.approx(plan.duration)
    assert plan.soundtrack.closed


def test_where_in_the_song_a_time_of_the_film_is(folder):
    t = np.array([0.0, 1.0, 3.5, 8.0])
    once = plan_of(folder, f"audio: {{file: song.wav, start: 2s}}\n{STILL}").soundtrack
    assert once.song_time(t).tolist() == [2, 3, 5.5, 10]
    early = plan_of(folder, f"audio: {{file: song.wav, start: -2s}}\n{STILL}").soundtrack
    assert early.song_time(t).tolist() == [-2, -1, 1.5, 6]
    round_ = plan_of(folder, f"audio: {{file: song.wav, end: 3s, loop: true}}\nduration: 9s\n{STILL}").soundtrack
    assert round_.song_time(t).tolist() == [0, 1, 0.5, 2]


@pytest.mark.parametrize(
    ("audio", "said"),
    [
        ("7", "audio: expected the name of a file such as song.mp3, got 7"),
        ("{}", "audio: expected the file of the song, such as {file: song.mp3}"),
        ("{file: sing.wav}", "audio: no such file: sing.wav; did you mean 'song.wav'?"),
        ("{file: song.wav, starts: 2s}", "audio.starts: unknown option of audio 'starts'; did you mean 'start'?"),
        ("{file: song.wav, start: 12s}", "audio.start: expected a time within the song, up to 10s, got 12s"),
        ("{file: song.wav, start: 8b}", "audio.start: expected a time of the song, such as 30s, 400ms or 1:02.5"),
        ("{file: song.wav, start: 50%}", "audio.start: expected a time of the song, such as 30s, 400ms or 1:02.5"),
        ("{file: song.wav, end: 11s}", "audio.end: expected a time after 0s and within the song, up to 10s, got 11s"),
        ("{file: song.wav, start: 4s, end: 3s}", "audio.end: expected a time after 4s"),
        ("{file: song.wav, gain: loud}", "audio.gain: expected a gain such as 0.8 or -6dB, up to 100, got 'loud'"),
        ("{file: song.wav, gain: -1}", "audio.gain: expected a gain"),
        ("{file: song.wav, fade: -1s}", "audio.fade: expected 0s or more, got '-1s'"),
        ("{file: song.wav, fade: 6s}", "audio.fade: expected fades that fit into the 10s that are heard"),
        ("{file: song.wav, fade: {inn: 1s}}", "audio.fade.inn: unknown end of a fade 'inn'; did you mean 'in'?"),
        ("{file: song.wav, loop: {blend: 6s}}", "audio.loop: expected a blend of up to half of what is heard, 5s"),
        ("{file: song.wav, loop: 2s}", "audio.loop: expected true, false or {blend: 1s}, got '2s'"),
        ("{file: song.wav, loop: true, start: -1s}", "audio.start: a song that repeats cannot begin before itself"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(folder, audio, said):
    result = check(folder, f"audio: {audio}\n{STILL}")
    assert result.code == 2
    assert len(result.lines) == 1
    assert result.lines[0].startswith("scene.yaml:1:")
    assert said in result.lines[0]


def test_decibels_are_a_factor(folder):
    plan = plan_of(folder, f"audio: {{file: song.wav, gain: -6 dB, fade: {{out: 3s}}}}\n{STILL}")
    assert plan.soundtrack.gain == pytest.approx(0.501, abs=1e-3)
    assert (plan.soundtrack.fade_in, plan.soundtrack.fade_out) == (0, 3)


def test_a_part_of_a_film_has_its_part_of_the_sound(folder):
    (folder / "scene.yaml").write_text(f"size: 16\nfps: 10\naudio: {{file: song.wav, start: 1s, fade: 2s}}\n{STILL}")
    job = api.prepare(api.load_scene(folder / "scene.yaml"))
    (whole,) = api.open_sinks(job, "whole.mp4", range(90))
    (part,) = api.open_sinks(job, "part.mp4", range(30, 60))
    assert (whole.spec.audio.skip, whole.spec.audio.film) == (0, None)
    assert (part.spec.audio.start, part.spec.audio.skip, part.spec.audio.film) == (1, 3, 9)
    assert job.timeline.plan.fps == Fraction(10)


def test_a_manifest_remembers_the_soundtrack(folder):
    (folder / "scene.yaml").write_text(f"size: 16\nfps: 4\naudio: {{file: song.wav, start: 8s}}\n{STILL}")
    assert run(folder, "scene.yaml", "-o", "a.mp4", "-q").code == 0
    assert run(folder, "a.mp4.json", "-o", "b.mp4", "-q").code == 0
    assert (folder / "b.mp4").read_bytes()[-200:] == (folder / "a.mp4").read_bytes()[-200:]
