"""The bundled effects: documented, shown by the command line, and without privileges."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import numpy as np
import pytest

import renderer
from renderer.job import plugins
from renderer.plugin_manager import DEFAULT_PLUGINS, DEFAULT_SIGNALS
from renderer.testing import Trial
from renderer.trial import frames

FOLDER = Path(__file__).parent.parent.parent / "plugins"
FILES = sorted(path for path in FOLDER.glob("*.py") if path.name != "__init__.py")
SIGNALS = sorted(path for path in (FOLDER / "signals").glob("*.py") if path.name != "__init__.py")
EFFECTS = plugins().effects
LIBRARIES = {"torch", "numpy", "scipy", "librosa", "mido", "PIL"}


def test_every_file_is_a_bundled_plugin():
    assert tuple(path.stem for path in FILES) == DEFAULT_PLUGINS
    assert tuple(path.stem for path in SIGNALS) == DEFAULT_SIGNALS


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_name_of_the_file_is_that_of_the_effect(path):
    name = path.stem.replace("_", "-")
    assert EFFECTS[name].__module__ == f"renderer.plugins.{path.stem}"
    assert EFFECTS.plugins[name] == name
    assert [one for one, effect in EFFECTS.items() if effect.__module__.endswith(f".{path.stem}")] == [name]


@pytest.mark.parametrize("path", SIGNALS, ids=lambda path: path.stem)
def test_the_name_of_the_file_is_that_of_its_first_signal(path):
    made = [
        name for name, one in plugins().signals.items() if one.__module__ == f"renderer.plugins.signals.{path.stem}"
    ]
    assert made[0] == path.stem


@pytest.mark.parametrize("path", [*FILES, *SIGNALS], ids=lambda path: path.stem)
def test_a_plugin_imports_the_public_renderer_and_libraries_only(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= LIBRARIES | sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            assert node.module == "renderer" or node.module.split(".")[0] in LIBRARIES | sys.stdlib_module_names
            if node.module == "renderer":
                assert {alias.name for alias in node.names} <= set(renderer.__all__)


@pytest.mark.parametrize("path", [*FILES, *SIGNALS], ids=lambda path: path.stem)
def test_a_plugin_is_short(path):
    assert len(path.read_text().splitlines()) <= 120


def test_public_names_are_there():
    for name in renderer.__all__:
        assert getattr(renderer, name) is not None
    assert set(renderer.__all__) <= set(dir(renderer))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        renderer.nothing  # noqa: B018


@pytest.mark.parametrize("name", EFFECTS)
def test_every_effect_is_documented(name):
    effect = EFFECTS[name]
    first, *rest = effect.__doc__.strip().splitlines()
    assert first.rstrip().endswith((".", ":", ","))
    assert rest, "a second line says what the effect computes"
    for field in effect.model_fields.values():
        assert field.description
        assert not field.description.endswith(".")


@pytest.mark.parametrize("name", EFFECTS)
def test_the_example_parses_and_renders(name):
    job = Trial(EFFECTS[name], EFFECTS[name].example).job()
    shown = frames(job, 0, 4)
    assert shown.shape == (4, *job.size[::-1], 3)
    assert shown.std() > 5
    assert np.array_equal(shown, frames(job, 0, 4))


@pytest.mark.parametrize("name", EFFECTS)
def test_the_command_line_tells_all_about_an_effect(command, name):
    told = command("effects", name)
    effect = EFFECTS[name]
    assert told.code == 0
    assert f"{name} ({effect.stage} effect)" in told.output
    for field_name, field in effect.model_fields.items():
        assert (field.alias or field_name) in told.output
        assert field.description.split()[0] in told.output
    for line in effect.example.splitlines():
        assert line in told.output


def test_the_command_line_lists_effects_and_plugins(command):
    listed, offered = command("effects"), command("plugins")
    assert listed.code == offered.code == 0
    for name, effect in EFFECTS.items():
        assert any(
            line.startswith(f"{name} ") and effect.__doc__.split()[0] in line for line in listed.output.splitlines()
        )
        assert f"effect {name}" in offered.output


def test_an_unknown_effect_lists_the_nearest(command):
    told = command("effects", "wallk")
    assert told.code == 2
    assert "unknown effect 'wallk'; did you mean 'walk'?" in told.output
