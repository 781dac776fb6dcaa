"""`render plot`: what a scene hears and how it moves, as a picture and in the terminal."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from renderer.example_song import write_song
from renderer.plot.shown import short, shown
from tests.scene.bound import plan_of
from tests.scene.command import run

SCENE = """
size: 32
tempo: 120
{audio}
duration: 4s
signals: {{wobble: sin(2b), still: 3}}
psi: {{0s: 0.5, 4s: 1}}
timeline:
  - walk: {{keys: {{0s: 3, 1s: {{seed: 14, psi: 0.7}}, 3s: mean}}}}
  - direction-sweep: {{direction: {{zoom: wobble, hue: 0.5}}, amount: "1 + progress"}}
    from: 1s
    to: 3s
"""
SILENT, LOUD = SCENE.format(audio=""), SCENE.format(audio="audio: song.wav") + "  - flash: {amount: 0.4*rms}\n"


@pytest.fixture
def folder(tmp_path):
    write_song(tmp_path)
    (tmp_path / "scene.yaml").write_text(LOUD)
    return tmp_path


def lines_of(what):
    return {line.name: line for line in what.lines}


def test_every_number_that_moves_is_shown(folder):
    lines = lines_of(shown(plan_of(folder, LOUD)))
    assert {name: line.kind for name, line in lines.items()} == {
        "wobble": "signal",
        "rms": "signal",
        "direction-sweep.direction.zoom": "parameter",
        "direction-sweep.amount": "parameter",
        "flash.amount": "parameter",
        "psi": "parameter",
    }


def test_values_are_those_of_the_film(folder):
    what = shown(plan_of(folder, SILENT), 0.5, 3.5)
    lines = lines_of(what)
    assert (what.times[0], what.times[-1]) == (0.5, 3.5)
    np.testing.assert_allclose(lines["wobble"].values, np.sin(2 * np.pi * what.times), atol=1e-9)
    np.testing.assert_allclose(lines["psi"].values, 0.5 + what.times / 8, atol=1e-9)
    amount, inside = lines["direction-sweep.amount"].values, (what.times > 1.001) & (what.times < 2.999)
    np.testing.assert_allclose(amount[inside], 1 + (what.times[inside] - 1) / 2, atol=1e-9)
    assert np.isnan(amount[what.times < 0.999]).all()


def test_beats_bars_and_keys(folder):
    what = shown(plan_of(folder, SILENT + "offset: 250ms\n"), 1.0, 4.0)
    np.testing.assert_allclose(what.beats, np.arange(1.25, 4, 0.5))
    np.testing.assert_allclose(what.bars, [2.25])
    assert (what.first_bar, what.confidence) == (2, 1.0)
    (keys,) = what.keys
    assert (keys.name, list(keys.times), keys.labels) == ("walk.keys", [0, 1, 3], ("3", "14", "mean"))


def test_the_waveform_is_that_of_the_part_that_is_heard(folder):
    quiet, loud = (shown(plan_of(folder, LOUD), *part).waveform for part in ((0.6, 0.99), (3.6, 3.99)))
    assert quiet.shape == loud.shape
    assert np.abs(loud).mean() > 1.5 * np.abs(quiet).mean()
    assert (loud[:, 0] <= loud[:, 1]).all()
    assert shown(plan_of(folder, SILENT)).waveform is None


def test_each_of_two_effects_has_a_name_of_its_own(folder):
    again = "  - flash: {amount: 0.1*rms}\n  - {id: last, flash: {amount: -0.1*rms}}\n"
    assert {"flash.amount", "flash 2.amount", "last.amount"} <= set(lines_of(shown(plan_of(folder, LOUD + again))))


@pytest.mark.parametrize(
    ("value", "span", "text"), [(9e-18, 1, "0"), (0.1234, 1, "0.12"), (1234.5, 2000, "1230"), (3, 0, "3")]
)
def test_numbers_are_short(value, span, text):
    assert short(value, span) == text


@pytest.mark.parametrize("name", ["a.png", "deep/er/a.svg", "a.pdf"])
def test_a_plot_is_written(folder, name):
    done = run(folder, "plot", "scene.yaml", "-o", name)
    assert (done.code, done.out.strip()) == (0, name)
    data = (folder / name).read_bytes()
    assert data[:4] in (b"\x89PNG", b"<?xm", b"%PDF")
    assert [path.name for path in (folder / name).parent.glob(".*")] == []
    if name.endswith(".png"):
        picture = np.asarray(Image.open(folder / name).convert("RGB"))
        assert picture.shape[1] == 1500
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 100


def test_frames_stand_above_the_plot(folder):
    assert run(folder, "plot", "scene.yaml").code == 0
    assert run(folder, "plot", "scene.yaml", "--frames", 6, "-o", "frames.png").code == 0
    plain, strip = (np.asarray(Image.open(folder / file)) for file in ("out/scene.plot.png", "frames.png"))
    assert strip.shape[0] > plain.shape[0] + 90
    assert strip[80:160, 250:1400, :3].std() > plain[80:160, 250:1400, :3].std()


def test_the_terminal_shows_it_too(folder):
    done = run(folder, "plot", "scene.yaml", "--term")
    assert done.code == 0
    for name in ("bars", "sound", "wobble", "rms", "flash.amount", "0:00.0"):
        assert name in done.out
    rows = {line.split()[0]: line for line in done.out.splitlines() if line.strip()}
    assert "█" in rows["wobble"]
    assert "-1 to 1" in rows["wobble"]
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("-o", "plot.mp4"), "plot.mp4: expected a picture for the plot, such as plot.png or plot.svg"),
        (("--from", "5s"), "--from and --to: expected times within the film, 0s to 4s, one after the other; got 5s"),
        (("--from", "bar 2", "--to", "1s"), "one after the other; got 2s and 1s"),
        (("--to", "soon"), "--to: unknown marker 'soon'"),
        (("--set", "timeline.2.flash.amount=1.5*rmss"), "unknown name 'rmss'"),
    ],
)
def test_what_cannot_be_shown_is_said(folder, arguments, said):
    done = run(folder, "plot", "scene.yaml", *arguments)
    assert (done.code, len(done.lines)) == (2, 1)
    assert said in done.lines[0]
    assert not (folder / "out").exists()


def test_a_part_may_be_named_in_bars(folder):
    done = run(folder, "plot", "scene.yaml", "--from", "bar 2", "--term")
    assert done.code == 0
    assert "0:02.0" in done.out


def test_sections_are_shown_with_their_own_timelines(folder):
    sections = """
sections:
  verse: [0s, 2s]
  drop: {at: [1s, 3s], timeline: [{flash: {amount: {0s: 0, 1s: 1}}}]}
"""
    what = shown(plan_of(folder, SILENT + sections))
    starts = [(section.label, section.start) for section in what.sections]
    assert starts == [("verse", 0), ("drop", 1), ("verse", 2), ("drop", 3)]
    values = lines_of(what)["drop 2: flash.amount"].values
    assert np.isnan(values[what.times < 2.99]).all()
    assert values[np.isfinite(values)][-1] == pytest.approx(1, abs=0.02)
