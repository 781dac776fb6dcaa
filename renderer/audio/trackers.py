"""Find the beats of a song: the trackers that are there, and what each of them gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from renderer.audio.song import Song

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Beats:
    """Hold what a tracker found: seconds of beats [B], ever later, and how sure it is, from 0 to 1.

    `downbeat` is the index of the first beat of a bar, or None where the tracker does not hear bars.
    """

    times: Array
    confidence: float = 0.0
    downbeat: int | None = None


BeatTracker = Callable[[Song, float | None, int], Beats]  # the song, a hint of its tempo, beats in a bar

TRACKERS: dict[str, BeatTracker] = {}
