"""What a film knows of its song: the sound, its beats and sections, and every feature that the scene listens to."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from renderer.audio.cache import remembered
from renderer.audio.decode import SoundProblem
from renderer.audio.progress import say
from renderer.audio.shaping import shaped
from renderer.audio.song import Song, open_song
from renderer.errors import LatentreelError, PluginError, ValueProblem
from renderer.find import find_file
from renderer.registry import Registries
from renderer.scene.explain import explain, names_of
from renderer.scene.model import Scene
from renderer.signal_source import Array, Series, SignalSource, Values
from renderer.sinks.base import AudioTrack
from renderer.spoken import spoken
from renderer.timeline.beat_grid import found_beats, listed_beats
from renderer.timeline.sections import check_names, heard_sections, written_sections
from renderer.values.beats import BeatGrid, grid_of_times
from renderer.values.feature import Feature
from renderer.values.parsed import show
from renderer.values.section import Sections
from renderer.values.shape import Shape
from renderer.values.time import Clock


class SceneMusic:
    """Hear the song of a scene; each thing is found when it is first asked for, and kept.

    All seconds are those of the film. `problems` is what is wrong with the sound or its beats, each with its path in
    the scene: said once there, and not of everything that needs it.
    """

    clock: Clock
    track: AudioTrack | None = None

    def __init__(self, scene: Scene, registries: Registries) -> None:
        self.scene, self.registries = scene, registries
        self.problems: list[tuple[tuple[str, ...], ValueProblem]] = []
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

    @cached_property
    def _grid(self) -> BeatGrid | ValueProblem:
        """Return the beats that are listed or found, or what keeps them from being."""
        try:
            if self.scene.beats is not None:
                return listed_beats(self.scene, self.start)
            return found_beats(self.scene, self.song, self.registries, self._offset)
        except ValueProblem as problem:
            return problem

    def _find_beats(self) -> BeatGrid:
        if isinstance(self._grid, ValueProblem):
            where = "beats" if self.scene.beats is not None else "tempo" if self.scene.tempo is not None else "audio"
            self._note(where, self._grid)
            raise ValueProblem(str(self._grid), ())
        return self._repeated(self._grid)

    def _note(self, where: str, problem: ValueProblem) -> None:
        if ((where,), problem) not in self.problems:
            self.problems.append(((where,), problem))

    @property
    def _offset(self) -> float | None:
        """Return where the scene says that bar 1 begins, in seconds, or None where it does not say."""
        if "offset" not in self.scene.model_fields_set or self.scene.offset.is_relative:
            return None
        with suppress(ValueProblem):  # said by itself, with its place
            return Clock(float(self.scene.fps)).position(self.scene.offset)
        return None

    def _repeated(self, grid: BeatGrid) -> BeatGrid:
        """Return the beats of the film, which come again where the song repeats."""
        period = self.period
        if period is None or period >= self.length:
            return grid
        once = grid.between(0, period)
        times = np.concatenate([once + i * period for i in range(int(self.length // period) + 1)])
        first = int(np.argmin(np.abs(times - grid.seconds(0))))
        return grid_of_times(times, grid.beats_per_bar, first, grid.confidence)

    @property
    def sections(self) -> Sections:
        """Return the sections of the film: those that the scene names, or those that are found in the song."""
        written = self.scene.sections
        if any(section.starts for section in written.values()):
            return written_sections(written, self.clock)
        if self._song is None:
            raise ValueProblem("the scene has neither sections nor a song; write e.g. sections: {drop: bar 9}")
        found = heard_sections(self._song, self._bars, self.length)
        check_names(written, found)
        return found

    @property
    def _bars(self) -> Array:
        """Return the seconds of every bar of the song, none where no beat is found."""
        if self.find_beats is not None and isinstance(self._grid, ValueProblem):
            return np.zeros(0)
        grid = self.clock.grid
        first, last = grid.beats([0.0, self._song_end]) / grid.beats_per_bar
        return grid.seconds(np.arange(np.ceil(first), np.floor(last) + 1) * grid.beats_per_bar)

    @property
    def _song_end(self) -> float:
        """Return the seconds of the film at which the song ends, without reading it."""
        if self.track is None or self.track.duration is None:
            return self.length
        return self.track.duration + max(-self.track.start, 0.0)

    @property
    def find_beats(self) -> Callable[[], BeatGrid] | None:
        """Return what finds the beats, or None where the scene gives a tempo, or neither beats nor a song."""
        known = self.scene.tempo is not None and self.scene.tempo.bpm is not None
        if self.scene.beats is not None or (not known and self.scene.audio is not None):
            return self._find_beats
        return None

    @property
    def length(self) -> float:
        """Return the seconds of the film."""
        return self.clock.film.end

    @property
    def start(self) -> float:
        """Return the seconds of the sound file at which the film begins; negative where the sound begins later."""
        return 0.0 if self.scene.audio is None else self.scene.audio.start

    @property
    def period(self) -> float | None:
        """Return the seconds after which the song begins anew; None where it does not."""
        return None if self.track is None else self.track.period

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
        return self.series(written if isinstance(written, Feature) else Feature.parse(written)).at

    def series(self, feature: Feature) -> Series:
        """Return a feature over the seconds of the film, shaped."""
        key = repr(feature.written)
        if key not in self._series:
            source = self.source(feature)
            shape = feature.shape.over(Shape.parse(source.usual_shape()))
            try:
                self._series[key] = shaped(self.analysed(source), shape, self.clock.length)
            except SoundProblem as problem:
                if self._song is None or problem.path != self._song.path:
                    raise
                self._note("audio", problem)
                raise ValueProblem(str(problem), ()) from problem
        return self._series[key]

    def analysed(self, source: SignalSource) -> Series:
        """Return what a source hears, from the cache where it has heard the same before."""

        def find() -> dict[str, Any]:
            say(f"listening to {self.song.path.name}: {source.name}")
            found = checked_analysis(source, self)
            return {"values": found.values, "about": [found.rate, found.start, float(found.hold)]}

        if not source.cached:
            return checked_analysis(source, self)
        what = {"signal": source.name, "version": source.version, "settings": repr(source)}
        held = remembered(self.song.digest, what, find)
        rate, start, hold = held["about"]
        return self._tiled(Series(held["values"], float(rate), float(start), bool(hold)))

    def _tiled(self, series: Series) -> Series:
        """Return a series that goes on over the whole film where the song repeats."""
        if self.period is None or self.period >= self.length:
            return series
        t = np.arange(int(self.length * series.rate) + 2) / series.rate
        return Series(series.at(np.mod(t, self.period)), series.rate, hold=series.hold)

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


def checked_analysis(source: SignalSource, hearing: SceneMusic) -> Series:
    """Return what a source hears; raise PluginError for one that breaks its contract."""
    plugin = hearing.registries.signals.plugins.get(source.name, "")
    called = f"signal {source.name!r}" + ("" if plugin.startswith("signal ") else f" of {plugin}")
    try:
        with spoken(called):
            found = source.analyse(hearing)
    except (ValueProblem, LatentreelError, KeyboardInterrupt):
        raise
    except BaseException as error:  # a plugin may raise anything; the user is told whose it was
        raise PluginError(f"{called} failed with {type(error).__name__}: {error}") from error
    if not isinstance(found, Series) or np.ndim(found.values) not in (1, 2) or not np.isfinite(found.values).all():
        raise PluginError(f"{called} returned no Series of finite numbers, [T] or [T, C]")
    return found
