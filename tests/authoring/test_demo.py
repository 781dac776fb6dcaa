"""`render effects NAME --demo` shows the example of an effect as a small loop."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from renderer.demo import demo_job
from renderer.job import Run, plugins
from tests.plugins.conftest import effect


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr("renderer.demo.HEAD", {"size": 32, "fps": 4, "duration": "4s"})


def test_an_effect_of_ones_own(command, plugin, folder, tmp_path):
    plugin("dim", effect("return x * frame.progress.float()[:, None, None, None]"))
    told = command("effects", "dim", "--demo", "--plugins-dir", folder)
    assert told.code == 0, told.output
    assert "out/dim.webp\n" in told.output
    with Image.open(tmp_path / "out/dim.webp") as loop:
        assert (loop.size, loop.n_frames) == ((32, 32), 16)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["dim.webp"]


def test_another_format(command, tmp_path):
    assert command("effects", "jitter", "-o", "a.gif").code == 0
    with Image.open(tmp_path / "a.gif") as loop:
        assert np.asarray(loop.convert("RGB")).std() > 5


@pytest.mark.parametrize(
    ("name", "loop", "blend"), [("walk", 4, 0), ("chroma-mix", None, 1), ("jitter", 4, 0), ("flash", 4, 0)]
)
def test_it_is_a_loop_wherever_it_can_be(tmp_path, name, loop, blend):
    registries = plugins()
    plan = demo_job(registries.effects[name], tmp_path, registries, Run(batch=1)).timeline.plan
    assert (plan.loop, plan.blend) == (loop, blend)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--demo",), "--demo: expected the NAME of an effect, such as render effects walk --demo"),
        (("wlak", "--demo"), "unknown effect 'wlak'; did you mean 'walk'?"),
        (("walk", "-o", "a.odd"), "a.odd: no output is called '.odd'"),
    ],
)
def test_what_cannot_be_shown(command, args, said, tmp_path):
    told = command("effects", *args)
    assert told.code == 2
    assert said in told.output
    assert not list(tmp_path.glob("**/*.*"))
