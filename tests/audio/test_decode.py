"""Sound of any kind is read, and of what is damaged each kind behaves as said."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from renderer.audio.decode import RATE, SoundProblem, decode
from tests.audio.sounds import ffmpeg, hits, tone, write

CLICK = 1.25  # seconds


@pytest.fixture
def clicks(tmp_path):
    return write(tmp_path / "click.wav", hits([CLICK], 2.0, hertz=900, fall=80))


def first_loud(decoded) -> float:
    samples = decoded.read(0, decoded.count)
    return float(np.argmax(np.abs(samples) > 0.1 * np.abs(samples).max()) / RATE)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "opus", "mp3", "m4a"])
def test_every_kind_of_file_is_read_in_time(clicks, suffix):
    path = clicks.with_suffix(f".copy.{suffix}")
    ffmpeg("-i", clicks, path)
    decoded = decode(path)
    assert decoded.count / RATE == pytest.approx(2.0, abs=0.06)
    assert first_loud(decoded) == pytest.approx(CLICK, abs=0.005)
    assert decoded.notes == ()


def test_a_video_is_heard_by_its_own_clock(clicks, tmp_path):
    film = tmp_path / "film.mp4"
    picture = ("-f", "lavfi", "-i", "color=black:s=32x32:r=10:d=3")
    ffmpeg(*picture, "-itsoffset", "0.5", "-i", clicks, "-map", "0:v", "-map", "1:a", "-c:a", "aac", film)
    assert first_loud(decode(film)) == pytest.approx(CLICK + 0.5, abs=0.03)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000, 192000])
def test_every_rate_is_brought_to_one(tmp_path, rate):
    decoded = decode(write(tmp_path / "a.wav", tone(1.0, 440, rate), rate))
    spectrum = np.abs(np.fft.rfft(decoded.read(0, RATE)))
    assert decoded.count == pytest.approx(RATE, abs=40)
    assert np.argmax(spectrum) == 440


@pytest.mark.parametrize("channels", [1, 2, 6, 8])
def test_channels_are_mixed_to_one(tmp_path, channels):
    sound = np.zeros((RATE, channels))
    sound[:, 0] = tone(1.0)
    decoded = decode(write(tmp_path / "a.wav", sound))
    samples = decoded.read(0, RATE)
    assert decoded.count == RATE
    assert 0.02 < np.abs(samples).max() <= 0.51
    assert np.argmax(np.abs(np.fft.rfft(samples))) == 440


def test_a_part_of_a_file(clicks):
    assert first_loud(decode(clicks, 1.0)) == pytest.approx(CLICK - 1, abs=0.002)
    assert decode(clicks, 0.5, 1.5).count == RATE
    late = decode(clicks, -0.5)
    assert first_loud(late) == pytest.approx(CLICK + 0.5, abs=0.002)
    assert not late.read(0, RATE // 2).any()
    assert not late.read(-100, 0).any()
    assert len(late.read(late.count - 5, late.count + 5)) == 10


def test_samples_that_are_no_numbers_are_silence(tmp_path):
    samples = tone(1.0).astype(np.float32)
    samples[1000:1010] = np.nan
    samples[2000] = np.inf
    raw = tmp_path / "a.f32"
    raw.write_bytes(samples.tobytes())
    wav = tmp_path / "a.wav"
    ffmpeg("-f", "f32le", "-ar", RATE, "-ac", 1, "-i", raw, "-c:a", "pcm_f32le", wav)
    decoded = decode(wav)
    found = decoded.read(0, RATE)
    assert np.isfinite(found).all()
    assert not found[1000:1010].any()
    assert decoded.notes == ("a.wav: 11 samples are no numbers, and heard as silence",)


def test_a_damaged_mp3_is_heard_where_it_can_be(tmp_path):
    mp3 = tmp_path / "a.mp3"
    ffmpeg("-i", write(tmp_path / "a.wav", tone(4.0)), mp3)
    data = bytearray(mp3.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 900] = bytes(900)
    mp3.write_bytes(data)
    decoded = decode(mp3)
    assert 3 < decoded.count / RATE < 4.2
    assert decoded.notes == ("a.mp3: damaged in places, which are heard as ffmpeg repairs them",)


@pytest.mark.parametrize("content", [b"", b"no sound at all", bytes(4000)])
def test_a_file_without_sound_is_refused(tmp_path, content):
    path = tmp_path / "a.mp3"
    path.write_bytes(content)
    with pytest.raises(SoundProblem, match=r"expected a file with sound, such as song.mp3, but ffmpeg .* a\.mp3"):
        decode(path)


def test_a_start_after_the_end_is_refused(clicks):
    with pytest.raises(SoundProblem, match=r"click\.wav has none after 9s"):
        decode(clicks, 9.0)


def test_one_sample_is_enough(tmp_path):
    assert decode(write(tmp_path / "a.wav", np.array([0.5]))).count == 1


def test_memory_does_not_grow_with_the_sound(tmp_path):
    long = tmp_path / "long.flac"
    ffmpeg("-f", "lavfi", "-i", "sine=440:sample_rate=24000:duration=600", long)
    tracemalloc.start()
    try:
        decoded = decode(long)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert decoded.count == 600 * RATE
    assert peak < 12e6  # the samples alone are 58 MB
