"""Scenes that hear a song: signals, beats and sections, as a scene writes them and as effects get them."""

from __future__ import annotations

import numpy as np
import pytest

import renderer
from renderer.errors import SceneError
from renderer.job import plugins
from tests.audio.sounds import BEATS, OFFSET, TEMPO


def problems(plan_of, text: str) -> list[str]:
    with pytest.raises(SceneError) as raised:
        plan_of(text)
    return [str(problem).split("scene.yaml:")[1] for problem in raised.value.problems]


def test_hats_are_heard_between_the_drums(plan_of):
    hats = plan_of("audio: song.wav\nsignals: {h: {hats: {}, release: 0s}}\n").named["h"]
    t = np.arange(4, 12, 0.01)
    between = np.abs(((t - OFFSET) % 0.5) - 0.25) < 0.06
    assert hats(t)[between].max() > 0.9
    assert hats(t)[~between].max() < 0.6


def test_a_kick_is_heard_when_it_sounds(plan_of):
    kick = plan_of("audio: song.wav\nsignals: {k: {onset: kick, release: 0s}}\n").named["k"]
    t = np.arange(0, 16, 0.001)
    values = kick(t)
    for beat in BEATS[:-1]:
        near = np.abs(t - beat) < 0.1
        assert t[near][values[near].argmax()] == pytest.approx(beat, abs=0.015)


def test_a_signal_needs_no_name_of_its_own(plan_of):
    named = plan_of("audio: song.wav\ntimeline: [{walk: {keys: 3}}, {psi-ramp: {psi: 0.2 + 0.5*kick*rms}}]\n").named
    assert {"kick", "rms"} <= set(named)


def test_signals_do_not_change_with_fps(plan_of):
    text = "audio: song.wav\nsignals: {a: {rms: {}}, b: kick, c: {band: bass, smooth: 50ms}, d: {beat: phase}}\n"
    plans = [plan_of(text, fps) for fps in (24, 30, 60)]
    t = np.arange(96) / 6  # frames that all three have
    assert {int(plan.fps) for plan in plans} == {24, 30, 60}
    for name in "abcd":
        values = np.array([plan.named[name](t) for plan in plans])
        assert np.ptp(values, axis=0).max() <= 0.01
        assert np.ptp(values[0]) > 0.05


@pytest.mark.parametrize("name", sorted(set(plugins().signals) - {"csv", "midi", "stem", "pitch"}))
def test_every_source_gives_what_its_example_says(plan_of, name):
    plan = plan_of(f"audio: song.wav\nsignals:\n  {plugins().signals[name].example}\n")
    curve = plan.named[plugins().signals[name].example.split(":")[0]]
    values = curve(np.linspace(-1, 20, 500))
    assert np.isfinite(values).all()
    assert np.abs(values).max() <= (1.001 if name != "tempo" else 1000)


@pytest.mark.parametrize("file", ["silence", "dc", "clipped", "eight"])
def test_odd_sounds_give_numbers(plan_of, file):
    names = sorted(set(plugins().signals) - {"csv", "midi", "stem", "tempo"})
    examples = "".join(f"  {plugins().signals[name].example}\n" for name in names)
    plan = plan_of(f"audio: {file}.wav\ntempo: 120\nduration: 3s\nsignals:\n{examples}")
    for curve in plan.named.values():
        values = curve(np.linspace(0, 3, 100))
        assert np.isfinite(values).all()
        assert values.min() >= 0
        assert values.max() <= 1.001
    if file in ("silence", "dc"):
        assert not plan.named["loud"](np.linspace(0.1, 1.9, 50)).any()  # what never changes is no signal


def test_a_file_of_one_sample_is_no_song(plan_of):
    assert problems(plan_of, "audio: one.wav\n") == [
        "1:8: audio: expected a song, but one.wav is over in less than 10 ms"
    ]


def test_silence_is_nothing_and_no_error(plan_of):
    plan = plan_of("audio: silence.wav\nsignals: {a: {rms: {}}, b: kick, c: {centroid: {}}, d: {chroma: A}}\n")
    assert all(not plan.named[name](np.linspace(0, 2, 50)).any() for name in "abcd")


def test_a_pitch_in_silence_is_zero_and_a_tone_is_its_note(plan_of):
    plan = plan_of("audio: tone.wav\nsignals: {p: {pitch: {}, normalise: false}, a: {chroma: A}, d: {chroma: D}}\n")
    t = np.linspace(0.5, 3.5, 30)
    assert plan.named["p"](t) == pytest.approx(69, abs=0.3)
    assert plan.named["a"](t).min() > 0.95
    assert plan.named["d"](t).max() < 0.1


def test_a_song_without_a_beat_has_sections(plan_of):
    assert plan_of("audio: silence.wav\nsignals: {s: {section: A}}\n").named["s"](np.array([1.0])) == 1


def test_a_film_may_outlast_its_song(plan_of):
    plan = plan_of(
        "audio: tone.wav\nduration: 9s\nsignals: {loud: {band: low-mid, release: 100ms, normalise: false}}\n"
    )
    loud = plan.named["loud"]
    assert loud(np.array([2.0]))[0] > 0.1
    assert loud(np.array([8.0]))[0] == pytest.approx(0, abs=1e-3)


def test_a_song_that_begins_late_or_repeats_is_heard_so(plan_of):
    late = plan_of("audio: {file: song.wav, start: -2s}\nsignals: {k: kick}\n").named["k"]
    assert not late(np.linspace(0, 2.2, 30)).any()
    assert late(np.array([OFFSET + 2.02]))[0] > 0.3
    text = "audio: {file: song.wav, end: 4s, loop: true}\nduration: 12s\nsignals: {k: kick}\n"
    again = plan_of(text).named["k"]
    t = np.linspace(0.5, 3.5, 60)
    assert again(t + 8) == pytest.approx(again(t + 4), abs=0.02)
    assert again(t + 4).max() > 0.5


def test_beats_are_found(plan_of):
    plan = plan_of("audio: song.wav\n")
    grid = plan.music.beats
    assert grid.tempo == pytest.approx(TEMPO, rel=0.005)
    assert 0.3 < grid.confidence <= 1
    assert grid.seconds(np.arange(28)) == pytest.approx(BEATS[:28], abs=0.015)  # bar 1 is where the loud drum is
    assert plan.clock.position(renderer.Time.parse("bar 3")) == pytest.approx(OFFSET + 4, abs=0.015)


@pytest.mark.parametrize(
    ("written", "bar_3"),
    [
        ("tempo: 60\noffset: 1s\n", 9.0),
        ("beats: [1, 2, 3.5, 4, 5, 6, 7, 8.25, 9]\n", 9.0),
        ("beats: taps.txt\n", 2.5),
        ("tempo: {downbeat: 2}\n", OFFSET + 4.5),
        ("tempo: auto\noffset: 800ms\n", OFFSET + 4.5),
        ("tempo: {hint: 60}\nbeats_per_bar: 2\n", OFFSET + 4.0),
    ],
)
def test_beats_may_be_given(plan_of, song_folder, written, bar_3):
    (song_folder / "taps.txt").write_text("# my taps\n0.25\t4\n0.5\t1\n0.75\n1.0\n1.25\n")
    plan = plan_of("audio: song.wav\n" + written)
    assert plan.clock.position(renderer.Time.parse("bar 3")) == pytest.approx(bar_3, abs=0.02)


def test_keys_stay_on_the_beat_at_any_rate_and_tempo(plan_of):
    for tempo in (90, 133):
        for fps in (24, 60):
            text = f"audio: song.wav\ntempo: {tempo}\nsignals: {{k: {{0b: 0, 4b: 1, 8b: 0}}}}\n"
            assert plan_of(text, fps).named["k"](np.array([4 * 60 / tempo]))[0] == pytest.approx(1)


def test_oscillators_of_beats_follow_the_beats(plan_of):
    plan = plan_of("audio: song.wav\nbeats: [1, 2, 4, 5]\nsignals: {s: saw(1b), p: pulse(1b)}\n")
    assert plan.named["s"](np.array([1.5, 3.0, 4.5])) == pytest.approx([0, 0, 0], abs=1e-9)
    assert plan.named["p"](np.array([1.05, 2.1, 2.5, 4.01])).tolist() == [1, 1, 0, 1]


def test_a_loop_says_that_the_music_does_not_close(plan_of):
    text = "audio: song.wav\nloop: {}\nsignals: {{loud: {{rms: {{}}}}}}\n"
    (said,) = problems(plan_of, text.format("true"))
    assert said.startswith("3:17: signals.loud: the loop cannot close: rms follows the music")
    assert plan_of(text.format("{blend: 1s}")).named["loud"] is not None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("signals: {k: {onst: kick, release: 1s}}", "unknown signal 'onst'; did you mean 'onset'?"),
        ("signals: {k: {onset: kik}}", "expected a range of Hz such as [20, 150], or sub"),
        ("signals: {k: {onset: kick, relese: 1s}}", "'relese' beside 'onset' is no step of shaping; did you mean"),
        ("signals: {k: {onset: kick, release: fast}}", "expected a length of time such as 200ms or 1b, got 'fast'"),
        ("signals: {k: {rms: {}, clip: [9, 2]}}", "expected two percentiles such as [5, 99], the lower first"),
        ("signals: {k: {rms: {loud: 1}}}", "unknown key 'loud'; none is known"),
        ("signals: {k: {band: {}}}", "'range' is missing; it has no default"),
        ("signals: {k: {chroma: {}}}", "chroma gives 12 numbers at a time; say which, such as {chroma: C}"),
        ("signals: {k: {section: solo}}", "no section is called 'solo'; there are "),
        ("signals: {k: {midi: none.mid}}", "no such file: none.mid"),
        ("tempo: {hint: 0}", "expected beats per minute above 0"),
        ("tempo: {tracker: beet}", "unknown beat tracker 'beet'; known are librosa"),
        ("beats: [1, 0.5]", "expected beats that are ever later, but 0.5s follows 1s"),
        ("sections: {solo: {}}", "no section of the song is called 'solo'"),
        ("sections: {a: 0s, b: {at: 4s, fade: 20s}}", "expected a fade no longer than the section"),
    ],
)
def test_what_is_wrong_is_said_once(plan_of, text, said):
    found = problems(plan_of, f"audio: song.wav\n{text}\nmarkers: {{m: 1b}}\n")
    assert len(found) == 1
    assert said in found[0]


def test_no_beat_and_a_broken_song_are_said_at_their_place(plan_of, song_folder):
    (said,) = problems(plan_of, "audio: silence.wav\nmarkers: {a: 1b, b: 2b}\n")
    assert said == "1:8: audio: found no beat in silence.wav; write e.g. tempo: 120"
    (said,) = problems(plan_of, "signals: {loud: {rms: {}}}\n")
    assert said == "1:17: signals.loud: the scene has no sound; write audio: song.mp3"
