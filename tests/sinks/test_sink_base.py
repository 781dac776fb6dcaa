"""The life of a sink: checks, the part file, errors."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sink_probe import numbered, render, smooth, spec_of

from renderer.errors import SinkError
from renderer.sinks import SINKS, AudioTrack, MemorySink, Mp4Sink, sink_for


def test_memory_gives_back_what_came():
    frames = smooth(7)
    sink = render(Path("memory:"), frames)
    assert isinstance(sink, MemorySink)
    assert np.array_equal(sink.frames, frames)


def test_making_a_sink_touches_nothing(tmp_path):
    Mp4Sink(spec_of(tmp_path / "new" / "a.mp4", smooth()))
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_made(tmp_path):
    render(tmp_path / "new" / "deep" / "a.mp4", smooth())
    assert [p.name for p in (tmp_path / "new" / "deep").iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_a_failed_render_leaves_the_older_file_and_nothing_else(tmp_path, error, name):
    path = tmp_path / name
    path.write_text("older")
    sink = sink_for(path)(spec_of(path, smooth()))
    assert sink.part.parent == tmp_path  # the same file system, so that the last step cannot fail half way

    def fail() -> None:
        with sink:
            sink.write(smooth(3))
            raise error

    with pytest.raises(error):
        fail()
    assert path.read_text() == "older"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_finished_render_replaces_the_older_file(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("older")
    render(path, smooth())
    assert path.read_bytes()[4:8] == b"ftyp"
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_an_older_file_is_kept_where_overwriting_is_not_asked_for(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_text("older")
    with pytest.raises(SinkError, match="exists already"):
        Mp4Sink(spec_of(path, smooth(), overwrite=False))


def test_missing_frames_are_an_error(tmp_path):
    with pytest.raises(SinkError, match="only 3 of 10 frames"), Mp4Sink(spec_of(tmp_path / "a.mp4", smooth())) as sink:
        sink.write(smooth(3))
    assert list(tmp_path.iterdir()) == []


def test_too_many_frames_are_an_error(tmp_path):
    with (
        pytest.raises(SinkError, match="10 frames were announced"),
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth())) as s,
    ):
        s.write(smooth(11))


@pytest.mark.parametrize(
    "frames", [smooth(2, 47), smooth(2, 48, 65), smooth(2, channels=4), smooth(2)[0], smooth(2) / np.float32(255)]
)
def test_frames_of_another_shape_are_an_error(tmp_path, frames):
    with (
        pytest.raises(SinkError, match=r"must be uint8 \[N, 48, 64, 3\]"),
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth())) as s,
    ):
        s.write(frames)


def test_frames_are_taken_only_while_open(tmp_path):
    sink = Mp4Sink(spec_of(tmp_path / "a.mp4", smooth(2)))
    with pytest.raises(SinkError, match="the sink is new"):
        sink.write(smooth(2))
    with sink:
        sink.write(smooth(2))
    with pytest.raises(SinkError, match="the sink is closed"):
        sink.write(smooth(1))
    sink.close()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a.mp3", r"no output is called '\.mp3'; did you mean '\.mp4'\?; known are \.mp4, "),
        ("a.xyz1", r"no output is called '\.xyz1'; known are \.mp4, "),
    ],
)
def test_an_unknown_suffix_names_the_nearest(name, words):
    with pytest.raises(SinkError, match=words):
        sink_for(name)


def test_suffixes_are_unique_and_in_lower_case():
    known = [suffix for sink in SINKS for suffix in sink.suffixes]
    assert len(set(known)) == len(known)
    assert known == [suffix.lower() for suffix in known]
    assert sink_for("A.MP4") is Mp4Sink


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "film").write_text("")
    with pytest.raises(SinkError, match="cannot be written to"):
        Mp4Sink(spec_of(tmp_path / "film" / "a.mp4", smooth()))


def test_a_folder_that_forbids_writing_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(SinkError, match="cannot be written to"):
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth()))


def test_a_folder_in_place_of_the_file_is_an_error(tmp_path):
    (tmp_path / "a.mp4").mkdir()
    with pytest.raises(SinkError, match="is a folder"):
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth()))


@pytest.mark.parametrize("wrong", [{"width": 0}, {"fps": 0}, {"frames": 0}, {"channels": 2}])
def test_a_film_of_nothing_is_an_error(tmp_path, wrong):
    from dataclasses import replace

    with pytest.raises(SinkError, match="cannot write"):
        Mp4Sink(replace(spec_of(tmp_path / "a.mp4", numbered(2)), **wrong))


def test_a_cap_where_nothing_can_shrink_is_an_error(tmp_path):
    with pytest.raises(SinkError, match="max_bytes works for GIF and WebP"):
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth(), max_bytes=1000))


def test_a_missing_or_silent_sound_is_an_error_before_any_frame(tmp_path):
    with pytest.raises(SinkError, match="no such sound file"):
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth(), audio=AudioTrack(tmp_path / "no.wav")))
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(SinkError, match="finds no sound"):
        Mp4Sink(spec_of(tmp_path / "a.mp4", smooth(), audio=AudioTrack(tmp_path / "text.wav")))
