"""The authoring API of signals: derive from SignalSource, declare its settings, write `analyse`.

A source hears the song once, before the first frame, and gives a Series: what it found, evenly over time. The scene
shapes that (`release: 250ms`), and expressions read it under the name that the scene gave it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from renderer.audio.song import Song
    from renderer.values.beats import BeatGrid
    from renderer.values.section import Sections

Array = NDArray[np.float64]
Values = NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """Hold values over time: float32 [T] or, of several channels, [T, C].

    There are `rate` a second, the first at `start` seconds. Between two of them values lie on a line. Outside they are
    0, or, with `hold`, as at the nearest end.
    """

    values: Values
    rate: float
    start: float = 0.0
    hold: bool = False

    def at(self, t: ArrayLike) -> Values:
        """Return the values at times t [N] in seconds, float32 [N, C]."""
        columns = self.columns
        place = (np.asarray(t, np.float64) - self.start) * self.rate
        last = len(columns) - 1
        inside = np.clip(place, 0, last)
        before = np.minimum(inside.astype(np.int64), max(last - 1, 0))
        after, way = np.minimum(before + 1, last), (inside - before)[:, None]
        values = columns[before] * (1 - way) + columns[after] * way
        outside = (place < -1) | (place > last + 1)
        return np.where(outside[:, None] & (not self.hold), 0, values).astype(np.float32)

    @property
    def columns(self) -> Values:
        """Return the values as [T, C], at least one of them."""
        values = self.values if self.values.ndim == 2 else self.values[:, None]
        return values if len(values) else np.zeros((1, values.shape[1]), np.float32)


class Hearing(Protocol):
    """Stand for what a source may know: the song, its beats and sections, and the folder of the scene.

    All of it is read when it is first asked for. Seconds count from the start of the film.
    """

    @property
    def song(self) -> Song:
        """Return the sound; raises ValueProblem in a scene without one."""

    @property
    def beats(self) -> BeatGrid:
        """Return the beats; raises ValueProblem where there are none."""

    @property
    def sections(self) -> Sections:
        """Return the sections; raises ValueProblem where there are none."""

    @property
    def length(self) -> float:
        """Return the seconds of the film."""

    @property
    def start(self) -> float:
        """Return the seconds of the sound file at which the film begins."""

    def file(self, name: str) -> Path:
        """Return the path of a file that the scene names; raises ValueProblem with the nearest name there."""

    def elsewhere(self, path: Path) -> Hearing:
        """Return the same hearing of another sound file, such as a stem of the song, from the same place on."""

    def listen(self, written: Any) -> Series:
        """Return what another signal hears, written as below `signals:`, before it is shaped."""


class SignalSource(BaseModel):
    """Stand above every source of signals; instances are frozen, and their fields are its settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, arbitrary_types_allowed=True)

    name: ClassVar[str]  # as scenes write it
    example: ClassVar[str]  # what a scene writes below `signals:`, shown in the docs and tested
    shorthand: ClassVar[str | None] = None  # the setting that `{name: value}` gives
    shaping: ClassVar[dict[str, Any]] = {}  # how it is shaped where the scene says nothing, as a scene would write it
    version: ClassVar[int] = 1  # counted up whenever `analyse` gives something else, so that nothing stale is read
    cached: ClassVar[bool] = True  # False: it is quick, or reads more than the song and its settings

    def usual_shape(self) -> Mapping[str, Any]:
        """Return how it is shaped where the scene says nothing: `shaping`, unless that hangs on the settings."""
        return self.shaping

    def analyse(self, hearing: Hearing) -> Series:
        """Return what is heard."""
        raise NotImplementedError
