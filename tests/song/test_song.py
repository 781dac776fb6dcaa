"""`render audio`: what a song holds, and a scene that renders as it is."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml

from renderer.audio.key import key_of
from renderer.example_song import write_song
from tests.scene.command import run


@pytest.fixture
def folder(tmp_path):
    write_song(tmp_path)
    return tmp_path


def test_what_a_song_holds_is_told(folder):
    done = run(folder, "audio", "song.wav")
    assert done.code == 0
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert "0:04.0 (4.00 s), pcm_s16le" in rows["length"]
    assert "beats a minute, confidence" in rows["tempo"]
    assert "C major" in rows["key"]
    assert "▅" in rows["sound"]
    assert "audio: song.wav" in done.out


def test_the_facts_as_json(folder):
    facts = json.loads(run(folder, "audio", "song.wav", "--json").out)
    assert facts["tempo"] == pytest.approx(120, rel=0.02)
    assert 0 < facts["confidence"] <= 1
    assert facts["key"]["name"] == "C major"
    assert (facts["seconds"], facts["codec"], facts["beats_per_bar"]) == (4.0, "pcm_s16le", 4)


def test_a_hint_corrects_the_octave(folder):
    facts = json.loads(run(folder, "audio", "song.wav", "--json", "--hint", 60).out)
    assert facts["tempo"] == pytest.approx(60, rel=0.02)


@pytest.mark.parametrize("name", ["mine.yaml", "deep/er/mine.yaml"])
def test_the_scene_renders_as_it_is(folder, name):
    done = run(folder, "audio", "song.wav", "--scene", name)
    assert done.code == 0
    assert done.lines[-1] == f"now: render {name}"
    scene = yaml.safe_load((folder / name).read_text())
    assert scene["audio"] == ("song.wav" if name == "mine.yaml" else "../../song.wav")
    assert run(folder, name, "--size", 32, "--fps", 5, "-q", "-o", "a.mp4").code == 0
    assert (folder / "a.mp4").stat().st_size > 1000


def test_a_scene_that_is_there_is_left_alone(folder):
    (folder / "mine.yaml").write_text("mine\n")
    done = run(folder, "audio", "song.wav", "--scene", "mine.yaml")
    assert done.code == 2
    assert done.lines[-1] == "mine.yaml is there already; choose another name"
    assert (folder / "mine.yaml").read_text() == "mine\n"


def test_names_that_yaml_would_misread(folder):
    (folder / "song.wav").rename(folder / "a: song #1.wav")
    assert run(folder, "audio", "a: song #1.wav", "--scene", "mine.yaml").code == 0
    assert run(folder, "check", "mine.yaml").code == 0


def test_silence_has_neither_beat_nor_key(folder):
    import wave

    with wave.open(str(folder / "silence.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 3))
    done = run(folder, "audio", "silence.wav", "--scene", "mine.yaml")
    assert done.code == 0
    assert "key" not in done.out
    assert run(folder, "check", "mine.yaml").code == 0


def test_what_is_no_song_is_said(folder):
    (folder / "text.mp3").write_text("la la la")
    for name, said in (
        ("song.ogg", "no such file: song.ogg; did you mean 'song.wav'?"),
        ("text.mp3", "text.mp3: expected a file with sound"),
    ):
        done = run(folder, "audio", name)
        assert (done.code, len(done.lines)) == (2, 1)
        assert done.lines[0].startswith(said)


@pytest.mark.parametrize(
    ("notes", "key"),
    [
        ((0, 2, 4, 5, 7, 9, 11, 0, 4, 7, 0), "C major"),
        ((9, 11, 0, 2, 4, 5, 8, 9, 0, 4, 9), "A minor"),
        ((6, 8, 10, 11, 1, 3, 5, 6, 10, 1, 6), "F# major"),
    ],
)
def test_the_key_of_a_scale(notes, key):
    chroma = np.bincount(notes, minlength=12)
    assert key_of(chroma).name == key
    assert key_of(chroma * 0) is None
