"""Hold effects to their contract: what they return is checked, and what they raise is told with effect and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import LatentreelError, PluginError, ValueProblem
from renderer.latents import Latents
from renderer.spoken import spoken
from renderer.synthesis_inputs import Synthesise, SynthesisInputs, Tap, Wrap
from renderer.timeline.conduct import Conduct
from renderer.timeline.expressions import Array
from renderer.timeline.rows import Apart

SAMPLE = 4096  # numbers of a tensor that are looked at before and after a call, spread evenly


@dataclass(frozen=True)
class Guard:
    """Watch one call of an effect for the frames at times t [N], in seconds.

    called is how messages call it, values are its signals [N] by name; with `skips` a frame at which it fails goes on
    without it.
    """

    called: str
    t: Array
    values: Mapping[str, Tensor] = field(default_factory=dict)
    conduct: Conduct = field(default_factory=Conduct)
    skips: bool = False

    def refuse(self, what: str, rows: Array | None = None) -> PluginError:
        """Return the error that says what the effect did, when, and with which values; rows, bool [N], are frames."""
        picked = np.arange(len(self.t)) if rows is None else np.flatnonzero(rows)
        first, last = self.t[picked[0]], self.t[picked[-1]]
        if len(picked) > 1 and rows is None:
            return PluginError(f"{self.called} {what} at {first:g}s to {last:g}s")
        values = [f"{name} {float(held[picked[0]]):.4g}" for name, held in self.values.items()]
        given = f", with {', '.join(values)}" if values else ""
        return PluginError(f"{self.called} {what} at {first:g}s{given}")

    def failed(self, error: BaseException) -> PluginError:
        """Return the error about an exception that the effect raised, in one line."""
        reason = next(iter(str(error).splitlines()), "")
        return self.refuse(f"failed with {type(error).__name__}{f': {reason}' if reason else ''},")

    def during(self, act: Callable[[], Any]) -> Any:
        """Return what some code of the effect returns; what it prints and how long it takes is known as its own.

        Raises PluginError for whatever it raises, but an error meant for the user and the wish to end, as they are.
        """
        try:
            with spoken(self.called), self.conduct.working():
                return act()
        except KeyboardInterrupt as stop:
            stop.add_note(f"{self.called} was at work")
            raise
        except (LatentreelError, ValueProblem):
            raise
        except BaseException as error:  # an effect may raise anything, SystemExit too; the user is told whose it was
            raise self.failed(error) from error

    def survived(self, act: Callable[[], Tensor], instead: Callable[[], Tensor]) -> Tensor:
        """Return what some code of the effect makes within synthesis, or where it fails and is skipped, `instead`.

        Raises Apart where only some of several frames may be the ones that fail.
        """
        try:
            return act()
        except PluginError as fault:
            if not self.skips or isinstance(fault, Apart):
                raise
            if len(self.t) > 1:
                raise Apart(str(fault)) from fault
            self.conduct.skip(str(fault), float(self.t[0]))
            return instead()

    def checked(self, x: Any, apply: Callable[[], Any]) -> Any:
        """Return what the effect makes of x.

        Raises PluginError for another kind, shape or dtype than it got, for NaN, and for input changed in place.
        """
        prints = [Print.of(tensor) for _, tensor in tensors_of(x)]
        changed = self.during(apply)
        if not all(one.is_of(tensor) for one, (_, tensor) in zip(prints, tensors_of(x), strict=True)):
            raise self.refuse("changed its input in place instead of returning something new,")
        if type(changed) is not type(x):
            raise self.refuse(f"returned {type(changed).__name__}, expected {type(x).__name__},")
        before = dict(tensors_of(x))
        for name, after in tensors_of(changed):
            self.check_tensor(name, self.wanted(name, before.get(name), after), after)
        if isinstance(x, Latents):
            missing = [name for name in before if name != "z" and getattr(changed, name) is None]
            if missing:
                raise self.refuse(f"returned latents without {missing[0]}")
        return self.guarded(x, changed) if isinstance(x, SynthesisInputs) else changed

    def wanted(self, name: str, before: Tensor | None, after: Tensor) -> tuple[int, ...]:
        """Return the shape that a tensor must have, given what it replaces."""
        if name == "transform":
            return (len(self.t), 3, 3)
        if before is not None:
            return tuple(before.shape)
        return (len(self.t), *after.shape[1:]) if name == "z" else tuple(after.shape)

    def check_tensor(self, name: str, shape: tuple[int, ...], tensor: Tensor) -> None:
        """Raise PluginError unless a tensor is float32 of a shape, and finite."""
        if tuple(tensor.shape) != shape or str(tensor.dtype) != "torch.float32":
            got = f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"
            raise self.refuse(f"returned {name} of {got}, expected float32 {list(shape)},")
        finite = tensor.isfinite()
        if not bool(finite.all()):
            rows = ~finite.flatten(1).all(1).cpu().numpy() if len(tensor) == len(self.t) and tensor.ndim > 1 else None
            raise self.refuse(f"returned NaN or infinity in {name}", rows)

    def guarded(self, x: SynthesisInputs, changed: SynthesisInputs) -> SynthesisInputs:
        """Return synthesis inputs whose new taps and wraps are guarded like the effect itself."""
        for name in ("taps", "wraps"):
            above: tuple[Any, ...] = getattr(x, name)
            if getattr(changed, name)[: len(above)] != above:
                raise self.refuse(f"took away {name} of the effects above it; add to x.{name} instead,")
        taps = (Tapped(self, tap) for tap in changed.taps[len(x.taps) :])
        wraps = (Wrapped(self, wrap) for wrap in changed.wraps[len(x.wraps) :])
        return changed.replace(taps=(*x.taps, *taps), wraps=(*x.wraps, *wraps))

    def same(self, what: str, before: Tensor, changed: Any) -> Tensor:
        """Return what an effect made of a tensor, if it has the same shape and dtype."""
        if not isinstance(changed, Tensor):
            raise self.refuse(f"returned {type(changed).__name__} for the {what}")
        if changed.shape != before.shape or changed.dtype != before.dtype:
            got, wanted = list(changed.shape), list(before.shape)
            raise self.refuse(f"returned {what} of {changed.dtype} {got}, expected {wanted},")
        return changed


@dataclass(frozen=True)
class Tapped:
    """Call a tap of an effect under guard."""

    guard: Guard
    tap: Tap

    def __call__(self, layer: str, features: Tensor) -> Tensor:
        """Return the feature map after the tap, [N, C, h, w] as before."""
        guard = self.guard

        def act() -> Tensor:
            return guard.same(f"features {layer}", features, guard.during(lambda: self.tap(layer, features)))

        return guard.survived(act, lambda: features)


@dataclass(frozen=True)
class Wrapped:
    """Call a wrap of an effect, and what it gives, under guard."""

    guard: Guard
    wrap: Wrap

    def __call__(self, inner: Synthesise) -> Synthesise:
        """Return the wrapped synthesis; what the inner one raises is not the effect's."""

        guard = self.guard

        def others(ws: Tensor, **options: Any) -> Tensor:
            with guard.conduct.working(-1):
                return inner(ws, **options)

        def call(ws: Tensor, **options: Any) -> Tensor:
            def act() -> Tensor:
                images = guard.during(lambda: self.wrap(others)(ws, **options))
                if not isinstance(images, Tensor) or len(images) != len(ws):
                    raise guard.refuse(f"returned {type(images).__name__} for {len(ws)} images")
                return images

            return guard.survived(act, lambda: inner(ws, **options))

        return call


def tensors_of(x: Any) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors that travel through the stack, each with a name for messages."""
    if isinstance(x, Tensor):
        yield "images", x
    elif isinstance(x, Latents):
        held = {"ws": x.ws, "psi": x.psi, "z": x.z, "c": x.c}
        yield from ((name, tensor) for name, tensor in held.items() if tensor is not None)
    elif isinstance(x, SynthesisInputs):
        yield from ((f"noise {name}", tensor) for name, tensor in x.noise.items())
        if x.transform is not None:
            yield "transform", x.transform


@dataclass(frozen=True)
class Print:
    """Hold what a tensor is known by: how often torch has changed it, and a sample, as numpy changes it unseen."""

    version: int
    sample: Tensor

    @classmethod
    def of(cls, tensor: Tensor) -> Print:
        """Return the print of a tensor."""
        step = tensor.numel() // SAMPLE | 1  # odd, so that it does not keep to a column
        version = -1 if tensor.is_inference() else tensor._version
        return cls(version, tensor.detach().reshape(-1)[::step].clone())

    def is_of(self, tensor: Tensor) -> bool:
        """Say whether a tensor is as it was."""
        now = Print.of(tensor)
        return self.version == now.version and torch.equal(self.sample, now.sample)
