"""`render import seeds`: a list of seeds becomes a scene that loads."""

from __future__ import annotations

import pytest

from renderer import api
from renderer.generators.bloom import Bloom
from tests.scene.command import run


@pytest.mark.parametrize(
    ("options", "duration", "times"),
    [
        (["--hold", "1s", "--step", "2s"], 18, [0, 3, 6, 9, 12, 15]),
        (["--w-frames", "60", "--interp-type", "cubic", "--trunc", "0.7"], 12, [0, 2, 4, 6, 8, 10]),
        (["--no-loop", "--space", "z", "--fps", "24", "--step", "500ms"], 2.5, [0, 0.5, 1, 1.5, 2, 2.5]),
    ],
)
def test_seeds_become_a_scene(options, duration, times, tmp_path):
    done = run(tmp_path, "import", "seeds", "1,5,9-12", *options, "-o", "walk.yaml")
    assert done.code == 0, done.err
    scene = api.load_scene(tmp_path / "walk.yaml")
    timeline = api.compile_timeline(scene, Bloom(16))
    assert timeline.plan.duration == pytest.approx(duration)
    keys = scene.timeline[0].effect.keys.keys
    assert [key.time.terms[0].amount for key in keys] == pytest.approx(times)
    assert [key.source.seed for key in keys] == [1, 5, 9, 10, 11, 12]


def test_a_file_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "walk.yaml").write_text("mine")
    done = run(tmp_path, "import", "seeds", "1-3", "-o", "walk.yaml")
    assert (done.code, "is there already" in done.err) == (2, True)
    assert (tmp_path / "walk.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["1,x"], "SEEDS: expected seeds such as 1,5,9-12, got 'x'"),
        (["9-3"], "SEEDS: expected a range that goes up, such as 3-9"),
        (["0-99999"], "SEEDS: expected at most 10000 seeds"),
        (["1-3", "--step", "4b"], "--step: expected a time in seconds"),
        (["1-3", "--step", "0s"], "expected steps above 0s"),
        (["1-3", "--interp-type", "cubik"], "did you mean 'cubic'"),
    ],
)
def test_what_is_wrong_is_one_sentence(arguments, said, tmp_path):
    done = run(tmp_path, "import", "seeds", *arguments)
    assert (done.code, len(done.lines)) == (2, 1)
    assert said in done.err
