"""`render check-plugin PATH` says which laws a plugin keeps, in a sentence for each that it breaks."""

from __future__ import annotations

import json
import sys

import pytest

from renderer.authoring.check import check_plugins
from renderer.authoring.found import find_plugins
from renderer.testing import LAWS
from tests.plugins.conftest import effect
from tests.plugins.test_plugin_third_party import ROOT, SINK, install


def broken(path):
    """Return what a plugin breaks, by the law."""
    names, registries = find_plugins(str(path))
    return {one.law: one.said for one in check_plugins(names, registries, lambda what: None) if not one.kept}


@pytest.fixture(autouse=True)
def as_before(monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("latentreel_tides", None)


def test_a_package_that_keeps_everything(command):
    told = command("check-plugin", ROOT / "examples/latentreel-tides", "--json")
    assert told.code == 0, told.output
    verdicts = json.loads(told.output[told.output.index("[") :])
    assert [one["law"] for one in verdicts] == [
        "documented", *(law.__name__.removeprefix("check_").replace("_", " ") for law in LAWS), "cost",
    ]  # fmt: skip
    assert all(one["kept"] for one in verdicts)
    assert {(one["plugin"], one["thing"]) for one in verdicts} == {("tides (latentreel-tides 0.1.0)", "effect tides")}
    assert verdicts[-1]["said"].endswith(" ms a frame at 512x512 on this machine")


def test_an_installed_package(command, tmp_path, monkeypatch):
    install(ROOT / "examples/latentreel-tides", tmp_path / "site")
    monkeypatch.syspath_prepend(tmp_path / "site")
    monkeypatch.setattr("renderer.authoring.check.LAWS", ())
    told = command("check-plugin", "latentreel-tides")
    assert told.code == 0, told.output
    assert "effect tides of tides (latentreel-tides 0.1.0)" in told.output
    nowhere = command("check-plugin", "latentreel-tide")
    assert nowhere.code == 2
    assert nowhere.output.endswith("no installed package of this name with a plugin; did you mean 'latentreel-tides'?")
    twice = command("check-plugin", ROOT / "examples/latentreel-tides")  # it is installed, and in the folder
    assert twice.code == 0, twice.output


def test_a_broken_law_is_a_sentence(command, plugin):
    path = plugin("dim", effect("import torch\nreturn x * torch.rand(1)"))
    told = command("check-plugin", path)
    assert told.code == 1
    assert f"effect dim of {path}" in told.output
    assert "✗  pure" in told.output
    assert "effect 'dim' is not a function of time: a second call differs; use frame.rng(t)" in told.output
    assert "✗  documented" in told.output
    assert "its docstring ends with the first line; a second says what it computes" in told.output
    assert "✓  contract" in told.output
    assert "broken\n" in told.output


def test_a_broken_contract_is_enough(plugin):
    path = plugin("dim", effect("return x[:, :1]").replace("Do it.", "Do it.\n\n    image"))
    said = f"effect 'dim' of {path} returned images of float32 [1, 1, 32, 32], expected float32 [1, 3, 32, 32], at 0s, "
    assert broken(path) == {"contract": f"{said}with amount 0.5"}


@pytest.mark.parametrize(
    ("text", "law", "said"),
    [
        ("import nowhere_to_be_found", "loads", "ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        ("raise SystemExit(1)", "loads", "SystemExit: 1"),
        (
            "latentreel_api = 99\n" + effect("return x"),
            "loads",
            "PluginError: it is written for version 99 of the API, latentreel 0.1.0 knows 1 to 1; update latentreel",
        ),
        (
            "latentreel_api = 0\n" + effect("return x"),
            "loads",
            "PluginError: it is written for version 0 of the API, latentreel 0.1.0 knows 1 to 1; update the plugin",
        ),
        (
            "latentreel_api = '1'\n" + effect("return x"),
            "loads",
            "PluginError: latentreel_api: expected a whole number such as 1, got '1'",
        ),
        (
            "@renderer.hookimpl\ndef register_easings(register): register('odd', lambda x: x * (x < 0.9) + (x == 1) )",
            None,
            "",
        ),
        (
            "@renderer.hookimpl\ndef register_easings(register):\n"
            "    register('odd', lambda x: x / (x.max() if len(x) > 5 else 1) + (len(x) == 1) * 0.1)",
            "promises",
            "easing 'odd' lets a number depend on the others beside it",
        ),
        (
            SINK.replace('self.part.open("wb")', 'self.path.open("wb")'),
            "promises",
            "output 'ppm' leaves a file behind when it is stopped",
        ),
        (
            "@renderer.hookimpl\ndef register_generators(register): register('odd', lambda: 5)",
            "promises",
            "generator 'odd': expected a Generator, got 5",
        ),
        (
            "@renderer.hookimpl\ndef register_beat_trackers(register):\n"
            "    register('odd', lambda song, hint, bar: renderer.Beats([2.0, 1.0]))",
            "promises",
            "beat tracker 'odd' gives beats that are not one after the other",
        ),
        (
            "import numpy as np\n\nclass Odd(renderer.SignalSource):\n    '''Be still.'''\n\n    name = 'odd'\n"
            "    example = 'x: {odd: {}}'\n\n    def analyse(self, hearing):\n"
            "        return renderer.Series(np.ones(100, np.float32), 10)\n\n"
            "@renderer.hookimpl\ndef register_signals(register): register(Odd)",
            "promises",
            "signal 'odd' hardly moves in its example: from 1 to 1",
        ),
    ],
)  # fmt: skip
def test_what_others_break(plugin, text, law, said):
    assert broken(plugin("odd", text)) == ({law: said} if law else {})


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("empty", None, "empty: there is no plugin in this folder, no .py file and no pyproject.toml"),
        (
            "bare",
            "[project]\nname = 'bare'\n",
            "bare/pyproject.toml: expected an entry point in [project.entry-points.",
        ),
        ("odd", "[project\n", "odd/pyproject.toml: expected TOML: "),
    ],
)
def test_a_folder_without_a_plugin(command, tmp_path, name, text, said):
    (tmp_path / name).mkdir()
    if text is not None:
        (tmp_path / name / "pyproject.toml").write_text(text)
    told = command("check-plugin", name)
    assert told.code == 2
    assert said in told.output


def test_a_folder_of_plugins(command, plugin, folder, monkeypatch):
    monkeypatch.setattr("renderer.authoring.check.LAWS", ())
    plugin("one", effect("return x", "one"))
    plugin("two", effect("return x", "two"))
    told = command("check-plugin", folder)
    assert told.code == 1
    assert f"effect one of {folder / 'one.py'}" in told.output
    assert f"effect two of {folder / 'two.py'}" in told.output
    assert told.output.endswith("2 of 4 broken\n")
