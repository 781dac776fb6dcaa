"""The host: in which order plugins are found, what is refused, and that a broken one takes nothing else down."""

from __future__ import annotations

import importlib.metadata
import sys
from types import ModuleType

import pytest

from renderer import hookimpl
from renderer.contract import ENTRY_WORDS
from renderer.errors import PluginError
from renderer.plugin_manager import (
    DEFAULT_PERCEPTUAL,
    DEFAULT_PLUGINS,
    DEFAULT_SCORERS,
    DEFAULT_SIGNALS,
    HOOKS,
    build_plugin_manager,
    load_plugins,
)
from renderer.scene.model import EntryOptions
from tests.plugins.conftest import effect

SCENE = "size: 16\nfps: 4\nduration: 1s\ntimeline: [{walk: {keys: 3}}, {dim: {}}]\n"
BUNDLED = "size: 16\nfps: 4\nduration: 1s\ntimeline: [{walk: {keys: 3}}]\n"


class Point:
    """Stand for an entry point of an installed package."""

    def __init__(self, name, module, package="latentreel-else"):
        self.name, self.module = name, module
        self.dist = type("Dist", (), {"name": package, "version": "1.2"})

    def load(self):
        if isinstance(self.module, BaseException):
            raise self.module
        return self.module


@pytest.fixture
def install(monkeypatch):
    """Return a function that makes entry points be there."""

    real = importlib.metadata.entry_points  # numba asks for its own when it is first used

    def points(*there):
        monkeypatch.setattr(
            importlib.metadata,
            "entry_points",
            lambda **wanted: there if wanted == {"group": "latentreel"} else real(**wanted),
        )

    points()
    return points


def module(name, **hooks):
    made = ModuleType(name)
    for hook, function in hooks.items():
        setattr(made, hook, hookimpl(function))
    return made


def one_easing(name):
    return module(name, register_easings=lambda register: register(name, lambda x: x))


def test_bundled_plugins_come_first_then_packages_then_folders(install, plugin, folder):
    install(Point("tides", one_easing("tides")))
    plugin("b", effect("return x", "b"))
    plugin("a", effect("return x", "a"))
    plugin("_helper", "raise SystemExit")
    manager, broken = build_plugin_manager([folder])
    names = [name for name, _ in manager.list_name_plugin()]
    bundled = [name.replace("_", "-") for name in DEFAULT_PLUGINS] + [f"signal {name}" for name in DEFAULT_SIGNALS]
    bundled += [f"scorer {name}" for name in DEFAULT_SCORERS]
    bundled += [f"perceptual {name}" for name in DEFAULT_PERCEPTUAL]
    assert names == [*bundled, "tides (latentreel-else 1.2)", str(folder / "a.py"), str(folder / "b.py")]
    assert broken == []


def test_folders_with_files_of_the_same_name(install, tmp_path, plugin, folder):
    other = tmp_path / "other"
    other.mkdir()
    plugin("same", effect("return x", "one"))
    (other / "same.py").write_text("import renderer\n" + effect("return x", "two"))
    found = load_plugins([folder, other])
    assert found.broken == []
    assert found.effects["one"].__module__ != found.effects["two"].__module__
    assert sys.modules[found.effects["one"].__module__].It is found.effects["one"]


def test_a_folder_that_does_not_exist(tmp_path):
    with pytest.raises(PluginError, match="no such folder"):
        load_plugins([tmp_path / "nowhere"])


def test_what_every_plugin_brings_is_remembered(install, plugin, folder):
    path = plugin("dim", effect("return x"))
    found = load_plugins([folder])
    assert found.effects.plugins["dim"] == str(path)
    assert found.effects.plugins["walk"] == "walk"
    assert found.generators.plugins["bloom"] == found.easings.plugins["linear"] == "latentreel"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (effect("return x", "walk"), "effect 'walk' is registered twice: by walk and by {path}"),
        (
            "@renderer.hookimpl\ndef register_easings(register): register('in-out-sine', lambda x: x)",
            "easing 'in-out-sine' is registered twice: by latentreel and by {path}",
        ),
        (
            "@renderer.hookimpl\ndef register_generators(register): register('bloom', dict)",
            "generator 'bloom' is registered twice: by latentreel and by {path}",
        ),
    ],
)
def test_a_duplicate_name_raises_naming_both(install, plugin, folder, text, said):
    path = plugin("twice", text)
    with pytest.raises(PluginError) as refused:
        load_plugins([folder])
    assert str(refused.value) == said.format(path=path)


def test_two_packages_of_the_same_name_are_told_apart(install):
    install(Point("tides", one_easing("first"), "a"), Point("tides", one_easing("second"), "b"))
    found = load_plugins()
    assert {found.easings.plugins[name] for name in ("first", "second")} == {"tides (a 1.2)", "tides (b 1.2)"}


def test_a_package_called_as_a_bundled_plugin_takes_nothing_away(install):
    point = Point("walk", ImportError("no such thing"))
    point.dist = None
    install(point)
    found = load_plugins()
    assert "walk" in found.effects
    assert [broken.name for broken in found.broken] == ["walk"]


BREAKS = {
    "an import error": ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
    "a syntax error": ("def :", "SyntaxError: invalid syntax"),
    "an exit": ("raise SystemExit(3)", "SystemExit: 3"),
    "an exit in its hook": (
        "@renderer.hookimpl\ndef register_effects(register): raise SystemExit(3)",
        "SystemExit: 3",
    ),
    "an error in its hook": (
        "@renderer.hookimpl\ndef register_effects(register): raise KeyError('oh')",
        "KeyError: 'oh'",
    ),
    "a hook that does not exist": (
        "@renderer.hookimpl\ndef register_efects(register): pass",
        "PluginError: unknown hook 'register_efects'; did you mean 'register_effects'?",
    ),
    "a hook that does not exist and has no mark": (
        "def register_sink(register): pass",
        "PluginError: unknown hook 'register_sink'; did you mean 'register_sinks'?",
    ),
    "a marked function of another name": (
        "@renderer.hookimpl\ndef effects(register): pass",
        "PluginError: unknown hook 'effects'; did you mean 'register_effects'?",
    ),
    "a hook without its mark": (
        "def register_effects(register): pass",
        "PluginError: register_effects is not marked; put @renderer.hookimpl above it",
    ),
    "a hook of another argument": (
        "@renderer.hookimpl\ndef register_effects(registry): pass",
        "PluginValidationError: ",
    ),
    "no hook": ("x = 1", "PluginError: it has no hook; known are register_effects, "),
    "something that is no effect": (
        "@renderer.hookimpl\ndef register_effects(register): register(dict)",
        "PluginError: expected an effect, a class derived from one of LatentEffect, ",
    ),
    "an effect without apply": (
        effect("return x").replace("def apply", "def aply"),
        "PluginError: effect 'dim' has no `apply`",
    ),
    "an effect without a name": (
        effect("return x").replace('    name = "dim"', ""),
        "PluginError: effect It: expected a `name` of lower-case words joined by hyphens, got None",
    ),
    "an effect with a name that scenes cannot write": (
        effect("return x", "Dim_It"),
        "PluginError: effect It: expected a `name` of lower-case words joined by hyphens, got 'Dim_It'",
    ),
    "an effect called as a word of entries": (
        effect("return x", "fade"),
        "PluginError: effect 'fade': entries of a timeline use this word already",
    ),
    "an effect without a docstring": (
        effect("return x").replace('"""Do it."""', ""),
        "PluginError: effect 'dim' has no docstring, whose first sentence is shown in lists",
    ),
    "an effect without an example": (
        effect("return x").replace("    example =", "    # example ="),
        "PluginError: effect 'dim' has no `example`",
    ),
    "a field without a description": (
        effect("return x").replace("How much", ""),
        "PluginError: effect 'dim': field 'amount' has no description",
    ),
    "a field without a type": (
        effect("return x").replace("amount: renderer.Signal", "amount"),
        "PydanticUserError: ",
    ),
    "an easing of another shape": (
        "@renderer.hookimpl\ndef register_easings(register): register('half', lambda x: x[:2])",
        "PluginError: easing 'half': expected 5 finite numbers for as many, got [0.   0.25]",
    ),
    "an easing that does not arrive": (
        "@renderer.hookimpl\ndef register_easings(register): register('half', lambda x: x / 2)",
        "PluginError: easing 'half': expected 0 at 0 and 1 at 1, got 0 and 0.5",
    ),
    "a generator that is no function": (
        "@renderer.hookimpl\ndef register_generators(register): register('mine', 5)",
        "PluginError: generator 'mine': expected a function that makes one, got 5",
    ),
    "an unfinished sink": (
        "class Tiff(renderer.Sink):\n    name = 'tiff'\n    suffixes = ('.tiff',)\n    description = 'x'\n"
        "@renderer.hookimpl\ndef register_sinks(register): register(Tiff)",
        "PluginError: output 'tiff' does not implement begin, encode, finish",
    ),
}


@pytest.mark.parametrize(("text", "error"), BREAKS.values(), ids=BREAKS)
def test_a_broken_plugin_is_listed_and_nothing_else_breaks(install, plugin, folder, text, error):
    path = plugin("dim", text)
    plugin("works", effect("return x", "works"))
    before = set(sys.modules)
    found = load_plugins([folder])
    (broken,) = found.broken
    assert broken.name == str(path)
    assert broken.error.startswith(error)
    assert "Traceback (most recent call last)" in broken.traceback
    assert "works" in found.effects
    assert "dim" not in found.effects
    assert "\n" not in broken.error
    failed_to_import = "import no" in text or text.startswith(("def :", "raise"))
    left = [name for name in set(sys.modules) - before if name.startswith("latentreel_plugin_dim")]
    assert not (failed_to_import and left)


def test_a_plugin_that_fails_half_way_offers_nothing(install, plugin, folder):
    plugin("dim", effect("return x") + "    raise KeyError('later')\n")
    found = load_plugins([folder])
    assert "dim" not in found.effects
    assert len(found.broken) == 1


def test_ctrl_c_is_no_broken_plugin(install, plugin, folder):
    plugin("dim", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        load_plugins([folder])


def test_a_broken_package_is_listed(install, command):
    install(Point("tides", ImportError("libtide.so is missing")))
    told = command("plugins")
    assert told.code == 0
    assert "failed to load: tides (latentreel-else 1.2): ImportError: libtide.so is missing" in told.output
    assert "Traceback (most recent call last)" in told.output


def test_a_broken_plugin_fails_only_the_scene_that_uses_it(install, command, plugin, folder, write_scene):
    path = plugin("dim", "import no_such_module")
    listed = command("plugins", "--plugins-dir", folder)
    assert listed.code == 0
    assert f"failed to load: {path}: ModuleNotFoundError: No module named 'no_such_module'" in listed.output
    assert "import no_such_module\nModuleNotFoundError" in listed.output.replace("    ", "")
    fine = command(write_scene(BUNDLED), "--at", "0s", "-o", "still.png", "--plugins-dir", folder)
    assert fine.code == 0, fine.output
    uses = command(write_scene(SCENE), "--plugins-dir", folder)
    assert uses.code == 2
    assert "timeline[1].dim: unknown effect 'dim'" in uses.output
    assert f"a plugin that failed to load may bring it, see `render plugins`: {path}" in uses.output


@pytest.mark.parametrize("use", ["model: reef\n", "output: film.tiff\n"])
def test_a_scene_that_wants_a_generator_or_output_is_told_of_broken_plugins(
    install, command, plugin, folder, write_scene, use
):
    path = plugin("reef", "import no_such_module")
    told = command("check", write_scene(use + BUNDLED), "--plugins-dir", folder)
    assert told.code == 2
    assert f"a plugin that failed to load may bring it, see `render plugins`: {path}" in told.output


def test_words_of_entries_are_those_of_the_scene():
    assert {field.alias or name for name, field in EntryOptions.model_fields.items()} == set(ENTRY_WORDS)


def test_hooks_are_documented_and_on_one_screen():
    from renderer import hookspecs

    kinds = (
        "effects", "easings", "generators", "signals", "beat_trackers", "scorers", "perceptual", "landmarks",
        "sinks", "upscalers",
    )  # fmt: skip
    assert tuple(f"register_{kind}" for kind in kinds) == HOOKS
    assert all(getattr(hookspecs, hook).__doc__ for hook in HOOKS)
