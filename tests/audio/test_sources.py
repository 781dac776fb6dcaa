"""Signals that read files of their own, those of plugins, and what is kept of all that was heard."""

from __future__ import annotations

from typing import ClassVar

import mido
import numpy as np
import pytest

import renderer
from renderer import Beats, Series, SignalSource, hookimpl, param
from renderer.errors import PluginError, SceneError
from renderer.plugin_manager import load_plugins
from tests.audio.sounds import BEATS, hits, tone, write


@pytest.fixture
def midi_file(song_folder):
    song = mido.MidiFile(ticks_per_beat=480)
    drums, synth = mido.MidiTrack(), mido.MidiTrack()
    drums.append(mido.MetaMessage("track_name", name="drums"))
    drums.append(mido.MetaMessage("set_tempo", tempo=500_000))  # a beat is half a second
    for note, velocity in ((36, 127), (38, 64), (36, 32)):
        drums.append(mido.Message("note_on", note=note, velocity=velocity, channel=9, time=240))
        drums.append(mido.Message("note_off", note=note, channel=9, time=240))
    synth.append(mido.MetaMessage("track_name", name="synth"))
    synth.append(mido.Message("control_change", control=74, value=127, time=960))
    song.tracks += [drums, synth]
    song.save(song_folder / "song.mid")
    return "song.mid"


def values(plan_of, written: str, t) -> np.ndarray:
    plan = plan_of(f"audio: song.wav\nsignals: {{x: {{{written}}}}}\n")
    return plan.named["x"](np.asarray(t, float))


def test_notes_of_a_midi_file(plan_of, midi_file):
    held = values(plan_of, f"midi: {midi_file}, release: 0s", [0.1, 0.4, 0.6, 0.9, 1.4])
    assert held == pytest.approx([0, 1, 0, 64 / 127, 32 / 127], abs=0.01)
    kick = values(plan_of, f"midi: {{file: {midi_file}, note: 36}}, release: 0s", [0.4, 0.9, 1.4])
    assert kick == pytest.approx([1, 0, 32 / 127], abs=0.01)
    dying = values(plan_of, f"midi: {{file: {midi_file}, note: 36}}, release: 100ms", [0.6])
    assert dying == pytest.approx(np.exp(-1), abs=0.03)


def test_controllers_channels_and_tracks_of_a_midi_file(plan_of, midi_file):
    cc = values(plan_of, f"midi: {{file: {midi_file}, cc: 74}}, release: 0s", [0.5, 1.5, 9.0])
    assert cc == pytest.approx([0, 1, 1])
    assert values(plan_of, f"midi: {{file: {midi_file}, track: drums, note: [30, 37]}}", [0.4])[0] > 0.9
    with pytest.raises(SceneError, match="no track is called 'voice'; there are drums, synth"):
        values(plan_of, f"midi: {{file: {midi_file}, track: voice}}", [0])
    with pytest.raises(SceneError, match="no such notes or controllers"):
        values(plan_of, f"midi: {{file: {midi_file}, channel: 3}}", [0])
    with pytest.raises(SceneError, match="expected a MIDI file"):
        values(plan_of, "midi: song.wav", [0])


def test_a_column_of_a_table(plan_of, song_folder):
    (song_folder / "a.csv").write_text("time,heart,breath\n0,60,1\n2,80,0\n3,80,5\n")
    assert values(plan_of, "csv: {file: a.csv, column: heart}", [0, 1, 2.5, 9]) == pytest.approx([60, 70, 80, 80])
    assert values(plan_of, "csv: a.csv, normalise: true", [0, 2, 3]) == pytest.approx([0.2, 0, 1], abs=0.01)
    (song_folder / "b.csv").write_text("1\n3\n5\n")
    assert values(plan_of, "csv: {file: b.csv, rate: 2}", [0.25, 1.0]) == pytest.approx([2, 5])


@pytest.mark.parametrize(
    ("written", "text", "said"),
    [
        ("csv: {file: c.csv, column: hart}", "time,heart\n0,1\n1,2\n", "has no column 'hart'; there are time, heart"),
        ("csv: c.csv", "time,heart\n0,1\n1,x\n", "expected a number in column 1 of row 2, found 'x'"),
        ("csv: c.csv", "time,heart\n1,1\n0,2\n", "expected a column of ever later seconds, or `rate`"),
        ("csv: c.csv", "", "expected rows of numbers, found none"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(plan_of, song_folder, written, text, said):
    (song_folder / "c.csv").write_text(text)
    with pytest.raises(SceneError, match=r"^.*c\.csv: ") as raised:
        values(plan_of, written, [0])
    assert said in str(raised.value)


def test_stems_are_heard_by_file_and_by_folder(plan_of, song_folder):
    stems = song_folder / "stems"
    stems.mkdir(exist_ok=True)
    write(stems / "My Drums.wav", hits(BEATS, 16.0))
    write(stems / "My Pad.wav", tone(16.0))
    t = np.array([BEATS[3] + 0.02, BEATS[3] + 0.3])
    hit, rest = values(plan_of, "stem: {file: stems/drums, hear: kick}, release: 50ms", t)
    assert hit > 0.5 > 0.1 > rest
    assert values(plan_of, 'stem: "stems/My Drums.wav"', t)[0] > 0.3
    with pytest.raises(SceneError, match=r"2 files in stems/ are called so: stems/my; there are My Drums.wav, My Pad"):
        values(plan_of, "stem: stems/my", t)


class Third(SignalSource):
    """Give a third of the song's seconds."""

    name = "third"
    example = "x: {third: {}}"
    wrong: bool = param(False, description="Return what is no number")
    heard: ClassVar[int] = 0

    def analyse(self, hearing):
        Third.heard += 1
        scale = np.nan if self.wrong else 1 / 3
        return Series(np.arange(17) * scale, 1.0, hold=True)


@pytest.fixture
def registries():
    class Plugin:
        @staticmethod
        @hookimpl
        def register_signals(register):
            register(Third)

    made = load_plugins()
    made.signals.add("third", Third, "mine")
    made.beat_trackers.add("even", lambda song, hint, bar: Beats(np.arange(1.0, 15.0, 2.0), 0.9, 1), "mine")
    made.beat_trackers.add("broken", lambda song, hint, bar: 1 / 0, "mine")
    return made


def test_a_signal_of_a_plugin_is_heard_once_and_kept(plan_of, registries, cache):
    text = "audio: song.wav\nsignals: {x: {third: {}}}\n"
    before = Third.heard
    for _ in range(2):
        assert plan_of(text, registries=registries).named["x"](np.array([6.0]))[0] == pytest.approx(2)
    assert Third.heard == before + 1
    (kept,) = cache.iterdir()
    kept.write_bytes(b"damaged")
    assert plan_of(text, registries=registries).named["x"](np.array([6.0]))[0] == pytest.approx(2)
    assert Third.heard == before + 2


def test_the_cache_knows_sound_settings_and_version(plan_of, registries, song_folder, cache, monkeypatch):
    text = "audio: {}\nsignals: {{x: {{third: {{}}}}}}\n"
    before = Third.heard
    plan_of(text.format("song.wav"), registries=registries)
    (song_folder / "same.wav").write_bytes((song_folder / "song.wav").read_bytes())
    plan_of(text.format("same.wav"), registries=registries)
    assert Third.heard == before + 1
    plan_of(text.format("tone.wav"), registries=registries)
    plan_of(text.format("{file: song.wav, start: 1s}"), registries=registries)
    monkeypatch.setattr(Third, "version", 2)
    plan_of(text.format("song.wav"), registries=registries)
    assert Third.heard == before + 4


def test_a_signal_that_breaks_its_contract_is_named(plan_of, registries):
    with pytest.raises(PluginError, match="signal 'third' of mine returned no Series of finite numbers"):
        plan_of("audio: song.wav\nsignals: {x: {third: {wrong: true}}}\n", registries=registries)


def test_a_beat_tracker_of_a_plugin(plan_of, registries):
    plan = plan_of("audio: song.wav\ntempo: {tracker: even}\n", registries=registries)
    grid = plan.music.beats
    assert (grid.tempo, grid.confidence) == (pytest.approx(30), 0.9)
    assert plan.clock.position(renderer.Time.parse("bar 2")) == pytest.approx(11)
    with pytest.raises(PluginError, match="beat tracker 'broken' failed with ZeroDivisionError"):
        plan_of("audio: song.wav\ntempo: {tracker: broken}\nmarkers: {m: 1b}\n", registries=registries)
