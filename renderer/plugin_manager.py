"""Find plugins and let them register: the bundled ones, installed packages, then folders named by the user."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from renderer import API_VERSION, OLDEST_API, __version__, hookspecs
from renderer.audio.trackers import TRACKERS
from renderer.contract import CHECKS
from renderer.errors import PluginError, expected
from renderer.generators.load import EMBEDDED
from renderer.hookspecs import PROJECT
from renderer.inversion.finders import FINDERS
from renderer.registry import BrokenPlugin, Registries, Registry
from renderer.spoken import spoken
from renderer.upscaling import UPSCALERS
from renderer.values.easing import EASINGS

DEFAULT_PLUGINS = (
    "beat_walk",
    "bend",
    "bloom_glow",
    "blur",
    "chroma_mix",
    "chromatic",
    "circle",
    "colour_grade",
    "crossfade",
    "direction_sweep",
    "feedback",
    "flash",
    "freeze_view",
    "grain",
    "jitter",
    "kaleidoscope",
    "layer_mix",
    "layer_view",
    "letterbox",
    "mask_mix",
    "mirror",
    "model_blend",
    "noise_loop",
    "noise_strength",
    "noise_walk",
    "overlay",
    "palette",
    "pixelate",
    "psi_ramp",
    "pulse",
    "rotate",
    "sharpen",
    "time_warp",
    "transform",
    "upscale",
    "vignette",
    "walk",
    "zoom",
    "zoom_pulse",
)
DEFAULT_SIGNALS = (
    "band",
    "beat",
    "centroid",
    "chroma",
    "csv",
    "flatness",
    "harmonic",
    "midi",
    "onset",
    "pitch",
    "rms",
    "section",
    "stem",
    "tempo",
)
DEFAULT_SCORERS = ("brightness", "colourfulness")
DEFAULT_PERCEPTUAL = ("pixel", "squeezenet", "vgg16")
HOOKS = tuple(name for name in vars(hookspecs) if name.startswith("register_"))
OURS = "latentreel"  # who brings what no plugin brings
Loader = Callable[[], Any]


def build_plugin_manager(
    folders: Sequence[Path] = (), others: Sequence[tuple[str, Loader]] = (), without: str | None = None
) -> tuple[pluggy.PluginManager, list[BrokenPlugin]]:
    """Return the manager with every plugin that loads, and those that do not.

    others are further plugins, by name and what loads them; the installed package called `without` is left out.
    Raises PluginError for a folder that does not exist, and whatever a bundled plugin raises.
    """
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(hookspecs)
    broken: list[BrokenPlugin] = []
    for name in DEFAULT_PLUGINS:
        _register(manager, name.replace("_", "-"), partial(importlib.import_module, f"renderer.plugins.{name}"))
    for name in DEFAULT_SIGNALS:
        _register(manager, f"signal {name}", partial(importlib.import_module, f"renderer.plugins.signals.{name}"))
    for name in DEFAULT_SCORERS:
        _register(manager, f"scorer {name}", partial(importlib.import_module, f"renderer.plugins.scorers.{name}"))
    for name in DEFAULT_PERCEPTUAL:
        _register(
            manager, f"perceptual {name}", partial(importlib.import_module, f"renderer.plugins.perceptual.{name}")
        )
    for point in importlib.metadata.entry_points(group=PROJECT):
        if without is None or point.dist is None or point.dist.name != without:
            _attempt(broken, point_name(point), partial(_register, manager, point_name(point), point.load))
    for folder in folders:
        if not folder.is_dir():
            raise PluginError(f"--plugins-dir {folder}: no such folder")
    for name, load in (*(one for folder in folders for one in files_in(folder)), *others):
        _attempt(broken, name, partial(_register, manager, name, load))
    return manager, broken


def files_in(folder: Path) -> list[tuple[str, Loader]]:
    """Return the plugins of a folder, by name and what loads them; helpers, whose names begin with _, are none."""
    files = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    return [(str(path), partial(load_file, path)) for path in files]


def load_plugins(
    folders: Sequence[Path] = (), others: Sequence[tuple[str, Loader]] = (), without: str | None = None
) -> Registries:
    """Return everything that plugins offer; see `build_plugin_manager`.

    Raises PluginError where two of them give the same name.
    """
    manager, broken = build_plugin_manager(folders, others, without)
    registries = Registries(broken=broken)
    for name, easing in EASINGS.items():
        registries.easings.add(name, easing, OURS)
    for name, tracker in TRACKERS.items():
        registries.beat_trackers.add(name, tracker, OURS)
    for name, finder in FINDERS.items():
        registries.landmarks.add(name, finder, OURS)
    for name, upscaler in UPSCALERS.items():
        registries.upscalers.add(name, upscaler, OURS)
    for name, embedded in EMBEDDED.items():
        registries.generators.add(name, embedded, OURS)
    tables: dict[str, Registry[Any]] = {
        "register_effects": registries.effects,
        "register_easings": registries.easings,
        "register_generators": registries.generators,
        "register_signals": registries.signals,
        "register_beat_trackers": registries.beat_trackers,
        "register_scorers": registries.scorers,
        "register_perceptual": registries.perceptual,
        "register_landmarks": registries.landmarks,
        "register_sinks": registries.sinks,
        "register_upscalers": registries.upscalers,
    }
    for plugin, _ in manager.list_name_plugin():
        offered: list[tuple[str, str, Any]] = []
        if _attempt(broken, plugin, partial(_offers, manager, plugin, offered)):
            for hook, name, thing in offered:
                tables[hook].add(name, thing, plugin)
    return registries


def _offers(manager: pluggy.PluginManager, plugin: str, offered: list[tuple[str, str, Any]]) -> None:
    """Call the hooks of one plugin; add (hook, name, thing) of everything it registers to `offered`."""
    for hook in HOOKS:
        for implementation in getattr(manager.hook, hook).get_hookimpls():
            if implementation.plugin_name == plugin:

                def register(*offer: Any, hook: str = hook) -> None:
                    offered.append((hook, *CHECKS[hook](*offer)))

                implementation.function(register)


def _attempt(broken: list[BrokenPlugin], name: str, act: Callable[[], object]) -> bool:
    """Act for a plugin and say whether that went well; note in `broken` what it raised."""
    try:
        with spoken(name):
            act()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too; only scenes that use it fail
        reason = next(iter(str(error).splitlines()), "")
        text = "".join(traceback.format_exception(error))
        broken.append(BrokenPlugin(name, f"{type(error).__name__}: {reason}", text))
        return False
    return True


def _register(manager: pluggy.PluginManager, name: str, load: Callable[[], Any]) -> None:
    plugin = load()
    check_version(plugin)
    check_hooks(plugin)
    try:
        manager.register(plugin, name=name)
    except pluggy.PluginValidationError:
        if manager.get_name(plugin) is not None:  # some versions of pluggy keep what they refuse
            manager.unregister(plugin)
        raise


def check_version(plugin: Any) -> None:
    """Raise PluginError for a plugin that says, by `latentreel_api`, that it was written for another version."""
    wanted = getattr(plugin, "latentreel_api", API_VERSION)
    if type(wanted) is not int:
        raise PluginError(f"latentreel_api: expected a whole number such as {API_VERSION}, got {wanted!r}")
    if not OLDEST_API <= wanted <= API_VERSION:
        late = "latentreel" if wanted > API_VERSION else "the plugin"
        known = f"latentreel {__version__} knows {OLDEST_API} to {API_VERSION}"
        raise PluginError(f"it is written for version {wanted} of the API, {known}; update {late}")


def check_hooks(plugin: Any) -> None:
    """Raise PluginError for a hook that does not exist, for one without its mark, and for a plugin without any."""
    found = False
    for attribute in dir(plugin):
        marked = hasattr(getattr(plugin, attribute, None), f"{PROJECT}_impl")
        if attribute not in HOOKS and (marked or attribute.startswith("register_")):
            raise PluginError(f"unknown hook {attribute!r}{expected(attribute, HOOKS)}")
        if attribute in HOOKS and not marked:
            raise PluginError(f"{attribute} is not marked; put @renderer.hookimpl above it")
        found = found or marked
    if not found:
        raise PluginError(f"it has no hook; known are {', '.join(HOOKS)}; the name of a helper file begins with _")


def point_name(point: importlib.metadata.EntryPoint) -> str:
    """Return the name of an entry point with its package, so that no two are alike and users know whom to ask."""
    return f"{point.name} ({point.dist.name} {point.dist.version})" if point.dist else point.name


def load_file(path: Path) -> ModuleType:
    """Return the module of a file, run anew."""
    digest = hashlib.blake2b(str(path.resolve()).encode(), digest_size=4).hexdigest()
    name = f"latentreel_plugin_{path.stem}_{digest}"  # the same file name may stand in two folders
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
