"""The last stage before the sinks: finished images go through the image effects, each in its own colour space."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from renderer.colour import to_linear, to_srgb
from renderer.effects import ImageEffect
from renderer.timeline.expressions import Array
from renderer.timeline.history import History
from renderer.timeline.stack import StackedEffect, fade
from renderer.timeline.timeline import Timeline

Source = Callable[[Array], Tensor]  # images [N, C, H, W] in -1..1 at N times, as synthesis makes them
Space = Literal["srgb", "linear"]


class ImageStage:
    """Pass images of a film through its image effects; `source` and `batch` make those of an effect's past."""

    def __init__(self, timeline: Timeline, source: Source, batch: int) -> None:
        effects = [one for one in timeline.whole_stack if isinstance(one.effect, ImageEffect)]
        self.timeline = timeline
        self.steps = Steps(timeline, effects, source, batch)
        self.ends = Steps(timeline, effects, source, batch) if timeline.plan.blend else self.steps

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
    """Hold image effects, and the past of those that have one."""

    def __init__(self, timeline: Timeline, effects: list[StackedEffect], source: Source, batch: int) -> None:
        self.timeline, self.effects, self.source = timeline, effects, source
        self.pasts: dict[int, History] = {}
        for place, stacked in enumerate(effects):
            if warm_up := stacked.effect.warm_up:  # type: ignore[attr-defined]
                above = Steps(timeline, effects[:place], source, batch)
                self.pasts[place] = History(stacked, timeline, above.seen_by(stacked), warm_up, batch)

    def run(self, images: Tensor, times: Array, space: Space = "srgb") -> Tensor:
        """Return sRGB images [N, C, H, W] in 0..1 at N times after the effects, in the space asked for."""
        moments, shown, light, came = self.timeline.moments(times), images, images, images
        now: Space = "srgb"
        for place, stacked in enumerate(self.effects):
            wanted: Space = stacked.effect.space  # type: ignore[attr-defined]
            if wanted == "linear" and now == "srgb":
                came = light = to_linear(shown)
            elif wanted == "srgb" and now == "linear":
                shown = back(shown, came, light)
            now, past = wanted, self.pasts.get(place)
            given = light if now == "linear" else shown
            changed = stacked.apply(given, moments, past.at(given, times) if past else None)
            light, shown = (changed, shown) if now == "linear" else (light, changed)
        if now == "linear":
            shown = back(shown, came, light)
        return to_linear(shown) if space == "linear" else shown

    def seen_by(self, stacked: StackedEffect) -> Source:
        """Return the images that an effect below these gets, at any times, in its space."""
        return lambda times: self.run((self.source(times) + 1) / 2, times, stacked.effect.space)  # type: ignore[attr-defined]


def back(shown: Tensor, came: Tensor, light: Tensor) -> Tensor:
    """Return light in sRGB: where it is what came of the images shown, those themselves, bit for bit."""
    return torch.where(light == came, shown, to_srgb(light))
