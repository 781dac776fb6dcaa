"""What a plugin may register: each thing is checked when it comes, so that no scene fails on it later."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from renderer.effects import Effect, ImageEffect, LatentEffect, SynthesisEffect
from renderer.errors import PluginError
from renderer.sinks.base import Sink

KINDS: tuple[type[Effect], ...] = (LatentEffect, SynthesisEffect, ImageEffect)
ENTRY_WORDS = ("from", "to", "fade", "id", "enabled")  # what an entry of the timeline takes beside its effect

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


def check_effect_class(effect: Any) -> tuple[str, Any]:
    """Return the name and the class of an effect.

    Raises PluginError for a class of another kind, without `apply`, and without a text that the docs need.
    """
    if not (isinstance(effect, type) and issubclass(effect, KINDS)):
        kinds = ", ".join(kind.__name__ for kind in KINDS)
        raise PluginError(f"expected an effect, a class derived from one of {kinds}; got {effect!r}")
    name = checked_name(getattr(effect, "name", None), f"effect {effect.__name__}")
    if name in ENTRY_WORDS:
        raise PluginError(f"effect {name!r}: entries of a timeline use this word already")
    if any(effect.apply is kind.apply for kind in KINDS if issubclass(effect, kind)):  # type: ignore[attr-defined]
        raise PluginError(f"effect {name!r} has no `apply`")
    if not inspect.cleandoc(vars(effect).get("__doc__") or ""):
        raise PluginError(f"effect {name!r} has no docstring, whose first sentence is shown in lists")
    for field, info in effect.model_fields.items():
        if not info.description:
            raise PluginError(f"effect {name!r}: field {field!r} has no description")
    if not getattr(effect, "example", "").strip():
        raise PluginError(f"effect {name!r} has no `example`")
    return name, effect


def check_easing(name: Any, easing: Any) -> tuple[str, Any]:
    """Return the name and the function of an easing.

    Raises PluginError for one that does not map an array 0..1 to finite numbers of the same shape.
    """
    name = checked_name(name, "easing")
    progress = np.linspace(0, 1, 5)
    eased = np.asarray(easing(progress.copy()), np.float64)
    if eased.shape != progress.shape or not np.isfinite(eased).all():
        raise PluginError(f"easing {name!r}: expected {progress.shape[0]} finite numbers for as many, got {eased}")
    if abs(eased[0]) > 1e-6 or abs(eased[-1] - 1) > 1e-6:
        raise PluginError(f"easing {name!r}: expected 0 at 0 and 1 at 1, got {eased[0]:g} and {eased[-1]:g}")
    return name, easing


def check_generator(name: Any, make: Any) -> tuple[str, Any]:
    """Return the name and the maker of a generator; it is not called before a scene asks for it."""
    if not callable(make):
        raise PluginError(f"generator {name!r}: expected a function that makes one, got {make!r}")
    return checked_name(name, "generator"), make


def check_sink_class(sink: Any) -> tuple[str, Any]:
    """Return the name and the class of an output."""
    if not (isinstance(sink, type) and issubclass(sink, Sink)):
        raise PluginError(f"expected an output, a class derived from Sink; got {sink!r}")
    name = checked_name(getattr(sink, "name", None), f"output {sink.__name__}")
    if inspect.isabstract(sink):
        missing = ", ".join(sorted(sink.__abstractmethods__))
        raise PluginError(f"output {name!r} does not implement {missing}")
    for attribute in ("suffixes", "description"):
        if not hasattr(sink, attribute):
            raise PluginError(f"output {name!r} has no `{attribute}`")
    return name, sink


CHECKS: Mapping[str, Callable[..., tuple[str, Any]]] = {
    "register_effects": check_effect_class,
    "register_easings": check_easing,
    "register_generators": check_generator,
    "register_sinks": check_sink_class,
}


def checked_name(name: Any, what: str) -> str:
    """Return a name as scenes write it; raise PluginError for any other."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{what}: expected a `name` of lower-case words joined by hyphens, got {name!r}")
    return name
