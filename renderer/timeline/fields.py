"""Bind the values of an effect's fields: everything that needs a clock, but no generator yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from pathlib import Path
from typing import Any

from renderer.errors import KEY, Gather, ValueProblem
from renderer.find import find_file
from renderer.registry import Registry
from renderer.signal_source import Series
from renderer.timeline.expressions import Curve, Scope
from renderer.timeline.features import heard
from renderer.timeline.keys import key_times
from renderer.timeline.signals import LOOP_HINT, bind_number, bind_signal, check_word
from renderer.values.direction import Directions, DirectionSource
from renderer.values.easing import Easing
from renderer.values.feature import Feature
from renderer.values.latent import LatentKey, LatentKeys, LatentSource
from renderer.values.layers import LayerRange, Layers
from renderer.values.signal import Signal
from renderer.values.text import Text, TimedText
from renderer.values.time import Time
from renderer.values.upscaler import MakeUpscaler, Upscaler


@dataclass(frozen=True)
class BoundSignal:
    """Hold the curve of a signal."""

    curve: Curve


@dataclass(frozen=True)
class BoundFeature:
    """Hold a feature of the music."""

    series: Series


@dataclass(frozen=True)
class BoundSource:
    """Hold a latent source with the curve of its own psi, if it has one, and the key of its randomness."""

    source: LatentSource
    psi: Curve | None
    key: tuple[object, ...]


@dataclass(frozen=True)
class BoundKeys:
    """Hold the keys of a walk; their times are bound again once files have been counted."""

    keys: tuple[LatentKey, ...]
    sources: tuple[BoundSource, ...]
    ease: str
    scope: Scope


@dataclass(frozen=True)
class BoundLayers:
    """Hold ranges of layers with the curve of the amount of each."""

    amounts: tuple[tuple[LayerRange, Curve], ...]


@dataclass(frozen=True)
class BoundDirections:
    """Hold directions with the curve of the amount of each."""

    amounts: tuple[tuple[DirectionSource, Curve], ...]


@dataclass(frozen=True)
class Binding:
    """Hold what binding a field needs beside the scope: where files are, upscalers, and the easing of latent keys."""

    scope: Scope
    folder: Path
    upscalers: Registry[MakeUpscaler]
    ease: str = "linear"


@singledispatch
def bind_value(value: Any, binding: Binding) -> Any:
    """Return a value bound to the clock; what is no value of the scene language stays as it is."""
    return value


@bind_value.register
def _(value: Signal, binding: Binding) -> BoundSignal:
    return BoundSignal(bind_signal(value, binding.scope))


@bind_value.register
def _(value: Feature, binding: Binding) -> BoundFeature:
    return BoundFeature(heard(value, binding.scope))


@bind_value.register
def _(value: Time, binding: Binding) -> float:
    return binding.scope.clock.length(value, binding.scope.span)


@bind_value.register
def _(value: Easing, binding: Binding) -> Any:
    return binding.scope.easings.find(value.name)


@bind_value.register
def _(value: Upscaler, binding: Binding) -> Any:
    return binding.upscalers.find(value.name)


@bind_value.register
def _(value: Text, binding: Binding) -> TimedText:
    scope, gather, times = binding.scope, Gather(), []
    for time, _ in value.lines:
        check_word(time, scope, gather, ())
    gather.check()
    for time, _ in value.lines:
        written = None if time is None else time.written
        with gather.below(written, KEY):
            times.append(scope.span.start if time is None else scope.clock.position(time, scope.span))
            if times[:-1] and times[-1] <= times[-2]:
                raise ValueProblem(f"texts must follow each other in time, but {time} is not after the one before")
    gather.check()
    return TimedText(tuple(times), tuple(text for _, text in value.lines))


@bind_value.register
def _(value: LatentSource, binding: Binding) -> BoundSource:
    gather, psi = Gather(), None
    if value.kind == "file":
        with gather.below("file"):
            find_file(value.file, binding.folder)
    if value.psi is not None:
        with gather.below("psi"):
            psi = bind_number(value.psi, binding.scope)
    gather.check()
    return BoundSource(value, psi, binding.scope.key)


@bind_value.register
def _(value: LatentKeys, binding: Binding) -> BoundKeys:
    gather, sources = Gather(), []
    for key in value.keys:
        check_word(key.time, binding.scope, gather, ())
    gather.check()
    for index, key in enumerate(value.keys):
        with gather.below(*key.path):
            scope = binding.scope.part(index)
            sources.append(bind_value(key.source, replace(binding, scope=scope)))
        if key.ease is not None and key.time is not None:
            with gather.below(key.time.written, "ease"):
                binding.scope.easings.find(key.ease)
    gather.check()
    keys, bound = closing(value.keys, tuple(sources), binding.scope)
    if binding.ease in binding.scope.easings:  # else the effect's own field `ease` says it
        key_times(keys, binding.ease, binding.scope)
    return BoundKeys(keys, bound, binding.ease, binding.scope)


@bind_value.register
def _(value: Layers, binding: Binding) -> BoundLayers:
    gather, amounts = Gather(), []
    for layers, amount in value.amounts:
        with gather.below(layers.written):
            amounts.append((layers, bind_signal(amount, binding.scope.part(layers.written))))
    gather.check()
    return BoundLayers(tuple(amounts))


@bind_value.register
def _(value: Directions, binding: Binding) -> BoundDirections:
    gather, amounts = Gather(), []
    for direction, amount in value.amounts:
        with gather.below(direction.written, KEY):
            if direction.file:
                find_file(direction.file, binding.folder)
        with gather.below(direction.written):
            amounts.append((direction, bind_signal(amount, binding.scope.part(direction.written))))
    gather.check()
    return BoundDirections(tuple(amounts))


@bind_value.register(list)
@bind_value.register(tuple)
def _(value: Sequence[Any], binding: Binding) -> Sequence[Any]:
    return type(value)(bind_value(item, binding) for item in value)  # type: ignore[call-arg]


@bind_value.register
def _(value: dict, binding: Binding) -> dict[Any, Any]:  # type: ignore[type-arg]
    return {key: bind_value(item, binding) for key, item in value.items()}


def closing(
    keys: tuple[LatentKey, ...], sources: tuple[BoundSource, ...], scope: Scope
) -> tuple[tuple[LatentKey, ...], tuple[BoundSource, ...]]:
    """Drop a last key that stands at the end of the loop, where it must be the first key's latent."""
    last, gather = keys[-1], Gather()
    if scope.loop is None or len(keys) < 2 or last.time is None:
        return keys, sources
    with gather.below(last.time.written, KEY):
        if abs(scope.clock.position(last.time, scope.span) - scope.loop) > 1e-9:
            return keys, sources
    if not gather.parts and not same_latent(last.source, keys[0].source):
        message = (
            f"the loop cannot close: the key at its end, {last.time}, is another latent than the first; {LOOP_HINT}"
        )
        gather.note(message, last.time.written)
    gather.check()
    return keys[:-1], sources[:-1]


def same_latent(one: LatentSource, other: LatentSource) -> bool:
    """Say whether two sources are one latent, however they are written; any random one will do for another."""
    return replace(one, written=None) == replace(other, written=None)
