"""The whole contract between latentreel and its plugins. Every hook is called once, when plugins are loaded.

@renderer.hookimpl
def register_effects(register): register(Brighter)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from renderer.audio.trackers import BeatTracker
    from renderer.effects import Effect
    from renderer.generators.base import Generator
    from renderer.landmarks import Maker
    from renderer.perceptual import PerceptualMaker
    from renderer.scorers import Scorer
    from renderer.signal_source import SignalSource
    from renderer.sinks.base import Sink
    from renderer.values.easing import EasingFunction
    from renderer.values.upscaler import MakeUpscaler

PROJECT = "latentreel"  # also the group of entry points in which packages are found
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def register_effects(register: Callable[[type[Effect]], None]) -> None:
    """Register effects: classes derived from LatentEffect, SynthesisEffect or ImageEffect."""


@hookspec
def register_easings(register: Callable[[str, EasingFunction], None]) -> None:
    """Register easings: a name, and a function of a numpy float64 array 0..1 that is 0 at 0 and 1 at 1."""


@hookspec
def register_generators(register: Callable[[str, Callable[[], Generator]], None]) -> None:
    """Register generators that need no file: the name for `model:`, and a function that makes one, `resized` then."""


@hookspec
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register signals: classes derived from SignalSource, which hear the song and give numbers over time."""


@hookspec
def register_beat_trackers(register: Callable[[str, BeatTracker], None]) -> None:
    """Register beat trackers: a name for `tempo: {tracker: NAME}`, and a function of a Song that returns Beats."""


@hookspec
def register_scorers(register: Callable[[str, Scorer], None]) -> None:
    """Register scorers: a name, and a function of RGB images [N, 3, H, W] in 0..1 that returns [N], more for more."""


@hookspec
def register_perceptual(register: Callable[[str, PerceptualMaker], None]) -> None:
    """Register perceptual backends: a name, and what makes one of a file: a function of images that returns maps."""


@hookspec
def register_landmarks(register: Callable[[str, Maker], None]) -> None:
    """Register landmarks: a name for `--landmarks`, and a function that makes one, a function of pixels to Faces."""


@hookspec
def register_sinks(register: Callable[[type[Sink]], None]) -> None:
    """Register outputs: classes derived from Sink, found by the suffix of the file, and before the bundled ones."""


@hookspec
def register_upscalers(register: Callable[[str, MakeUpscaler], None]) -> None:
    """Register upscalers: a name, and a function of a model's file (or None) and a device that makes one."""
