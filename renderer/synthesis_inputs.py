"""What synthesis takes besides ws: noise, a transform, taps on feature maps, and wraps around all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import Tensor

Tap = Callable[[str, "Tensor"], "Tensor"]  # a layer's name and its map [N, C, h, w]; what it returns goes on instead
Synthesise = Callable[..., "Tensor"]  # called as `Generator.synthesis` is
Wrap = Callable[[Synthesise], Synthesise]


@dataclass(frozen=True)
class SynthesisInputs:
    """Hold what synthesis takes besides ws; see `Generator.synthesis`.

    touched  bool [N], the frames that taps and wraps change; None for all. Others come out as without them, bit for
             bit.
    """

    noise_mode: Literal["const", "none", "random"] = "const"
    noise: Mapping[str, Tensor] = field(default_factory=dict)
    transform: Tensor | None = None
    taps: tuple[Tap, ...] = ()
    wraps: tuple[Wrap, ...] = ()
    touched: Tensor | None = None

    def replace(self, **changes: Any) -> SynthesisInputs:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    @property
    def is_plain(self) -> bool:
        """Say whether images follow from ws and these inputs alone."""
        return not self.taps and not self.wraps

    def with_tap(self, tap: Tap, rows: Tensor | None = None) -> SynthesisInputs:
        """Return inputs with a tap on feature maps; rows, bool [N], are the frames that it changes, by default all."""
        if rows is None or bool(rows.all()):
            return self.replace(taps=(*self.taps, tap), touched=None)
        some = self.replace(taps=(*self.taps, Some(tap, rows)), touched=self._touching(rows))
        return some if rows.any() else self

    def with_wrap(self, wrap: Wrap, rows: Tensor | None = None) -> SynthesisInputs:
        """Return inputs whose synthesis goes through `wrap`: given a function like `Generator.synthesis`, another one.

        rows, bool [N], are the frames that it changes, by default all.
        """
        if rows is None or bool(rows.all()):
            return self.replace(wraps=(*self.wraps, wrap), touched=None)
        some = self.replace(wraps=(*self.wraps, SomeOf(wrap, rows)), touched=self._touching(rows))
        return some if rows.any() else self

    def tap(self, layer: str, features: Tensor) -> Tensor:
        """Pass a feature map [N, C, h, w] through every tap in turn."""
        for tap in self.taps:
            features = tap(layer, features)
        return features

    def synthesise(self, synthesis: Synthesise, ws: Tensor) -> Tensor:
        """Return images [N, C, H, W] of ws [N, num_ws, w_dim] by a generator's `synthesis`."""
        wrapped = synthesis
        for wrap in self.wraps:
            wrapped = wrap(wrapped)
        common = {"noise_mode": self.noise_mode, "noise": self.noise or None, "transform": self.transform}
        images = wrapped(ws, **common, taps=self.tap if self.taps else None)
        if self.is_plain or self.touched is None:
            return images
        return chosen(self.touched, images, synthesis(ws, **common, taps=None))

    def _touching(self, rows: Tensor) -> Tensor | None:
        """Return the frames touched when those of `rows` are, too."""
        if self.is_plain:
            return rows
        return None if self.touched is None else self.touched | rows


@dataclass(frozen=True)
class Some:
    """Let a tap change some frames only."""

    tap: Tap
    rows: Tensor

    def __call__(self, layer: str, features: Tensor) -> Tensor:
        """Return the map after the tap, in its frames."""
        return chosen(self.rows, self.tap(layer, features), features)


@dataclass(frozen=True)
class SomeOf:
    """Let a wrap change some frames only."""

    wrap: Wrap
    rows: Tensor

    def __call__(self, inner: Synthesise) -> Synthesise:
        """Return the wrapped synthesis, which makes the other frames as `inner` does."""
        outer = self.wrap(inner)
        return lambda ws, **options: chosen(self.rows, outer(ws, **options), inner(ws, **options))


def chosen(rows: Tensor, changed: Tensor, plain: Tensor) -> Tensor:
    """Return the frames of `changed` where rows, bool [N], is True, and else those of `plain`."""
    return changed.where(rows.reshape(-1, 1, 1, 1), plain) if changed.shape == plain.shape else changed
