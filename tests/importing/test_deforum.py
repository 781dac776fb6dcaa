"""`render import deforum`: the values are Deforum's at every frame, and what cannot be said is said so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import yaml

from renderer import api
from renderer.importing.schedule import Place, signal_of
from renderer.job import plugins
from renderer.timeline.plan import bind
from tests.importing.deforum_reference import FRAMES, SEED
from tests.scene.command import run

SHOWN = json.loads(Path(__file__).with_name("deforum_values.json").read_text())


def bound(folder: Path, signal: object, fps: float) -> np.ndarray:
    """Return the values of a signal at every frame, as a film has them."""
    scene = {"fps": fps, "duration": f"{FRAMES}f", "signals": {"it": signal}}
    scene |= {"timeline": [{"walk": {"keys": 3}}, {"direction-sweep": {"direction": "hue", "amount": "it"}}]}
    path = folder / "scene.yaml"
    path.write_text(yaml.safe_dump(scene, sort_keys=False))
    plan, problems = bind(api.load_scene(path), plugins())
    assert plan is not None, problems
    return plan.named["it"](np.arange(FRAMES) / fps)


@pytest.mark.parametrize("one", SHOWN, ids=lambda one: one["schedule"])
@pytest.mark.parametrize("fps", [25, 30])
def test_values_are_those_of_deforum_at_every_frame(one, fps, tmp_path):
    values = bound(tmp_path, signal_of(one["schedule"], Place(fps, FRAMES, SEED)), fps)
    np.testing.assert_allclose(values, one["values"], rtol=0, atol=1e-8)


def test_a_schedule_is_printed_as_a_scene_has_it(tmp_path):
    done = run(tmp_path, "import", "deforum", SHOWN[0]["schedule"], "--name", "zoom")
    assert done.code == 0
    assert yaml.safe_load(done.out) == {"zoom": signal_of(SHOWN[0]["schedule"], Place(30))}
    assert "sin(2.001" in done.out  # a sine in frames becomes one with a period


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("hello", "expected a schedule such as"),
        ("", "expected a schedule such as"),
        ("0:(1", "brackets do not match"),
        ("x:(1)", "unknown name 'x'"),
        ("0:(max_f*t)", "give it by --max-frames"),
        ("0:(arcsin(t))", "arcsin cannot be said in a scene; did you mean 'sin'?"),
        ("0:(t.real)", "attribute is no part"),
        ("0:(eval(t))", "eval cannot be said"),
        ("0:(__import__('os'))", "constant is no part"),
        ("0:(sin(t, 2))", "sin takes 1 value, got 2"),
        ("0:(sqrt(0-1))", "there is no number for it"),
        ("0:(1/0)", "division by zero"),
        ("0:(t & 3)", "join comparisons only"),
        ("0:(" + "1+" * 300 + "1)", "at most 500 characters"),
    ],
)
def test_what_cannot_be_said_is_one_sentence(schedule, said, tmp_path):
    done = run(tmp_path, "import", "deforum", schedule)
    assert (done.code, len(done.lines)) == (2, 1)
    assert said in done.err
    assert done.err.startswith("SCHEDULE: ")


SETTINGS = {"W": 512, "H": 768, "seed": 11, "fps": 15, "max_frames": 60, "animation_mode": "2D", "prompts": {"0": "x"}}
SETTINGS |= {"zoom": "0:(1.02+0.02*sin(2*3.14*t/20))", "angle": "0:(0), 30:(1)", "translation_x": "0:(2)"}


def test_settings_become_a_scene(tmp_path):
    (tmp_path / "settings.txt").write_text(json.dumps(SETTINGS))
    done = run(tmp_path, "import", "deforum", "settings.txt", "-o", "mine.yaml")
    assert done.code == 0, done.err
    text = (tmp_path / "mine.yaml").read_text()
    assert "not taken, since nothing here does it: translation_x" in text
    job = api.prepare(api.load_scene(tmp_path / "mine.yaml", ["size=[32, 48]"]))
    assert (job.timeline.frames, job.timeline.plan.fps, job.scene.seed) == (60, 15, 11)
    (picture,) = api.iterate_frames(job, range(40, 41))
    assert picture.shape == (1, 48, 32, 3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("{", "settings.txt: expected the settings of Deforum as JSON"),
        ("[]", "settings.txt: expected the settings of Deforum, a JSON object"),
        ('{"fps": "x"}', "settings.txt: fps: expected a whole number above 0, got 'x'"),
        ('{"zoom": "0:(arcsin(t))"}', "settings.txt: zoom: in '(arcsin(t))': arcsin cannot be said"),
    ],
)
def test_settings_that_are_wrong_are_one_sentence(settings, said, tmp_path):
    (tmp_path / "settings.txt").write_text(settings)
    done = run(tmp_path, "import", "deforum", "settings.txt")
    assert (done.code, len(done.lines), done.out) == (2, 1, "")
    assert said in done.err
