"""How loud the music is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl


class Rms(SignalSource):
    """Follow how loud the music is.

    The root of the mean square of 43 ms of sound, 100 times a second. As it comes, 0 is the quietest and 1 the loudest
    part of the song.
    """

    name = "rms"
    example = "loud: {rms: {}, release: 400ms}"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "20ms", "release": "200ms"}

    def analyse(self, hearing: Hearing) -> Series:
        """Return the loudness of every frame."""
        song = hearing.song
        levels = [np.sqrt(np.mean(np.square(frames[own]), axis=1)) for own, frames in song.framed()]
        return Series(np.concatenate(levels), song.frame_rate)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Rms)
