"""Hear where bars begin: where chords change and the low drums fall."""

from __future__ import annotations

import numpy as np

from renderer.audio.onsets import EARLY
from renderer.audio.progress import load_librosa
from renderer.audio.song import Song
from renderer.signal_source import Array, Values

CHANGE = 0.1  # by how much harmony differs at least where it changes; what is less is no chord change
WINDOW, HOP = 8192, 960


def first_downbeat(song: Song, beats: Array, low: Values, size: Values, beats_per_bar: int) -> int:
    """Return which of the first beats [B] begins a bar: the one from which on most chords change and drums are loud.

    low and size [T] are how much begins in the low drums, and in all.
    """
    if len(beats) < 2 * beats_per_bar:
        return 0
    evidence = _standard(chord_changes(song, beats), CHANGE)
    for strength in (low, size):
        evidence = evidence + 0.5 * _standard(_at(strength, beats, song.frame_rate))
    totals = [float(np.mean(evidence[place::beats_per_bar])) for place in range(beats_per_bar)]
    return int(np.argmax(totals))


def chord_changes(song: Song, beats: Array) -> Array:
    """Return by how much the notes after each beat [B] differ from those before it, over two beats on each side."""
    notes = chroma(song)
    rate, count = song.rate / HOP, len(notes)
    edges = np.clip(np.round(beats * rate).astype(int), 0, count)
    sums = np.concatenate([np.zeros((1, notes.shape[1])), np.cumsum(notes, axis=0)])
    changes = np.zeros(len(beats))
    for i in range(1, len(beats)):
        before = sums[edges[i]] - sums[edges[max(i - 2, 0)]]
        after = sums[edges[min(i + 2, len(beats) - 1)]] - sums[edges[i]]
        size = np.linalg.norm(before) * np.linalg.norm(after)
        changes[i] = 1 - float(before @ after) / size if size > 0 else 0.0
    return changes


def chroma(song: Song) -> Values:
    """Return the strength of the twelve notes, C first, float32 [T, 12], 25 times a second; loud or not counts."""
    librosa = load_librosa()
    weights = np.asarray(librosa.filters.chroma(sr=song.rate, n_fft=WINDOW), np.float32)
    power = np.concatenate([spectra[own] @ weights.T for own, spectra in song.spectra(WINDOW, hop=HOP)])
    return np.asarray(np.sqrt(power), np.float32)


def _at(strength: Values, beats: Array, rate: float) -> Array:
    """Return the highest strength [T] within 50 ms of each beat."""
    from scipy.ndimage import maximum_filter1d

    near = maximum_filter1d(strength, 2 * int(0.05 * rate) + 1)
    places = np.clip(np.round((beats - EARLY) * rate).astype(int), 0, len(near) - 1)
    return np.asarray(near[places], np.float64)


def _standard(values: Array, least: float = 0.0) -> Array:
    spread = max(float(values.std()), least)
    return (values - values.mean()) / spread if spread > 0 else np.zeros(len(values))
