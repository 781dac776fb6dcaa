"""What a film knows of its song: the sound, its beats and sections, and every feature that the scene listens to."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from renderer.audio.cache import remembered
from renderer.audio.decode import SoundProblem
from renderer.audio.progress import say
from renderer.audio.shaping import shaped
from renderer.audio.song import Song, open_song
from renderer.errors import ValueProblem
from renderer.registry import Registries
from renderer.scene.explain import explain, names_of
from renderer.scene.model import Scene
from renderer.signal_source import Array, Series, SignalSource, Values
from renderer.timeline.find import find_file
from renderer.values.beats import BeatGrid
from renderer.values.feature import Feature
from renderer.values.parsed import show
from renderer.values.section import Sections
from renderer.values.shape import Shape
from renderer.values.time import Clock


class SceneMusic:
    """Hear the song of a scene; each thing is found when it is first asked for, and kept.

    `problem` is what is wrong with the sound itself, which is said once of `audio:` and not of all that needs it.
    """

    clock: Clock

    def __init__(self, scene: Scene, registries: Registries) -> None:
        self.scene, self.registries = scene, registries
        self.problem: ValueProblem | None = None
        self._series: dict[str, Series] = {}

    @property
    def song(self) -> Song:
        """Return the sound that the film is laid under."""
        if self._song is None:
            raise ValueProblem("the scene has no sound; write audio: song.mp3")
        return self._song

    @cached_property
    def _song(self) -> Song | None:
        if self.scene.audio is None:
            return None
        return open_song(self.file(self.scene.audio.file), self.start, self.end)

    @property
    def beats(self) -> BeatGrid:
        """Return the beats of the film."""
        return self.clock.grid

    @property
    def sections(self) -> Sections:
        """Return the sections of the film."""
        raise ValueProblem("the scene has no sections")

    @property
    def find_beats(self) -> Callable[[], BeatGrid] | None:
        """Return what finds the beats in the song, or None where the scene gives a tempo or has no song."""
        return None

    @property
    def length(self) -> float:
        """Return the seconds of the song, or of the film where there is none."""
        return self.clock.film.end if self._song is None else self._song.length

    @property
    def start(self) -> float:
        """Return the seconds of the sound file at which the film begins."""
        audio = self.scene.audio
        return 0.0 if audio is None else audio.start

    @property
    def end(self) -> float | None:
        """Return the seconds of the sound file at which the song ends for this film; None where it is the file's."""
        audio = self.scene.audio
        return None if audio is None else audio.end

    def file(self, name: str) -> Path:
        """Return the path of a file that the scene names."""
        return find_file(name, self.scene.path.parent)

    def elsewhere(self, path: Path) -> SceneMusic:
        """Return the same hearing of another sound file, from the place on at which the film begins."""
        other = copy.copy(self)
        other._song, other._series = open_song(path, self.start, self.end), {}
        return other

    def listen(self, written: Any) -> Series:
        """Return what a signal hears, written as below `signals:`, before it is shaped."""
        return self.analysed(self.source(Feature.parse(written)))

    def knows(self, name: str) -> bool:
        """Say whether an expression may read a source by its name alone: it needs no settings, and there is a song."""
        source = self.registries.signals.get(name)
        if self.scene.audio is None or source is None:
            return False
        return not any(field.is_required() for field in source.model_fields.values())

    def hear(self, written: Any) -> Callable[[Array], Values]:
        """Return a feature, written as below `signals:`, as a function of times [N] to float32 [N, C]."""
        return self.series(Feature.parse(written)).at

    def series(self, feature: Feature) -> Series:
        """Return a feature over the seconds of the film, shaped."""
        key = repr(feature.written)
        if key not in self._series:
            source = self.source(feature)
            shape = feature.shape.over(Shape.parse(source.shaping))
            try:
                self._series[key] = shaped(self.analysed(source), shape, self.clock.length)
            except SoundProblem as problem:
                if self._song is None or problem.path != self._song.path:
                    raise
                self.problem = problem
                raise ValueProblem(str(problem), ()) from problem
        return self._series[key]

    def analysed(self, source: SignalSource) -> Series:
        """Return what a source hears, from the cache where it has heard the same before."""

        def find() -> dict[str, Any]:
            say(f"listening: {source.name}")
            found = source.analyse(self)
            return {"values": found.values, "about": [found.rate, found.start, float(found.hold)]}

        if not source.cached:
            return source.analyse(self)
        what = {"signal": source.name, "version": source.version, "settings": repr(source)}
        held = remembered(self.song.digest, what, find)
        rate, start, hold = held["about"]
        return Series(held["values"], float(rate), float(start), bool(hold))

    def source(self, feature: Feature) -> SignalSource:
        """Return the source that a feature names, with its settings checked."""
        kind, settings = self.registries.signals.find(feature.source), feature.settings
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            if kind.shorthand is None:
                known = ", ".join(names_of(kind)) or "none"
                message = f"expected a map of the settings of {kind.name} ({known}), got {show(settings)}"
                raise ValueProblem(message, [((feature.source,), message)])
            settings = {kind.shorthand: settings}
        try:
            return kind.model_validate(settings)
        except ValidationError as error:
            told = (part for item in error.errors() for part in explain(item, names_of(kind)))
            parts = [((feature.source, *path), message) for path, message in told]
            raise ValueProblem(parts[0][1], parts) from error
