"""A short song for the examples of effects and signals that hear one: four chords over a kick at 120 beats a minute.

Everything in it is known: a kick on every beat, a chord every two beats (C, Am, F, G), each louder than the one before.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

NAME = "song.wav"
RATE, TEMPO, LENGTH = 22050, 120, 4.0  # samples a second, beats a minute, seconds
CHORDS = ((60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62))  # MIDI numbers; each lasts a second

Sound = NDArray[np.float64]


def write_song(folder: Path) -> Path:
    """Write the song into a folder, unless it is there, and return its path."""
    path = folder / NAME
    if not path.exists():
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes((make_song() * 32767).astype("<i2").tobytes())
    return path


def make_song() -> Sound:
    """Return the samples of the song, float64 [T] within -1..1."""
    t = np.arange(round(LENGTH * RATE)) / RATE
    chord, since = (t // 1).astype(int), t % (60 / TEMPO)
    hertz = 440 * 2 ** ((np.array(CHORDS)[chord % len(CHORDS)] - 69) / 12)
    tones = sum(np.sin(2 * np.pi * n * hertz * t[:, None]).sum(1) / n for n in (1, 2, 3))
    drum = np.sin(2 * np.pi * (50 * since + 3 * (1 - np.exp(-since / 0.03)))) * np.exp(-since / 0.08)
    return np.asarray(0.05 * (1 + chord / 2) * tones * np.exp(-(t % 1) / 2) + 0.4 * drum)
