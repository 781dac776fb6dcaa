"""One entry of the timeline, resolved for a generator and ready to be applied to batches of frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.context import Film, Frame, Past
from renderer.effects import Effect
from renderer.errors import LatentreelError, PluginError, Problem, SceneError, ValueProblem
from renderer.latents import Latents, lerp
from renderer.spoken import spoken
from renderer.synthesis_inputs import SynthesisInputs
from renderer.timeline.conduct import Conduct
from renderer.timeline.expressions import Array
from renderer.timeline.guard import Guard
from renderer.timeline.plan import BoundEntry, Plan
from renderer.timeline.rows import Apart, copied, joined, row
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
    group: tuple[StackedEffect, ...] = ()  # of a group, what stands in it
    conduct: Conduct = field(default_factory=Conduct, compare=False)

    def of_class(self, index: int) -> StackedEffect:
        """Return the effect as resolved for one of the film's classes, by its place among them."""
        return self.others[index - 1] if index else self

    @property
    def effect(self) -> Effect:
        """Return the effect."""
        return self.bound.entry.effect

    @property
    def called(self) -> str:
        """Return how messages call the effect: with the file or the package that it is from, unless it is ours."""
        plugin = self.bound.entry.plugin
        return f"effect {self.effect.name!r}" + (f" of {plugin}" if plugin else "")

    @property
    def flat(self) -> Iterator[StackedEffect]:
        """Yield the effect, and all that stand in it if it is a group."""
        yield self
        for inner in self.group:
            yield from inner.flat

    @property
    def is_own_picture(self) -> bool:
        """Say whether a group needs pictures of its own from the generator."""
        return any(one.effect.stage != "image" for one in self.group)

    def opacity(self, moments: Moments) -> Tensor:
        """Return how much of a group is seen, float32 [N]."""
        opacity: Tensor = _at(self.film.fields["opacity"], moments).clamp(0, 1)
        return opacity * self.frame(moments).weight

    @property
    def skips(self) -> bool:
        """Say whether a frame at which the effect fails goes on without it."""
        return (self.bound.entry.options.on_error or self.plan.scene.on_error) == "skip"

    def apply(self, x: Any, moments: Moments, past: Past | None = None) -> Any:
        """Return x after the effect, faded by the weight of the entry; `past` is for image effects that have one.

        Raises SceneError for a value that goes wrong at a time, PluginError for an effect that breaks its contract.
        With `on_error: skip`, x stays as it is in the frames at which the effect fails for them alone.
        """
        frame = replace(self.frame(moments), past=past)
        if self.conduct.off or not bool(frame.weight.any()):
            return x
        given = copied(x) if self.skips else x  # what an effect changes in place is then a copy
        try:
            return fade(x, self.changed(given, moments, frame), frame.weight)
        except (PluginError, SceneError) as fault:
            return self.after(fault, x, moments, past)

    def changed(self, x: Any, moments: Moments, frame: Frame) -> Any:
        """Return what the effect makes of x, not faded; raises as `apply` does."""
        guard = Guard(self.called, moments.t, conduct=self.conduct, skips=self.skips)
        try:
            params = {name: guard.during(partial(_at, value, moments)) for name, value in self.film.fields.items()}
            guard = replace(guard, values=signals_of(params, len(moments.t)))
            given = SimpleNamespace(**params)
            return guard.checked(x, lambda: self.effect.apply(x, given, frame))  # type: ignore[attr-defined]
        except ValueProblem as problem:
            raise SceneError(problems_at(self.plan, self.path, problem)) from problem

    def after(self, fault: PluginError | SceneError, x: Any, moments: Moments, past: Past | None) -> Any:
        """Return x without the effect in each frame that fails alone, or raise the fault of the first such frame."""
        if len(moments.t) == 1:
            if not self.skips:
                raise fault
            self.conduct.skip(str(fault), float(moments.t[0]))
            return x
        if isinstance(x, SynthesisInputs):
            raise Apart(str(fault)) if self.skips else fault
        rows = [self.apply(row(x, i), moments.row(i), row(past, i)) for i in range(len(moments.t))]
        if not self.skips:
            raise fault  # no frame fails alone
        return joined(rows)

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
        return self.bound.entry.values_path


def resolve_entry(bound: BoundEntry, plan: Plan, sources: Sources, problems: list[Problem]) -> StackedEffect | None:
    """Resolve the fields of an entry and prepare its effect; add what fails, and where, to `problems`."""
    entry, count = bound.entry, len(problems)
    path, fields = entry.values_path, {}
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
    stacked = StackedEffect(bound, plan, film, None)
    try:
        with torch.no_grad(), spoken(stacked.called):
            return replace(stacked, prepared=entry.effect.prepare(film))
    except KeyboardInterrupt:
        raise
    except (ValueProblem, LatentreelError) as error:
        problems += problems_at(plan, path, error)
    except BaseException as error:  # an effect may raise anything; the user is told whose it was
        reason = next(iter(str(error).splitlines()), "")
        fault = PluginError(f"{stacked.called} failed to prepare: {type(error).__name__}: {reason}")
        if stacked.skips:
            return replace(stacked, conduct=Conduct(off=str(fault)))
        problems += problems_at(plan, path, fault)
    return None


def resolve_stack(
    entries: Sequence[BoundEntry], plan: Plan, sources: Sequence[Sources], problems: list[Problem]
) -> tuple[StackedEffect, ...]:
    """Return the stack of entries, each resolved for every class of the film; add what fails to `problems`."""
    resolved = ([resolve_entry(bound, plan, one, problems) for one in sources] for bound in entries)
    whole = ([effect for effect in effects if effect is not None] for effects in resolved)
    return tuple(
        replace(first, others=tuple(rest), group=resolve_stack(first.bound.group, plan, sources, problems))
        for first, *rest in (effects for effects in whole if effects)
    )


def problems_at(plan: Plan, path: tuple[Any, ...], error: Exception) -> list[Problem]:
    """Return an error as problems of the scene, at the place of a path or below it."""
    parts = error.parts if isinstance(error, ValueProblem) else (((), str(error)),)
    return [plan.scene.tree.problem((*path, *inner), message) for inner, message in parts]


def signals_of(params: dict[str, Any], count: int) -> dict[str, Tensor]:
    """Return those of the resolved fields that are a number for each of the N frames."""
    return {name: held for name, held in params.items() if isinstance(held, Tensor) and held.shape == (count,)}


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
