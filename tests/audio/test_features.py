"""What each source hears, on sounds of which it is plain what it should hear."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.audio.hpss import harmonic_percussive, running_median
from renderer.audio.silence import through_silence
from renderer.audio.song import Song
from tests.audio.sounds import RATE, hits, tone, write

RAW = ", clip: [0, 100], normalise: false, smooth: 0s, attack: 0s, release: 0s"
T = np.linspace(0.5, 3.5, 31)  # within the first half of the sound
LATER = T + 4


@pytest.fixture
def hear(plan_of, song_folder):
    """Return a function that says what a source hears in two sounds, one after the other, of four seconds each."""

    def values(first, second, written):
        write(song_folder / "two.wav", np.concatenate([first, second]))
        curve = plan_of(f"audio: two.wav\ntempo: 120\nsignals: {{x: {{{written}}}}}\n").named["x"]
        return curve(T), curve(LATER)

    return values


def noise(seconds=4.0):
    return 0.2 * np.random.RandomState(1).randn(round(seconds * RATE))


def test_rms(hear):
    quiet, loud = hear(0.2 * tone(4.0), tone(4.0), f"rms: {{}}{RAW}")
    assert quiet == pytest.approx(0.1 / np.sqrt(2), rel=0.02)
    assert loud == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_band(hear):
    low, high = hear(tone(4.0, 100), tone(4.0, 1000), f"band: bass{RAW}")
    assert low.min() > 20 * high.max()
    low, high = hear(tone(4.0, 100), tone(4.0, 1000), f"band: [900, 1100]{RAW}")
    assert high.min() > 20 * low.max()


def test_centroid_and_flatness(hear):
    dark, bright = hear(tone(4.0, 200), tone(4.0, 4000), "centroid: {}")
    assert dark.max() < 0.1
    assert bright.min() > 0.9
    pure, hiss = hear(tone(4.0), noise(), "flatness: {}")
    assert pure.max() < 0.1
    assert hiss.min() > 0.8


def test_chroma_tells_notes_apart_in_all_octaves(hear):
    for note, hertz in (("A", 220), ("C", 523.25), ("F#", 369.99), ("Bb", 116.54)):
        own, other = hear(tone(4.0, hertz), tone(4.0, hertz * 2 ** (4 / 12)), f"chroma: {note}")
        assert own.min() > 0.9
        assert other.max() < 0.3


def test_what_lasts_and_what_hits(hear):
    drums = hits(np.arange(0, 4, 0.25), 4.0, hertz=2000, fall=120)
    lasting = hear(tone(4.0), drums, f"harmonic: {{}}{RAW}")
    hitting = hear(tone(4.0), drums, f"percussive: {{}}{RAW}")
    assert lasting[0].min() > 10 * lasting[1].max()
    assert hitting[1].max() > 3 * hitting[0].max()


def test_blocks_leave_no_seams(tmp_path):
    sound = tone(65.0) + 0.3 * hits(np.arange(0.25, 65, 0.5), 65.0, hertz=1500, fall=60)
    song = Song(write(tmp_path / "long.wav", sound))
    lasting, hitting = harmonic_percussive(song)
    assert len(lasting.values) == len(hitting.values) == song.frames
    at_a_seam = hitting.at(np.arange(29.5, 31.5, 0.01))  # blocks are 30 seconds long
    elsewhere = hitting.at(np.arange(9.5, 11.5, 0.01))
    assert at_a_seam == pytest.approx(elsewhere, abs=0.02)
    assert running_median(np.arange(12.0)[:, None], 5)[[0, 5, 11], 0].tolist() == [0, 5, 11]


def test_through_silence():
    found = through_silence([1, 1, 9, 9, 3, 3], [1, 1, 0, 0, 1, 1])
    assert found == pytest.approx([1, 1, 1 + 2 / 3, 1 + 4 / 3, 3, 3])
    assert through_silence([5, 5], [0, 0]).tolist() == [0, 0]


def test_beat_and_bar(hear):
    phase, _ = hear(tone(4.0), tone(4.0), "beat: phase")
    assert phase == pytest.approx(np.mod(T * 2, 1), abs=0.02)
    pulse, _ = hear(tone(4.0), tone(4.0), "beat: {every: 2}, release: 100ms")
    assert pulse == pytest.approx(np.exp(-np.mod(T, 1) / 0.1), abs=0.06)
    bars, later = hear(tone(4.0), tone(4.0), "bar: {show: phase, every: 2}")
    assert bars == pytest.approx(T / 4, abs=0.02)
    assert later == pytest.approx(T / 4, abs=0.02)
