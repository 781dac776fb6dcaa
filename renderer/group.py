"""A group of entries of the timeline: a picture of its own, or a version of what stands above, laid over it."""

from __future__ import annotations

from typing import ClassVar, Literal

from renderer.effects import Effect, param
from renderer.values.signal import Signal

GROUP = "group"  # the key of an entry below which the entries of a group stand
BlendMode = Literal[
    "normal", "add", "multiply", "screen", "overlay", "soft-light", "hard-light", "lighten", "darken", "color-dodge",
    "color-burn", "difference", "exclusion",
]  # fmt: skip


class Group(Effect):
    """Lay what entries make over what stands above them, by a blend mode."""

    stage: ClassVar[Literal["image"]] = "image"
    name = GROUP

    opacity: Signal = param(1, description="How much of the group is seen: 0 is nothing, 1 all")
    blend: BlendMode = param("normal", description="How it is laid over: normal, add, multiply, screen, overlay ...")
