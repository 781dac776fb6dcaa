"""Part what lasts from what hits.

Source: Fitzgerald 2010, *Harmonic/percussive separation using median filtering*; Driedger et al. 2014 for soft masks.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from renderer.audio.onsets import mel_weights
from renderer.audio.song import Song
from renderer.signal_source import Series

BANDS = 96  # of the mel scale: a tenth of the work of all bins, and the levels are the same within a few per cent
WINDOW = 2048
ALONG, ACROSS = 31, 17  # frames (310 ms) and bands of the median filters
Matrix = NDArray[np.float32]


_parted: WeakKeyDictionary[Song, tuple[Series, Series]] = WeakKeyDictionary()  # the two are asked for one by one


def harmonic_percussive(song: Song) -> tuple[Series, Series]:
    """Return the levels of what lasts and of what hits, over time."""
    if song not in _parted:
        _parted[song] = _part(song)
    return _parted[song]


def _part(song: Song) -> tuple[Series, Series]:
    weights, lasting, hitting = mel_weights(song, BANDS, WINDOW), [], []
    for own, spectra in song.spectra(WINDOW, margin=ALONG // 2):
        power = spectra @ weights.T
        share = _harmonic_share(np.sqrt(power))
        lasting.append(np.sqrt((share * power)[own].sum(axis=1)))
        hitting.append(np.sqrt(((1 - share) * power)[own].sum(axis=1)))
    rate = song.frame_rate
    return Series(np.concatenate(lasting), rate), Series(np.concatenate(hitting), rate)


def _harmonic_share(size: Matrix) -> Matrix:
    """Return how much of each band at each time lasts, 0 to 1."""
    along, across = running_median(size, ALONG) ** 2, running_median(size.T, ACROSS).T ** 2
    return np.asarray(along / np.maximum(along + across, 1e-20), np.float32)


def running_median(values: Matrix, size: int) -> Matrix:
    """Return the median of `size` rows around each row of values [T, B], as if the first and the last went on.

    scipy's filter over one dimension is eight times as fast as the one over two, so the columns are laid end to end.
    """
    from scipy.ndimage import median_filter

    columns = np.pad(values, ((size // 2, size // 2), (0, 0)), mode="edge").T
    medians = median_filter(np.ascontiguousarray(columns).ravel(), size).reshape(columns.shape)
    return np.asarray(medians[:, size // 2 : -(size // 2)].T)
