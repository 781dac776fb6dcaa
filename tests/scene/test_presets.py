"""The presets that come along: each renders as it is, on bloom and on networks, and a scene changes what it likes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from renderer import SceneError, load_scene
from renderer.api import iterate_frames, prepare
from renderer.example_song import NAME, write_song
from renderer.job import Run
from renderer.scene.preset import preset_names
from tests.scene.command import run

FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture
def film(tmp_path, write_scene):
    """Return a function from the text of a scene to its job; a song lies beside it."""
    write_song(tmp_path)

    def make(text, model="bloom"):
        return prepare(load_scene(write_scene(text)), Run(size=(32, 32), batch=1, model=model, device="cpu"))

    return make


def including(name):
    return f"include: preset:{name}\n" + (f"audio: {NAME}\n" if name == "reactive" else "")


@pytest.mark.parametrize("model", ["bloom", str(FIXTURES / "sg2ada_uncond64.pkl"), str(FIXTURES / "sg3_t64.pkl")],
                         ids=lambda model: Path(model).stem)  # fmt: skip
@pytest.mark.parametrize("name", preset_names())
def test_a_preset_renders_as_it_is(film, name, model):
    job = film(including(name), model)
    frames = [next(iterate_frames(job, range(at, at + 1)))[0].astype(int) for at in (0, 25)]
    assert frames[0].std() > 5
    assert np.abs(frames[0] - frames[1]).mean() > 1


def test_there_are_four():
    assert preset_names() == ["calm-loop", "glitch", "hypnotic", "reactive"]


@pytest.mark.parametrize("name", [name for name in preset_names() if name != "reactive"])
def test_the_end_is_the_beginning(film, name):
    job = film(including(name))
    assert job.timeline.plan.loop is not None
    first, last = (next(iterate_frames(job, range(at, at + 1))).astype(int) for at in (0, job.timeline.frames))
    assert np.abs(first - last).max() <= 1


def test_vars_and_ids_change_a_preset(film):
    plain = film(including("calm-loop"))
    changed = film(f"{including('calm-loop')}vars: {{latents: [7, 8], glow: 0}}\nduration: 4s\n")
    assert changed.timeline.plan.duration == 4
    assert changed.scene.timeline[0].effect.keys.written == [7, 8]
    entry = "timeline:\n  - blur: {radius: 0.05}\n    id: vignette\n"
    own = film(including("calm-loop") + entry)
    assert [one.effect.name for one in own.scene.timeline][-1] == "blur"
    assert len(own.scene.timeline) == len(plain.scene.timeline)


def test_a_wrong_name_is_told_with_its_place(film):
    with pytest.raises(
        SceneError, match=r"scene.yaml:1:10: include: no such preset: calm-lop; did you mean 'calm-loop'"
    ):
        film("include: preset:calm-lop\n")


def test_the_command_lists_and_prints_them(tmp_path):
    listed = run(tmp_path, "presets")
    assert listed.code == 0
    assert all(name in listed.out for name in preset_names())
    printed = run(tmp_path, "presets", "glitch")
    assert printed.out.startswith("# A worn tape")
    wrong = run(tmp_path, "presets", "glich")
    assert wrong.code == 2
    assert "did you mean 'glitch'" in wrong.err
