"""Tables of what plugins offer: a duplicate name raises, an unknown one lists the nearest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from renderer.audio.trackers import BeatTracker
from renderer.effects import Effect
from renderer.errors import PluginError, ValueProblem, expected
from renderer.generators.base import Generator
from renderer.landmarks import Maker
from renderer.perceptual import PerceptualMaker
from renderer.scorers import Scorer
from renderer.signal_source import SignalSource
from renderer.sinks.base import Sink
from renderer.values.easing import EasingFunction
from renderer.values.upscaler import MakeUpscaler

T = TypeVar("T")


class Registry(Mapping[str, T], Generic[T]):
    """Map names to things of one kind, remembering which plugin brought each."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.plugins: dict[str, str] = {}
        self._things: dict[str, T] = {}

    def add(self, name: str, thing: T, plugin: str) -> None:
        """Enter a thing.

        Raises PluginError naming both plugins when the name is taken.
        """
        if name in self._things:
            raise PluginError(f"{self.kind} {name!r} is registered twice: by {self.plugins[name]} and by {plugin}")
        self._things[name] = thing
        self.plugins[name] = plugin

    def find(self, name: str) -> T:
        """Return the thing of that name.

        Raises ValueProblem with the nearest known name.
        """
        if name not in self._things:
            raise ValueProblem(f"unknown {self.kind} {name!r}{expected(name, self._things)}")
        return self._things[name]

    def __getitem__(self, name: str) -> T:
        return self._things[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._things)

    def __len__(self) -> int:
        return len(self._things)


@dataclass(frozen=True)
class BrokenPlugin:
    """Hold a plugin that failed to load: its name, its error in one line, and the traceback."""

    name: str
    error: str
    traceback: str


@dataclass(frozen=True)
class Registries:
    """Hold everything that the installed plugins offer, and the plugins that failed."""

    effects: Registry[type[Effect]] = field(default_factory=lambda: Registry("effect"))
    easings: Registry[EasingFunction] = field(default_factory=lambda: Registry("easing"))
    generators: Registry[Callable[[], Generator]] = field(default_factory=lambda: Registry("generator"))
    signals: Registry[type[SignalSource]] = field(default_factory=lambda: Registry("signal"))
    beat_trackers: Registry[BeatTracker] = field(default_factory=lambda: Registry("beat tracker"))
    scorers: Registry[Scorer] = field(default_factory=lambda: Registry("scorer"))
    perceptual: Registry[PerceptualMaker] = field(default_factory=lambda: Registry("perceptual backend"))
    landmarks: Registry[Maker] = field(default_factory=lambda: Registry("landmarks"))
    sinks: Registry[type[Sink]] = field(default_factory=lambda: Registry("output"))
    upscalers: Registry[MakeUpscaler] = field(default_factory=lambda: Registry("upscaler"))
    broken: list[BrokenPlugin] = field(default_factory=list)

    def with_signal(self, source: type[SignalSource]) -> Registries:
        """Return the same with a signal, instead of the one of its name."""
        signals: Registry[type[SignalSource]] = Registry("signal")
        for name, one in {**self.signals, source.name: source}.items():
            signals.add(name, one, self.signals.plugins.get(name, source.__module__))
        return replace(self, signals=signals)

    @property
    def failed(self) -> str:
        """Return what the message about an unknown name ends in: which plugins failed and might have brought it."""
        if not self.broken:
            return ""
        names = ", ".join(f"{broken.name} ({broken.error})" for broken in self.broken)
        return f"; a plugin that failed to load may bring it, see `render plugins`: {names}"
