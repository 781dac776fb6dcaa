"""One entry of the timeline, resolved for a generator and ready to be applied to batches of frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.context import Film, Frame, Past
from renderer.effects import Effect
from renderer.errors import LatentreelError, PluginError, Problem, SceneError, ValueProblem
from renderer.latents import Latents, lerp
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.expressions import Array
from renderer.timeline.guard import Guard
from renderer.timeline.plan import BoundEntry, Plan
from renderer.timeline.sources import Sources, resolve_value
from renderer.timeline.tracks import Moments


@dataclass(frozen=True)
class StackedEffect:
    """Hold an effect with its fields as tracks, and what it prepared."""

    bound: BoundEntry
    plan: Plan
    film: Film
    prepared: Any
    others: tuple[StackedEffect, ...] = ()  # the same for each further class of the film

    def of_class(self, index: int) -> StackedEffect:
        """Return the effect as resolved for one of the film's classes, by its place among them."""
        return self.others[index - 1] if index else self

    @property
    def effect(self) -> Effect:
        """Return the effect."""
        return self.bound.entry.effect

    def apply(self, x: Any, moments: Moments, past: Past | None = None) -> Any:
        """Return x after the effect, faded by the weight of the entry; `past` is for image effects that have one.

        Raises SceneError for a value that goes wrong at a time, PluginError for an effect that breaks its contract.
        """
        frame = replace(self.frame(moments), past=past)
        if not bool(frame.weight.any()):
            return x
        guard = Guard(self.effect.name, moments.t)
        try:
            params = SimpleNamespace(**{name: _at(value, moments) for name, value in self.film.fields.items()})
            changed = guard.checked(x, lambda: self.effect.apply(x, params, frame))  # type: ignore[attr-defined]
        except ValueProblem as problem:
            raise SceneError(problems_at(self.plan, self.path, problem)) from problem
        except LatentreelError:
            raise
        except Exception as error:  # an effect may raise anything; the user is told whose it was
            raise guard.failed(error) from error
        return fade(x, changed, frame.weight)

    def frame(self, moments: Moments) -> Frame:
        """Return what the effect may know of the frames of a batch."""
        span, t = self.bound.span, moments.t
        progress = np.clip((t - span.start) / max(span.length, 1e-9), 0, 1)

        def on_device(values: Array, dtype: torch.dtype = torch.float64) -> Tensor:
            return torch.as_tensor(values, dtype=dtype, device=moments.device)

        return Frame(
            t=on_device(t),
            progress=on_device(progress),
            weight=on_device(self.bound.weight(t), torch.float32),
            span=span,
            loop=self.film.loop,
            generator=self.film.generator,
            key=self.film.key,
            clock=self.plan.clock,
            prepared=self.prepared,
        )

    @property
    def path(self) -> tuple[Any, ...]:
        """Return the path of the effect in the scene."""
        return (*self.bound.entry.path, self.effect.name)


def resolve_entry(bound: BoundEntry, plan: Plan, sources: Sources, problems: list[Problem]) -> StackedEffect | None:
    """Resolve the fields of an entry and prepare its effect; add what fails, and where, to `problems`."""
    entry, count = bound.entry, len(problems)
    path, fields = (*entry.path, entry.effect.name), {}
    for name, value in bound.fields.items():
        try:
            fields[name] = resolve_value(value, sources)
        except (ValueProblem, LatentreelError) as error:
            written = type(entry.effect).model_fields[name].alias or name
            problems += problems_at(plan, (*path, written), error)
    if len(problems) > count:
        return None
    folder, key = plan.scene.path.parent, (plan.scene.seed, entry.key)
    film = Film(sources.generator, bound.span, plan.loop, folder, key, fields, plan.music)
    try:
        with torch.no_grad():
            return StackedEffect(bound, plan, film, entry.effect.prepare(film))
    except (ValueProblem, LatentreelError) as error:
        problems += problems_at(plan, path, error)
    except Exception as error:  # an effect may raise anything; the user is told whose it was
        problems += problems_at(plan, path, PluginError(f"failed to prepare: {type(error).__name__}: {error}"))
    return None


def resolve_stack(
    entries: Sequence[BoundEntry], plan: Plan, sources: Sequence[Sources], problems: list[Problem]
) -> tuple[StackedEffect, ...]:
    """Return the stack of entries, each resolved for every class of the film; add what fails to `problems`."""
    resolved = ([resolve_entry(bound, plan, one, problems) for one in sources] for bound in entries)
    whole = ([effect for effect in effects if effect is not None] for effects in resolved)
    return tuple(replace(first, others=tuple(rest)) for first, *rest in (effects for effects in whole if effects))


def problems_at(plan: Plan, path: tuple[Any, ...], error: Exception) -> list[Problem]:
    """Return an error as problems of the scene, at the place of a path or below it."""
    parts = error.parts if isinstance(error, ValueProblem) else (((), str(error)),)
    return [plan.scene.tree.problem((*path, *inner), message) for inner, message in parts]


def _at(value: Any, moments: Moments) -> Any:
    if hasattr(value, "at"):
        return value.at(moments)
    if isinstance(value, list | tuple):
        return type(value)(_at(item, moments) for item in value)
    if isinstance(value, dict):
        return {key: _at(item, moments) for key, item in value.items()}
    return value


def fade(x: Any, changed: Any, weight: Tensor) -> Any:
    """Return what lies between x and what an effect made of it, by weight [N]; exactly x at 0.

    Synthesis effects fade themselves. Where one of two latents has no z, what lies between has none.
    """
    if bool((weight == 1).all()):
        return changed
    if isinstance(x, Tensor):
        return lerp(x, changed, weight.reshape(-1, *[1] * (x.ndim - 1)))
    if not isinstance(x, Latents):
        return changed
    pairs = {name: (getattr(x, name), getattr(changed, name)) for name in ("ws", "psi", "z", "c")}
    faded = {name: fade(*pair, weight) if None not in pair else None for name, pair in pairs.items()}
    return changed.replace(**faded)


def blended_transform(a: SynthesisInputs, b: SynthesisInputs, way: Tensor) -> Tensor | None:
    """Return the transform on the way [N] from that of a to that of b; None where neither has one."""
    if a.transform is None and b.transform is None:
        return None
    still = torch.eye(3, device=way.device).expand(len(way), 3, 3)
    start, end = (still if one.transform is None else one.transform for one in (a, b))
    return lerp(start, end, way.reshape(-1, 1, 1))


def alike(a: SynthesisInputs, b: SynthesisInputs) -> bool:
    """Say whether two inputs make the same images, but for their transforms."""
    if not a.is_plain or not b.is_plain or a.noise_mode != b.noise_mode or a.noise.keys() != b.noise.keys():
        return False
    return all(torch.equal(one, b.noise[name]) for name, one in a.noise.items())
