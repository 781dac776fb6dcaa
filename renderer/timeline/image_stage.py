"""The last stage before the sinks: finished images go through the image effects, each in its own colour space."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from renderer.blending import laid_over
from renderer.colour import to_linear, to_srgb
from renderer.group import Group
from renderer.timeline.expressions import Array
from renderer.timeline.history import History
from renderer.timeline.stack import StackedEffect, fade
from renderer.timeline.timeline import Timeline

Source = Callable[[Array], Tensor]  # images [N, C, H, W] in -1..1 at N times
Space = Literal["srgb", "linear"]


class ImageStage:
    """Pass images of a film through its image effects.

    source    makes the images before all effects, at any times; `batch` of them at once for an effect's past.
    finished  gives such a function for another timeline, of finished images: for groups with pictures of their own.
    """

    def __init__(self, timeline: Timeline, source: Source, finished: Callable[[Timeline], Source], batch: int) -> None:
        self.source, self.finished, self.batch = source, finished, batch
        effects = [one for one in timeline.whole_stack if one.effect.stage == "image"]
        self.timeline = timeline
        self.steps = Steps(self, effects, source)
        self.ends = Steps(self, effects, source) if timeline.plan.blend else self.steps

    def finish(self, images: Tensor, times: Array) -> Tensor:
        """Return images [N, C, H, W] in -1..1 at N times after the effects, which see them as 0..1."""
        if not self.steps.effects:
            return images
        plan, given = self.timeline.plan, (images + 1) / 2
        finished = self.steps.run(given, times)
        if plan.blend and (times < plan.blend).any():
            finished = fade(self.ends.run(given, times + plan.duration), finished, self.timeline.way(times))
        return torch.add(images, finished - given, alpha=2)  # what no effect changed keeps its bits


class Steps:
    """Hold image effects, the past of those that have one, and the pictures of groups; source makes what they get."""

    def __init__(self, stage: ImageStage, effects: Sequence[StackedEffect], source: Source) -> None:
        self.stage, self.effects, self.source = stage, effects, source
        self.pasts: dict[int, History] = {}
        self.layers: dict[int, Layer] = {}
        for place, stacked in enumerate(effects):
            if warm_up := getattr(stacked.effect, "warm_up", 0.0):
                self.pasts[place] = History(stacked, stage.timeline, self.seen_at(place), warm_up, stage.batch)
            if stacked.group:
                self.layers[place] = Layer(stage, stacked, self.seen_at(place))

    def run(self, images: Tensor, times: Array, space: Space = "srgb") -> Tensor:
        """Return sRGB images [N, C, H, W] in 0..1 at N times after the effects, in the space asked for."""
        moments, shown, light, came = self.stage.timeline.moments(times), images, images, images
        now: Space = "srgb"
        for place, stacked in enumerate(self.effects):
            wanted: Space = getattr(stacked.effect, "space", "srgb")
            if wanted == "linear" and now == "srgb":
                came = light = to_linear(shown)
            elif wanted == "srgb" and now == "linear":
                shown = back(shown, came, light)
            now, past = wanted, self.pasts.get(place)
            given = light if now == "linear" else shown
            if place in self.layers:
                changed = self.layers[place].over(given, times)
            else:
                changed = stacked.apply(given, moments, past.at(given, times) if past else None)
            light, shown = (changed, shown) if now == "linear" else (light, changed)
        if now == "linear":
            shown = back(shown, came, light)
        return to_linear(shown) if space == "linear" else shown

    def seen_at(self, place: int) -> Source:
        """Return what makes the images, 0..1 in its space, that the effect at a place gets at any times."""
        space: Space = getattr(self.effects[place].effect, "space", "srgb")
        above: list[Steps] = []  # made when it is asked, with pasts of its own

        def seen(times: Array) -> Tensor:
            if not above:
                above.append(Steps(self.stage, self.effects[:place], self.source))
            return above[0].run((self.source(times) + 1) / 2, times, space)

        return seen


class Layer:
    """Hold what makes the pictures of a group: the generator, or its image effects from what stands above."""

    def __init__(self, stage: ImageStage, group: StackedEffect, seen: Source) -> None:
        assert isinstance(group.effect, Group)
        self.stage, self.group, self.blend = stage, group, group.effect.blend
        self.own: Source | None = None
        if group.is_own_picture:
            self.own = stage.finished(stage.timeline.layer(group))
        self.steps = Steps(stage, group.group, lambda times: seen(times) * 2 - 1)

    def over(self, images: Tensor, times: Array) -> Tensor:
        """Return images [N, C, H, W] in 0..1 at N times with the group over them."""
        opacity = self.group.opacity(self.stage.timeline.moments(times))
        if not bool(opacity.any()):
            return images
        layer = self.steps.run(images, times) if self.own is None else (self.own(times) + 1) / 2
        return laid_over(images, layer, self.blend, opacity)


def back(shown: Tensor, came: Tensor, light: Tensor) -> Tensor:
    """Return light in sRGB: where it is what came of the images shown, those themselves, bit for bit."""
    return torch.where(light == came, shown, to_srgb(light))
