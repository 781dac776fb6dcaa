"""The soundtrack is the song: sample for sample where it was, untouched where it can be, at every frame rate."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from sink_probe import audio_line, click, ffmpeg, render, smooth

from renderer.sinks import AudioTrack

AT = 10.0  # seconds
RATES = {"23.976": Fraction(24000, 1001), "29.97": Fraction(30000, 1001), "60": Fraction(60)}


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """Return the path of a click at ten seconds, over quiet noise, in every format."""
    folder = tmp_path_factory.mktemp("songs")
    wav = click(folder / "click.wav", AT, 10.5, channels=2)
    noise = ["-f", "lavfi", "-i", "anoisesrc=r=44100:a=0.02:seed=1:d=10.5", "-filter_complex", "amix=normalize=0"]
    for kind in ("wav", "mp3", "m4a", "ogg", "opus", "flac"):
        assert ffmpeg("-i", str(wav), *noise, str(folder / f"song.{kind}")).returncode == 0
    return lambda kind: folder / f"song.{kind}"


def played(path, rate=48000):
    """Return the sound as a player would play it beside the frames: what begins late begins late."""
    late = "aresample=async=1:first_pts=0"
    done = ffmpeg("-i", str(path), "-map", "0:a", "-af", late, "-ac", "1", "-ar", str(rate), "-f", "s16le", "-")
    assert done.returncode == 0, done.stderr.decode()
    return np.abs(np.frombuffer(done.stdout, "<i2") / 32768)


def heard_at(path):
    sound = played(path)
    return int(np.argmax(sound > 0.25 * sound.max())) / 48000


def packets(path):
    """Return a hash of every packet of the sound in a file."""
    done = ffmpeg("-i", str(path), "-map", "0:a", "-c", "copy", "-f", "framehash", "-")
    return [line.split(",")[5] for line in done.stdout.decode().splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("fps", RATES.values(), ids=RATES)
@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "ogg", "opus", "flac"])
def test_a_click_at_ten_seconds_is_at_ten_seconds_in_an_mp4(tmp_path, songs, kind, fps):
    film = render(tmp_path / "a.mp4", smooth(round(10.5 * fps), 32, 32), fps, 64, audio=AudioTrack(songs(kind))).path
    assert abs(heard_at(film) - AT) < 0.002  # a frame is 16 ms or longer


@pytest.mark.parametrize(
    ("name", "kind"), [("a.webm", "ogg"), ("a.webm", "mp3"), ("a.mkv", "opus"), ("a.mkv", "mp3"), ("a.mov", "m4a")]
)
def test_and_in_every_other_film(tmp_path, songs, name, kind):
    fps = RATES["23.976"]
    film = render(tmp_path / name, smooth(round(10.5 * fps), 16, 16), fps, 64, audio=AudioTrack(songs(kind))).path
    assert abs(heard_at(film) - AT) < 0.004  # WebM counts in milliseconds


@pytest.mark.parametrize(
    ("name", "kind"), [("a.mp4", "m4a"), ("a.mp4", "mp3"), ("a.webm", "opus"), ("a.webm", "ogg"), ("a.mkv", "flac")]
)
@pytest.mark.parametrize("fps", [Fraction(8), RATES["23.976"]], ids=["moviepy", "ffmpeg"])
def test_a_song_that_fits_is_copied_packet_by_packet(tmp_path, songs, name, kind, fps):
    film = render(tmp_path / name, smooth(round(10.6 * fps), 16, 16), fps, 64, audio=AudioTrack(songs(kind))).path
    assert packets(film) == packets(songs(kind))


@pytest.mark.parametrize(
    "changed", [{"gain": 0.5}, {"start": 0.1}, {"duration": 5.0}, {"fade_out": 1.0}, {"loop": True, "duration": 4.0}]
)
def test_a_song_that_is_changed_is_encoded_anew(tmp_path, songs, changed):
    audio = AudioTrack(songs("m4a"), **changed)
    film = render(tmp_path / "a.mp4", smooth(85, 16, 16), 8, 64, audio=audio).path
    anew, song = packets(film), packets(songs("m4a"))
    assert len(anew) > 20
    assert len(set(anew) & set(song)) < 3


@pytest.mark.parametrize(
    ("rate", "channels", "told"),
    [(8000, 1, "8000 Hz, mono"), (96000, 2, "96000 Hz, stereo"), (192000, 2, "96000 Hz"), (48000, 8, "48000 Hz, 7.1")],
)
def test_rate_and_channels_are_those_of_the_song(tmp_path, rate, channels, told):
    audio = AudioTrack(click(tmp_path / "a.wav", 0.5, rate=rate, channels=channels))
    film = render(tmp_path / "a.mp4", smooth(8, 16, 16), 8, audio=audio).path
    assert told in audio_line(film)
    assert abs(heard_at(film) - 0.5) < 0.01


@pytest.fixture
def tone(tmp_path):
    """Return a file of two seconds: a steady tone, twice as loud in its second half."""
    path = tmp_path / "tone.wav"
    loud = "sine=frequency=1000:sample_rate=48000:duration=2,volume='if(gte(t,1),4,2)':eval=frame"
    assert ffmpeg("-f", "lavfi", "-i", loud, str(path)).returncode == 0
    return path


def loudness(path, *spans):
    """Return the rms between pairs of seconds, in those of the first half of the tone."""
    sound = played(path)
    unit = 0.125 * 2 / np.sqrt(2)
    return [float(np.sqrt((sound[round(a * 48000) : round(b * 48000)] ** 2).mean()) / unit) for a, b in spans]


def test_a_sound_fades_in_and_out_at_its_own_ends(tmp_path, tone):
    audio = AudioTrack(tone, duration=1.0, fade_in=0.4, fade_out=0.2)
    film = render(tmp_path / "a.mov", smooth(15, 16, 16), 10, audio=audio).path
    start, middle, end = loudness(film, (0, 0.1), (0.45, 0.75), (0.95, 1.0))
    assert start < 0.2
    assert middle == pytest.approx(1, abs=0.05)
    assert end < 0.2
    assert len(played(film)) == pytest.approx(48000, abs=50)


def test_a_part_of_a_film_has_the_sound_of_that_part(tmp_path, tone):
    audio = AudioTrack(tone, fade_out=0.5, skip=1.0, film=2.0)
    film = render(tmp_path / "a.mov", smooth(10, 16, 16), 10, audio=audio).path
    before, end = loudness(film, (0.1, 0.45), (0.95, 1.0))
    assert before == pytest.approx(2, abs=0.05)
    assert end < 0.4


@pytest.mark.parametrize("fps", [Fraction(10), RATES["23.976"]], ids=["moviepy", "ffmpeg"])
def test_a_sound_repeats_as_long_as_the_film_lasts(tmp_path, tone, fps):
    audio = AudioTrack(tone, start=0.5, duration=1.0, loop=True)
    film = render(tmp_path / "a.mov", smooth(round(3 * fps), 16, 16), fps, 64, audio=audio).path
    halves = loudness(film, *((a / 2 + 0.05, a / 2 + 0.45) for a in range(5)))
    assert halves == pytest.approx([1, 2, 1, 2, 1], abs=0.1)


@pytest.mark.parametrize(("closed", "first"), [(False, 1.0), (True, 1.55)])
def test_a_sound_that_repeats_is_blended_over(tmp_path, tone, closed, first):
    audio = AudioTrack(tone, duration=2.0, loop=True, blend=0.5, closed=closed)
    film = render(tmp_path / "a.mov", smooth(40, 16, 16), 10, audio=audio).path
    begins, quiet, loud, blended, again = loudness(film, (0.2, 0.3), (0.55, 0.9), (1.1, 1.45), (1.7, 1.8), (2.1, 2.4))
    assert begins == pytest.approx(first, abs=0.6 if closed else 0.05)
    assert (quiet, loud, again) == pytest.approx((1, 2, 1), abs=0.1)
    assert 1.05 < blended < 2.3  # of the loud end and the quiet beginning, whatever their phases
