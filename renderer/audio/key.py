"""The key of a song: which major or minor scale its notes fit best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
# How well each note fits into a key on C, asked of listeners: Krumhansl and Kessler 1982.
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Key(NamedTuple):
    """Hold a key by name, such as A minor, how well the notes fit it (-1 to 1), and the key that fits next best."""

    name: str
    fit: float
    next: str


def key_of(chroma: ArrayLike) -> Key | None:
    """Return the key of how much there is of each of the twelve notes, C first; None where nothing sounds.

    Source: Krumhansl 1990, *Cognitive foundations of musical pitch*, chapter 4.
    """
    notes = np.asarray(chroma, np.float64)
    if np.ptp(notes) < 1e-9:
        return None
    fits = [
        (correlation(notes, np.roll(profile, tonic)), f"{NOTES[tonic]} {mode}")
        for mode, profile in (("major", MAJOR), ("minor", MINOR))
        for tonic in range(12)
    ]
    (fit, name), (_, second), *_ = sorted(fits, reverse=True)
    return Key(name, fit, second)


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return how alike two lists of numbers rise and fall, -1 to 1."""
    return float(np.corrcoef(a, b)[0, 1])
