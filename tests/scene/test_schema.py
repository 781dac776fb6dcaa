"""The schema that editors complete scenes by, and the scene that `render new` begins with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from renderer.job import plugins
from tests.conftest import ROOT
from tests.scene.command import run

SCENES = sorted((ROOT / "scenes").glob("*.yaml"))


@pytest.fixture(scope="module")
def validator(tmp_path_factory) -> Draft202012Validator:
    said = run(tmp_path_factory.mktemp("schema"), "schema")
    assert said.code == 0
    schema = json.loads(said.out)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("path", SCENES, ids=lambda path: path.stem)
def test_every_sample_scene_is_valid(validator, path):
    assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == []


@pytest.mark.parametrize("name", sorted(plugins().effects))
def test_every_example_of_an_effect_is_valid(validator, name):
    timeline = yaml.safe_load(plugins().effects[name].example)
    assert list(validator.iter_errors({"timeline": timeline})) == []


@pytest.mark.parametrize(
    "scene",
    [
        {"sed": 7},
        {"seed": -1},
        {"seed": "seven"},
        {"model": 3},
        {"timeline": [{"wlak": {}}]},
        {"timeline": [{"walk": {"kyes": 3}}]},
        {"timeline": [{"walk": {}}]},
        {"timeline": [{"walk": {"keys": 3, "interp": "slurp"}}]},
        {"timeline": [{"walk": {"keys": 3}, "form": "2s"}]},
        {"timeline": {"walk": {"keys": 3}}},
        {"output": [{"file": "a.gif", "fsp": 3}]},
        {"loop": {"bend": "1s"}},
        {"noise": "loud"},
        {"defaults": {"walk": {"interp": "slurp"}}},
    ],
    ids=str,
)
def test_a_wrong_scene_is_not(validator, scene):
    assert list(validator.iter_errors(scene))


@pytest.mark.parametrize(
    "scene",
    [
        {"loop": {"blend": "1s"}, "psi": {"0s": 0, "2s": {"value": 1, "ease": "hold"}}, "timeline": ["walk"]},
        {"output": "a.mp4", "include": ["a.yaml"], "vars": {"a": 1}, "defaults": {"walk": {"interp": "lerp"}}},
        {"timeline": [{"walk": {"keys": 3}, "from": "2s", "to": 4, "fade": "1b", "id": "a", "enabled": False}]},
        {"output": [{"file": "a.gif", "size": [64, 32], "fps": "30000/1001", "max_bytes": "8MB"}], "size": "64x32"},
        {"signals": {"kick": "sin(2s)"}, "markers": {"drop": "bar 17"}, "class": 3, "tempo": 120, "offset": "200ms"},
    ],
    ids=lambda scene: next(iter(scene)),
)
def test_what_scenes_may_write_is_valid(validator, scene):
    assert list(validator.iter_errors(scene)) == []


def test_everything_is_described(validator):
    schema = validator.schema
    assert all(part.get("description") for part in schema["properties"].values())
    _, *effects, group = schema["$defs"]["entry"]["anyOf"]
    assert all(part.get("description") for part in group["properties"].values())
    for entry in effects:
        (name,) = entry["required"]
        fields = entry["properties"][name]["anyOf"][0]
        assert fields["description"]
        assert all(part.get("description") for part in fields["properties"].values()), name


def test_a_new_scene_is_valid_and_renders(tmp_path, validator):
    said = run(tmp_path, "new", "films/first one")
    assert (said.code, said.out) == (0, "films/first one.yaml\nnow: render films/first one.yaml\n")
    path = tmp_path / "films" / "first one.yaml"
    assert path.read_text().count("#") > 8
    assert list(validator.iter_errors(yaml.safe_load(path.read_text()))) == []
    assert run(tmp_path, "check", "films/first one.yaml").code == 0
    args = (
        "--set",
        "duration=0.2s",
        "--set",
        "timeline.0.walk.keys=1-3",
        "--set",
        "timeline.2.direction-sweep.amount=1",
    )
    made = run(tmp_path, "films/first one.yaml", "--size", "32", "-o", "a.gif", *args)
    assert made.code == 0
    assert (tmp_path / "a.gif").stat().st_size > 100


def test_a_new_scene_never_takes_the_place_of_another(tmp_path):
    (tmp_path / "mine.yaml").write_text("mine")
    said = run(tmp_path, "new", "mine")
    assert (said.code, said.err) == (2, "mine.yaml is there already; choose another name, or move it away\n")
    assert (tmp_path / "mine.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["", "a: b", "x{y}", "a/", "#1", "a\nb", "mine.yaml/deeper", "n" * 300, "../"])
def test_names_that_can_be_none(tmp_path, name):
    (tmp_path / "mine.yaml").write_text("mine")
    said = run(tmp_path, "new", name)
    assert said.code == 2
    assert len(said.lines) == 1
    assert [path.name for path in Path(tmp_path).iterdir()] == ["mine.yaml"]
