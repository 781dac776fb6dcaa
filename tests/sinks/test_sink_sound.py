"""The soundtrack as it is heard in the written film."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from sink_probe import (
    audio_line,
    click,
    decode,
    decode_sound,
    ffmpeg,
    frame_times,
    heard_at,
    probe,
    render,
    smooth,
    video_line,
)

from renderer.sinks import AudioTrack

NTSC = Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("name", "fps", "codec"),
    [
        ("a.mp4", 30, "aac (LC)"),
        ("a.mp4", NTSC, "aac (LC)"),
        ("a.webm", 30, "opus"),
        ("a.mov", 30, "pcm_s24le"),
        ("a.mkv", 30, "flac"),
    ],
)
def test_codec_and_the_click_is_where_it_was(tmp_path, name, fps, codec):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.5))
    path = render(tmp_path / name, smooth(30), fps, audio=audio).path
    assert codec in audio_line(path)
    assert abs(heard_at(path) - 0.5) < 1 / fps
    assert len(decode(path)) == 30


@pytest.mark.parametrize(("start", "at"), [(0.3, 0.2), (-0.25, 0.75), (0.0, 0.5)])
@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_start_moves_the_sound(tmp_path, name, start, at):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.5), start=start)
    assert abs(heard_at(render(tmp_path / name, smooth(10), audio=audio).path) - at) < 0.02


def test_a_song_is_cut_to_the_film(tmp_path):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.5, seconds=5))
    path = render(tmp_path / "a.mp4", smooth(10), audio=audio).path
    assert 0.95 < len(decode_sound(path)) / 48000 < 1.06
    assert "Duration: 00:00:01.0" in probe(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mov"])
def test_a_sound_shorter_than_the_film_leaves_it_whole(tmp_path, name):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.1, seconds=0.3))
    path = render(tmp_path / name, smooth(15), audio=audio).path
    assert len(frame_times(path)) == 15


def test_duration_ends_the_sound_early(tmp_path):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.7), duration=0.5)
    sound = decode_sound(render(tmp_path / "a.mov", smooth(10), audio=audio).path)
    assert np.abs(sound).max() == 0
    assert abs(len(sound) / 48000 - 0.5) < 0.01


def test_gain_is_a_factor(tmp_path):
    path = click(tmp_path / "click.wav", at=0.5)
    loud, soft = (
        np.abs(decode_sound(render(tmp_path / f"{gain}.mov", smooth(10), audio=AudioTrack(path, gain=gain)).path)).max()
        for gain in (1.0, 0.25)
    )
    assert abs(soft / loud - 0.25) < 0.02


@pytest.mark.parametrize(
    ("rate", "channels", "told"), [(22050, 1, "22050 Hz, mono"), (44100, 2, "44100 Hz, stereo"), (48000, 1, "48000 Hz")]
)
def test_rate_and_channels_are_kept(tmp_path, rate, channels, told):
    audio = AudioTrack(click(tmp_path / "click.wav", 0.5, rate=rate, channels=channels))
    assert told in audio_line(render(tmp_path / "a.mp4", smooth(10), audio=audio).path)
    assert "48000 Hz" in audio_line(render(tmp_path / "a.webm", smooth(10), audio=audio).path)


@pytest.mark.parametrize("name", ["song.mp3", "song.ogg", "song.flac", "song.m4a", "a song: 100%.wav"])
def test_every_kind_of_file_is_read(tmp_path, name):
    wav, song = click(tmp_path / "click.wav", at=0.5), tmp_path / name
    assert ffmpeg("-i", str(wav), str(song)).returncode == 0
    path = render(tmp_path / "a.mp4", smooth(10), audio=AudioTrack(song)).path
    assert abs(heard_at(path) - 0.5) < 0.03


@pytest.mark.parametrize(("name", "fps"), [("a.mp4", 10), ("a.mp4", NTSC), ("a.webm", 10)])
def test_sound_of_a_larger_film_does_not_bring_its_picture(tmp_path, name, fps):
    sound = AudioTrack(click(tmp_path / "a.wav", at=0.5))
    larger = render(tmp_path / "larger.mp4", smooth(10, 96, 128), audio=sound).path
    path = render(tmp_path / name, smooth(10), fps, audio=AudioTrack(larger)).path
    assert ", 64x48" in video_line(path)
    assert audio_line(path)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "frames/"])
def test_formats_without_sound_leave_it_out_and_say_so(tmp_path, name):
    audio = AudioTrack(click(tmp_path / "click.wav", at=0.5))
    sink = render(f"{tmp_path}/{name}", smooth(3), audio=audio)
    assert [note for note in sink.notes if note.endswith("has no sound: click.wav is left out")]
