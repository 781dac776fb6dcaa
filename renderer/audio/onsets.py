"""Hear where sounds begin: by how much the spectrum has grown, in all bands together or in a range of Hz.

Source: Böck and Widmer 2013, *Maximum filter vibrato suppression for onset detection* (SuperFlux).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from renderer.audio.progress import load_librosa
from renderer.audio.song import WINDOW, Song
from renderer.signal_source import Series

BANDS = 64  # of the mel scale, for a spectrum as a whole
LAG = 2  # frames, 20 ms, over which growth is looked at
COMPRESSION = 1000.0  # what lies 30 dB below the loudest band is where loudness begins to count by ratio
EARLY = 0.011  # seconds by which the growth of a window is seen before the sound itself; measured on clicks and drums
Matrix = NDArray[np.float32]


def onset_strength(song: Song, low: float = 0.0, high: float | None = None) -> Series:
    """Return how much begins at every time, of what lies between two Hz; 0 where nothing does."""
    loudness = band_loudness(song, low, high)
    return Series(growth(loudness), song.frame_rate, EARLY - LAG / 2 / song.frame_rate)


def band_loudness(song: Song, low: float = 0.0, high: float | None = None) -> Matrix:
    """Return the compressed loudness of bands, float32 [T, B]: mel bands of everything, else the bins in a range."""
    weights = mel_weights(song, BANDS) if not low and high is None else range_weights(song, low, high)
    power = np.concatenate([spectra[own] @ weights.T for own, spectra in song.spectra()])
    return compressed(power)


def compressed(power: Matrix) -> Matrix:
    """Return power as loudness: the logarithm, above a floor that hangs on the loudest."""
    peak = float(np.max(power, initial=0.0))
    return np.asarray(np.log1p(power * (COMPRESSION / peak)) if peak > 0 else power, np.float32)


def growth(loudness: Matrix) -> NDArray[np.float32]:
    """Return the mean growth of bands [T, B] over LAG frames, each against the loudest of its neighbours before."""
    from scipy.ndimage import maximum_filter1d

    before = maximum_filter1d(loudness, 3, axis=1) if loudness.shape[1] > 8 else loudness
    grown = np.zeros(len(loudness), np.float32)
    grown[LAG:] = np.maximum(loudness[LAG:] - before[:-LAG], 0).mean(axis=1)
    return grown


def mel_weights(song: Song, bands: int, window: int = WINDOW) -> Matrix:
    """Return the weights of mel bands over the bins of a spectrum, [B, bins]."""
    librosa = load_librosa()
    weights = librosa.filters.mel(sr=song.rate, n_fft=window, n_mels=bands, fmin=30.0, fmax=song.rate / 2.2, norm=None)
    return np.asarray(weights, np.float32)


def range_weights(song: Song, low: float, high: float | None, window: int = WINDOW) -> Matrix:
    """Return the weights of the bins in a range of Hz, each for itself, [B, bins]; at least the nearest one."""
    hertz = song.frequencies(window)
    inside = (hertz >= low) & (hertz <= (high or song.rate / 2))
    inside[np.argmin(np.abs(hertz - (low + (high or low)) / 2))] = True
    return np.eye(len(hertz), dtype=np.float32)[inside]
