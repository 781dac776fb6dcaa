"""Hear how fast a song is: at which distance what begins comes again, over several beats at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from renderer.audio.onsets import BANDS, compressed, growth, mel_weights, range_weights
from renderer.audio.song import Song
from renderer.signal_source import Array, Values
from renderer.values.band import NAMED

SLOWEST, FASTEST = 40.0, 240.0  # beats per minute that are looked for
USUAL, SPREAD = 120.0, 1.3  # tempo that is likeliest where nothing speaks against it, and the octaves around it
HINT_SPREAD = 0.15  # octaves around a tempo that the user gives as a hint
COMB = ((1, 1.0), (2, 1.0), (3, 0.5), (4, 1.0), (8, 0.7))  # at how many beats' distance it counts that things recur
RESOLUTION = 600  # tempi that are tried
REACH = 5  # frames, 50 ms, around a beat in which its onset is looked for
PADDING = 8  # how much finer than the song's length tells a steady tempo is looked for


def accents(song: Song) -> tuple[Values, Values, Values]:
    """Return what begins at every frame [T]: in all bands by loudness, in sum by size, and where the kick drum is."""
    mel, low, total = mel_weights(song, BANDS), range_weights(song, *NAMED["kick"]), []
    bands, lows = [], []
    for own, spectra in song.spectra():
        power = spectra[own] @ mel.T
        bands.append(power)
        lows.append(spectra[own] @ low.T)
        total.append(np.sqrt(power.sum(axis=1, keepdims=True)))
    size = np.concatenate(total)
    return growth(compressed(np.concatenate(bands))), growth(size), growth(compressed(np.concatenate(lows)))


def autocorrelation(strength: Values) -> Array:
    """Return how alike a strength [T] is to itself some frames later, 1 for none; of any length, without bias."""
    from scipy.fft import irfft, next_fast_len, rfft

    count = len(strength)
    centred = strength.astype(np.float64) - strength.mean()
    power = np.abs(rfft(centred, next_fast_len(2 * count))) ** 2
    found = irfft(power, next_fast_len(2 * count))[:count] / np.arange(count, 0, -1)
    return np.asarray(found / found[0] if found[0] > 0 else np.zeros(count))


def rough_tempo(song: Song, strengths: tuple[Values, Values, Values], hint: float | None) -> tuple[float, float]:
    """Return the beats per minute to about half a per cent, and from 0 to 1 how much recurs at that distance."""
    alike = sum(weight * autocorrelation(one) for weight, one in zip((0.4, 0.4, 0.2), strengths, strict=True))
    tempi = np.geomspace(SLOWEST, FASTEST, RESOLUTION)
    frames, lags = 60 * song.frame_rate / tempi, np.arange(len(strengths[0]))
    recurs = sum(weight * np.interp(frames * beats, lags, alike, right=0.0) for beats, weight in COMB)
    recurs = np.asarray(recurs) / sum(weight for _, weight in COMB)
    around, spread = (USUAL, SPREAD) if hint is None else (hint, HINT_SPREAD)
    likely = np.exp(-0.5 * (np.log2(tempi / around) / spread) ** 2)
    best = int(np.argmax(np.maximum(recurs, 0) * likely))
    return float(tempi[best]), float(np.clip(recurs[best], 0, 1))


def steady_beats(song: Song, strength: Values, tempo: float, length: float) -> Array:
    """Return the seconds of beats of the one tempo near a rough one that fits a strength [T] best."""
    exact = fine_tempo(strength, tempo, song.frame_rate)
    period = 60 * song.frame_rate / exact  # in frames
    offset = fine_offset(strength, period)
    for _ in range(2):
        period, offset = straightened(strength, np.arange(offset, length * song.frame_rate, period))
    return np.arange(np.mod(offset, period), length * song.frame_rate, period) / song.frame_rate


def fine_tempo(strength: Values, tempo: float, rate: float) -> float:
    """Return the tempo within 3 % of a rough one at which the spectrum of a strength [T] is highest."""
    from scipy.fft import next_fast_len, rfft

    count = next_fast_len(PADDING * len(strength))
    size = np.abs(rfft(strength.astype(np.float64) - strength.mean(), count))
    centre, step = tempo / 60, rate / count
    first = max(int(centre * 0.97 / step), 1)
    places = np.arange(first, max(int(centre * 1.03 / step) + 1, first + 1))
    places = places[4 * places < len(size)]
    if not len(places):
        return tempo
    best = int(places[np.argmax(size[places] + size[2 * places] + 0.5 * size[4 * places])])
    return float(60 * step) * (best + _vertex(size[best - 1 : best + 2]))


def fine_offset(strength: Values, period: float, bins: int = 200) -> float:
    """Return where in a period, in frames, a strength [T] is highest in the mean."""
    from scipy.ndimage import gaussian_filter1d

    place = np.floor(np.mod(np.arange(len(strength)) / period, 1) * bins).astype(int)
    height = np.bincount(place, strength, bins) / np.maximum(np.bincount(place, minlength=bins), 1)
    height = gaussian_filter1d(height, bins / period, mode="wrap")
    best = int(np.argmax(height))
    around = height[[(best - 1) % bins, best, (best + 1) % bins]]
    return float(np.mod(best + 0.5 + _vertex(around), bins) / bins * period)


def straightened(strength: Values, beats: Array) -> tuple[float, float]:
    """Return period and start of the line through the peaks of a strength [T] that are near to beats, all in frames."""
    if len(beats) < 3:
        return float(beats[-1] - beats[0]) if len(beats) > 1 else 1.0, float(beats[0])
    near = np.clip(np.round(beats).astype(int)[:, None] + np.arange(-REACH, REACH + 1), 1, len(strength) - 2)
    peaks = near[np.arange(len(beats)), strength[near].argmax(axis=1)]
    exact = peaks + np.array([_vertex(strength[peak - 1 : peak + 2]) for peak in peaks])
    heights = np.maximum(strength[peaks], 1e-9)
    period, start = np.polyfit(np.arange(len(beats)), exact, 1, w=heights)
    return float(period), float(start)


def _vertex(three: NDArray[Any]) -> float:
    """Return where the parabola through three values is highest, from -0.5 to 0.5 around the middle one."""
    bend = three[0] - 2 * three[1] + three[2] if len(three) == 3 else 0.0
    return float(np.clip(0.5 * (three[0] - three[2]) / bend, -0.5, 0.5)) if bend < 0 else 0.0
