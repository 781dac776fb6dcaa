"""What a plugin may register: each thing is checked when it comes, so that no scene fails on it later."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel

from renderer.effects import Effect, ImageEffect, LatentEffect, SynthesisEffect
from renderer.errors import PluginError, ValueProblem
from renderer.signal_source import SignalSource
from renderer.sinks.base import Sink
from renderer.values.shape import WORDS, Shape

KINDS: tuple[type[Effect], ...] = (LatentEffect, SynthesisEffect, ImageEffect)
ENTRY_WORDS = (
    "from",
    "to",
    "fade",
    "id",
    "enabled",
    "on_error",
)  # what an entry of the timeline takes beside its effect

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
    check_described(effect, "effect", name)
    return name, effect


def check_described(model: type[BaseModel], what: str, name: str) -> None:
    """Raise PluginError for a class without a text that the docs need."""
    if not inspect.cleandoc(vars(model).get("__doc__") or ""):
        raise PluginError(f"{what} {name!r} has no docstring, whose first sentence is shown in lists")
    for field, info in model.model_fields.items():
        if not info.description:
            raise PluginError(f"{what} {name!r}: field {field!r} has no description")
    if not getattr(model, "example", "").strip():
        raise PluginError(f"{what} {name!r} has no `example`")


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


def check_signal_class(source: Any) -> tuple[str, Any]:
    """Return the name and the class of a source of signals."""
    if not (isinstance(source, type) and issubclass(source, SignalSource)):
        raise PluginError(f"expected a signal, a class derived from SignalSource; got {source!r}")
    name = checked_name(getattr(source, "name", None), f"signal {source.__name__}")
    if name in WORDS:
        raise PluginError(f"signal {name!r}: this is a step of shaping already")
    if source.analyse is SignalSource.analyse:
        raise PluginError(f"signal {name!r} has no `analyse`")
    check_described(source, "signal", name)
    if source.shorthand is not None and source.shorthand not in source.model_fields:
        raise PluginError(f"signal {name!r}: its shorthand {source.shorthand!r} is none of its fields")
    try:
        Shape.parse(source.shaping)
    except ValueProblem as problem:
        raise PluginError(f"signal {name!r}: its shaping: {problem}") from problem
    return name, source


def check_beat_tracker(name: Any, tracker: Any) -> tuple[str, Any]:
    """Return the name and the function of a beat tracker; it is not called before a scene asks for it."""
    if not callable(tracker):
        raise PluginError(f"beat tracker {name!r}: expected a function of a song, got {tracker!r}")
    return checked_name(name, "beat tracker"), tracker


def check_scorer(name: Any, scorer: Any) -> tuple[str, Any]:
    """Return the name and the function of a scorer; it is not called before somebody asks for it."""
    if not callable(scorer):
        raise PluginError(f"scorer {name!r}: expected a function of images, got {scorer!r}")
    return checked_name(name, "scorer"), scorer


def check_perceptual(name: Any, make: Any) -> tuple[str, Any]:
    """Return the name and the maker of a perceptual backend; it is not called before somebody asks for it."""
    if not callable(make):
        raise PluginError(f"perceptual backend {name!r}: expected a function of a file, got {make!r}")
    return checked_name(name, "perceptual backend"), make


def check_landmarks(name: Any, make: Any) -> tuple[str, Any]:
    """Return the name and the maker of landmarks; it is not called before somebody asks for it."""
    if not callable(make):
        raise PluginError(f"landmarks {name!r}: expected a function that makes a finder of faces, got {make!r}")
    return checked_name(name, "landmarks"), make


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


def check_upscaler(name: Any, make: Any) -> tuple[str, Any]:
    """Return the name and the function that makes an upscaler; it is not called before a scene asks for it."""
    if not callable(make):
        raise PluginError(f"upscaler {name!r}: expected a function that makes one, got {make!r}")
    return checked_name(name, "upscaler"), make


CHECKS: Mapping[str, Callable[..., tuple[str, Any]]] = {
    "register_effects": check_effect_class,
    "register_easings": check_easing,
    "register_generators": check_generator,
    "register_signals": check_signal_class,
    "register_beat_trackers": check_beat_tracker,
    "register_scorers": check_scorer,
    "register_perceptual": check_perceptual,
    "register_landmarks": check_landmarks,
    "register_sinks": check_sink_class,
    "register_upscalers": check_upscaler,
}


def checked_name(name: Any, what: str) -> str:
    """Return a name as scenes write it; raise PluginError for any other."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise PluginError(f"{what}: expected a `name` of lower-case words joined by hyphens, got {name!r}")
    return name
