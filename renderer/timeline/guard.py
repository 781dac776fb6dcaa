"""Hold effects to their contract: what they return is checked, and what they raise is told with effect and time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from renderer.errors import LatentreelError, PluginError
from renderer.latents import Latents
from renderer.synthesis_inputs import Synthesise, SynthesisInputs, Tap, Wrap
from renderer.timeline.expressions import Array


@dataclass(frozen=True)
class Guard:
    """Watch one call of the effect called `name` for the frames at times t [N], in seconds."""

    name: str
    t: Array

    def refuse(self, what: str, rows: Array | None = None) -> PluginError:
        """Return the error that says what the effect did, and when; rows, bool [N], picks the frames."""
        t = self.t if rows is None else self.t[rows]
        when = f"{t[0]:g}s" if len(t) == 1 or rows is not None else f"{t[0]:g}s to {t[-1]:g}s"
        return PluginError(f"effect {self.name!r} {what} at {when}")

    def failed(self, error: Exception) -> PluginError:
        """Return the error about an exception that the effect raised, in one line."""
        reason = next(iter(str(error).splitlines()), "")
        return self.refuse(f"failed with {type(error).__name__}{f': {reason}' if reason else ''},")

    def checked(self, x: Any, apply: Callable[[], Any]) -> Any:
        """Return what the effect makes of x.

        Raises PluginError for another kind, shape or dtype than it got, for NaN, and for input changed in place.
        """
        versions = [_version(tensor) for _, tensor in tensors_of(x)]
        changed = apply()
        if versions != [_version(tensor) for _, tensor in tensors_of(x)]:
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
        try:
            changed = self.tap(layer, features)
        except Exception as error:  # a tap may raise anything; the user is told whose it was
            raise self.guard.failed(error) from error
        return self.guard.same(f"features {layer}", features, changed)


@dataclass(frozen=True)
class Wrapped:
    """Call a wrap of an effect, and what it gives, under guard."""

    guard: Guard
    wrap: Wrap

    def __call__(self, inner: Synthesise) -> Synthesise:
        """Return the wrapped synthesis; what the inner one raises is not the effect's."""

        def call(ws: Tensor, **options: Any) -> Tensor:
            try:
                images = self.wrap(inner)(ws, **options)
            except LatentreelError:
                raise
            except Exception as error:  # a wrap may raise anything; the user is told whose it was
                raise self.guard.failed(error) from error
            if not isinstance(images, Tensor) or len(images) != len(ws):
                raise self.guard.refuse(f"returned {type(images).__name__} for {len(ws)} images")
            return images

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


def _version(tensor: Tensor) -> int:
    return -1 if tensor.is_inference() else tensor._version
