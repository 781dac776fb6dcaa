"""Hear the melody: the fundamental frequency that stands out.

Source: Mauch and Dixon 2014, *pYIN: A fundamental frequency estimator using probabilistic threshold distributions*.
"""

from __future__ import annotations

import numpy as np

from renderer.audio.progress import load_librosa
from renderer.audio.song import Song
from renderer.signal_source import Series

HOP = 960  # samples between values: 25 a second
BLOCK = 60  # seconds at a time
WINDOW = 2048


def melody(song: Song, low: float, high: float) -> Series:
    """Return the semitones of the fundamental between two Hz, as MIDI counts them; where there is none, as before.

    The first values are those of the first tone; 0 all along where there is no tone at all.
    """
    librosa = load_librosa()
    pitches: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    step = BLOCK * song.rate
    for start in range(0, max(song.samples, 1), step):
        samples = song.read(start, min(start + step, song.samples))
        samples = np.pad(samples, (0, max(WINDOW - len(samples), 0)))
        hertz, voiced, _ = librosa.pyin(
            samples, fmin=low, fmax=high, sr=song.rate, frame_length=WINDOW, hop_length=HOP, resolution=0.25
        )
        count = min(step, song.samples - start) // HOP + (start + step >= song.samples)
        pitches.append(np.where(voiced, hertz, np.nan)[:count])
    found = np.concatenate(pitches)
    tones = np.flatnonzero(np.isfinite(found))
    if not len(tones):
        return Series(np.zeros(len(found), np.float32), song.rate / HOP, hold=True)
    last = tones[np.maximum(np.searchsorted(tones, np.arange(len(found)), side="right") - 1, 0)]
    return Series((69 + 12 * np.log2(found[last] / 440)).astype(np.float32), song.rate / HOP, hold=True)
