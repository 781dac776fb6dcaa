"""Find plugins and let them register: the bundled ones, installed packages, then folders named by the user."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from renderer import hookspecs
from renderer.effects import Effect
from renderer.errors import PluginError, expected
from renderer.hookspecs import PROJECT
from renderer.registry import BrokenPlugin, Registries, Registry
from renderer.values.easing import EASINGS

DEFAULT_PLUGINS = (
    "circle",
    "direction_sweep",
    "jitter",
    "layer_mix",
    "noise_walk",
    "psi_ramp",
    "walk",
)
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("register_"))


def build_plugin_manager(folders: Sequence[Path] = ()) -> tuple[pluggy.PluginManager, list[BrokenPlugin]]:
    """Return the manager with every plugin that loads, and those that do not.

    Raises PluginError for a bundled plugin that fails, and for a folder that does not exist.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    broken: list[BrokenPlugin] = []
    for name in DEFAULT_PLUGINS:
        manager.register(importlib.import_module(f"renderer.plugins.{name}"), name=name.replace("_", "-"))
    for point in importlib.metadata.entry_points(group=PROJECT):
        _attempt(manager, point.name, point.load, broken)
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"--plugins-dir {folder}: no such folder")
        for path in sorted(folder.glob("*.py")):
            if not path.name.startswith("_"):
                _attempt(manager, str(path), lambda path=path: _load_file(path), broken)  # type: ignore[misc]
    return manager, broken


def load_plugins(folders: Sequence[Path] = ()) -> Registries:
    """Return everything that plugins offer.

    Raises PluginError where two of them give the same name.
    """
    manager, broken = build_plugin_manager(folders)
    registries = Registries(broken=broken)
    for name, easing in EASINGS.items():
        registries.easings.add(name, easing, "latentreel")
    for hook, registry, named in (
        ("register_effects", registries.effects, False),
        ("register_easings", registries.easings, True),
        ("register_generators", registries.generators, True),
        ("register_sinks", registries.sinks, False),
    ):
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            _call(implementation, registry, named, registries)
    return registries


def _call(implementation: Any, registry: Registry[Any], named: bool, registries: Registries) -> None:
    plugin = implementation.plugin_name

    def register_class(thing: Any) -> None:
        _check_class(thing, plugin)
        registry.add(thing.name, thing, plugin)

    def register_named(name: str, thing: Any) -> None:
        registry.add(name, thing, plugin)

    try:
        implementation.function(register_named if named else register_class)
    except PluginError:
        raise
    except Exception as error:  # a plugin may raise anything; it is listed, and fails only the scene that uses it
        registries.broken.append(_broken(plugin, error))


def _check_class(thing: Any, plugin: str) -> None:
    if not isinstance(getattr(thing, "name", None), str):
        raise PluginError(f"plugin {plugin}: {thing!r} has no `name`")
    if isinstance(thing, type) and issubclass(thing, Effect):
        for field, info in thing.model_fields.items():
            if not info.description:
                raise PluginError(f"plugin {plugin}: field {field!r} of effect {thing.name!r} has no description")
        if not getattr(thing, "example", ""):
            raise PluginError(f"plugin {plugin}: effect {thing.name!r} has no `example`")


def _attempt(manager: pluggy.PluginManager, name: str, load: Callable[[], Any], broken: list[BrokenPlugin]) -> None:
    try:
        plugin = load()
        check_hooks(name, plugin)
        manager.register(plugin, name=name)
        manager.check_pending()
    except Exception as error:  # a plugin may raise anything; it is listed, and fails only the scene that uses it
        if manager.has_plugin(name):
            manager.unregister(name=name)
        broken.append(_broken(name, error))


def check_hooks(name: str, plugin: Any) -> None:
    """Raise PluginError for a hook that does not exist, and for a hook without its `hookimpl` mark."""
    for attribute in dir(plugin):
        marked = hasattr(getattr(plugin, attribute, None), f"{PROJECT}_impl")
        if marked and attribute not in HOOKS:
            raise PluginError(f"plugin {name}: unknown hook {attribute!r}{expected(attribute, HOOKS)}")
        if attribute in HOOKS and not marked:
            raise PluginError(f"plugin {name}: {attribute} is not marked; put @renderer.hookimpl above it")
        if attribute.startswith("register_") and attribute not in HOOKS:
            raise PluginError(f"plugin {name}: unknown hook {attribute!r}{expected(attribute, HOOKS)}")


def _load_file(path: Path) -> ModuleType:
    name = f"latentreel_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _broken(name: str, error: Exception) -> BrokenPlugin:
    text = "".join(traceback.format_exception(error))
    return BrokenPlugin(name, f"{type(error).__name__}: {error}", text)
