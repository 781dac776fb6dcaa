"""`--reload` renders again after every edit: of the scene, of what it includes and names, and of plugins."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from renderer import LatentreelError, Run, iterate_frames
from renderer.authoring.reload import Reloader
from tests.plugins.conftest import effect
from tests.plugins.test_plugin_third_party import install

SCENE = "include: base.yaml\nmodel: bloom\ntimeline:\n  - dim: {}\n"
BASE = "size: 16\nfps: 4\nduration: 1s\nseed: 1\ntimeline:\n  - walk: {keys: [3, 'me.npy']}\n"


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    yield
    sys.modules.pop("latentreel_tides", None)


@pytest.fixture
def film(plugin, folder, write_scene, tmp_path):
    """Return what loads a film anew: a scene with an include, a file of a latent, and an effect."""
    plugin("dim", effect("return x * 0.5"))
    write_scene(BASE, "base.yaml")
    np.save(tmp_path / "me.npy", np.ones((1, 64), np.float32))
    return Reloader(write_scene(SCENE), (folder,), run=Run(batch=1))


def brightness(fresh):
    return float(np.mean(list(iterate_frames(fresh.job, range(1)))))


def test_a_plugin_is_imported_anew(film, plugin, folder):
    first = brightness(film.load())
    assert film.changed() == []
    path = plugin("dim", effect("return x * 0.1"))  # of the same length, within a second
    assert film.changed() == [path]
    fresh = film.load()
    assert brightness(fresh) == pytest.approx(first / 5, rel=0.1)
    assert fresh.registries.effects["dim"] is type(fresh.job.timeline.stack[1].effect)
    assert film.changed() == []
    other = plugin("new", effect("return x", "new"))
    assert film.changed() == [other]
    assert "new" in film.load().registries.effects
    other.unlink()
    assert film.changed() == [other]
    assert "new" not in film.load().registries.effects


def test_the_scene_and_its_files_are_read_anew(film, write_scene, tmp_path):
    assert film.load().job.timeline.frames == 4
    base = write_scene(BASE.replace("duration: 1s", "duration: 2s"), "base.yaml")
    assert film.changed() == [base]
    assert film.load().job.timeline.frames == 8
    before = film.load().job.timeline.at(0.9).ws
    np.save(tmp_path / "me.npy", -np.ones((1, 64), np.float32))
    assert film.changed() == [tmp_path / "me.npy"]
    assert not np.allclose(before, film.load().job.timeline.at(0.9).ws)
    write_scene("size: 16\n", "unused.yaml")
    assert film.changed() == []


def test_plugins_and_models_that_did_not_change_are_kept(film, write_scene):
    first = film.load()
    write_scene(SCENE + "  - jitter: {}\n")
    again = film.load()
    assert again.registries is first.registries
    (kept,) = film.models.values()
    write_scene(SCENE)
    film.load()
    assert [*film.models.values()] == [kept]


def test_a_scene_that_is_wrong_is_waited_for(film, write_scene, tmp_path):
    film.load()
    path = write_scene(SCENE.replace("base.yaml", "later.yaml"))
    with pytest.raises(LatentreelError, match="no such scene: later"):
        film.load()
    assert film.changed() == []
    later = write_scene(BASE, "later.yaml")
    path.touch()
    assert path in film.changed()
    assert film.load().job.timeline.frames == 4
    assert later in film.files


def test_a_plugin_that_is_wrong_is_waited_for(film, plugin):
    film.load()
    path = plugin("dim", "def broken(:\n")
    with pytest.raises(LatentreelError, match="unknown effect 'dim'"):
        film.load()
    assert film.changed() == []
    plugin("dim", effect("return x"))
    assert film.changed() == [path]
    film.load()


def test_a_package_installed_from_its_sources(write_scene, tmp_path, monkeypatch):
    package = Path(__file__).parent.parent.parent / "examples/latentreel-tides"
    install(package, tmp_path / "sources")
    monkeypatch.syspath_prepend(tmp_path / "sources")
    scene = write_scene("size: 16\ntimeline:\n  - walk: {keys: 3}\n  - tides: {}\n")
    film = Reloader(scene, run=Run(batch=1))
    first = film.load()
    module = tmp_path / "sources/latentreel_tides/__init__.py"
    module.write_text(module.read_text().replace('param(0.6, description="How far', 'param(0.1, description="How far'))
    assert film.changed() == [module]
    depths = [float(one.job.timeline.stack[1].effect.depth.written) for one in (first, film.load())]
    assert depths == [0.6, 0.1]


def test_the_command_line_renders_after_every_edit(command, plugin, folder, write_scene, tmp_path, monkeypatch):
    """Each look at the files is followed by the next edit; the last is Ctrl-C."""
    scene = write_scene(BASE.replace(", 'me.npy'", "") + "  - dim: {}\n")
    path = plugin("dim", effect("return x * 0.5"))
    edits = [
        lambda: plugin("dim", effect("return x * 0.1")),
        lambda: plugin("dim", effect("raise RuntimeError('lost')")),
        lambda: write_scene("size: sixteen\n"),
        lambda: (write_scene(BASE.replace(", 'me.npy'", "").replace("1s", "2s") + "  - dim: {}\n"),
                 plugin("dim", effect("return x"))),
    ]  # fmt: skip
    left = iter(edits)

    def sleep(seconds):
        edit = next(left, None)
        if edit is None:
            raise KeyboardInterrupt
        edit()

    monkeypatch.setattr("renderer.cli_reload.time.sleep", sleep)
    told = command(scene, "--reload", "-o", "film.gif", "--plugins-dir", folder)
    assert told.code == 0
    lines = [line[10:] for line in told.output.splitlines() if line[2:3] == ":"]
    assert lines[0].startswith("film.gif: 4 frames in ")
    assert not lines[0].endswith(")")
    assert lines[1].endswith(" s  (dim.py)")
    assert lines[2] == f"effect 'dim' of {path} failed with RuntimeError: lost, at 0s, with amount 0.5"
    assert "the scene has no timeline" in lines[3]
    assert lines[-1].startswith("film.gif: 8 frames in ")
    assert lines[-1].endswith("(dim.py, scene.yaml)")
    assert told.output.endswith("stopped; the files are those of the last render that was whole\n")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["film.gif", "film.gif.json", "plugins", "scene.yaml"]


def test_a_render_whose_scene_is_edited_meanwhile_begins_anew(command, write_scene, monkeypatch):
    scene = write_scene(BASE.replace(", 'me.npy'", ""))
    looks = iter([[], [], [scene], [scene]])  # before loading, after the first frame, after the second, when waiting

    def changed(film):
        try:
            return next(looks)
        except StopIteration:
            return []

    monkeypatch.setattr(Reloader, "changed", changed)
    monkeypatch.setattr("renderer.cli_reload.time.sleep", lambda seconds: (_ for _ in ()).throw(KeyboardInterrupt))
    told = command(scene, "--reload", "--frames", "0:3", "--batch", "1", "-o", "film.gif")
    assert told.code == 0, told.output
    assert told.output.count("3 frames in") == 1


def test_a_manifest_cannot_be_edited(command):
    told = command("film.json", "--reload")
    assert (told.code, told.output[:27]) == (2, "--reload: expected a scene,")
