"""Hear the sections of a song: where its sound changes, bar by bar, and which parts sound alike.

The bars are cut into runs that are each as even as can be (the best cut is found exactly, by dynamic programming), with
a price for every cut; runs that sound alike get the same letter.
"""

from __future__ import annotations

import numpy as np

from renderer.audio.downbeat import HOP as CHROMA_HOP
from renderer.audio.downbeat import chroma
from renderer.audio.onsets import mel_weights
from renderer.audio.song import Song
from renderer.signal_source import Array, Values

BANDS, WINDOW = 24, 2048
FLOOR = 60.0  # dB below the loudest band under which nothing is heard
TAIL = 20.0  # dB below the usual bar under which a bar at either end is no music any more
NOTES = 0.3  # weight of the harmony beside the sound
SHORTEST, LONGEST = 4, 64  # bars of a section
PRICE = (1.0, 0.01)  # of a cut: of what a bar usually differs from the next, and of the whole variance
ODD = 0.06  # of the whole variance: how much dearer a cut is that does not fall on a multiple of four bars
ALIKE = 0.4  # share of the usual distance between neighbours below which two runs are the same section
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NO_BARS = 2.0  # seconds of a stretch where there are no bars


def find_sections(song: Song, bars: Array) -> list[tuple[float, str]]:
    """Return when each section starts and what it is called, A the first that is heard; bars [B] are seconds."""
    edges = bars[(bars >= 0) & (bars < song.length - 0.5)]
    if len(edges) < 2 * SHORTEST:
        edges = np.arange(0, max(song.length, NO_BARS), NO_BARS)
    sound = described(song, edges)
    loud = np.flatnonzero(sound[:, :BANDS].mean(axis=1) > np.median(sound[:, :BANDS].mean(axis=1)) - TAIL / FLOOR)
    edges, sound = edges[loud[0] : loud[-1] + 1], sound[loud[0] : loud[-1] + 1]
    if len(edges) < 2 * SHORTEST or not np.ptp(sound, axis=0).any():
        return [(0.0, LETTERS[0])]
    starts = best_cuts(sound)
    names = lettered(sound, starts)
    times = [0.0, *(float(edges[start]) for start in starts[1:])]
    new = [i == 0 or names[i] != names[i - 1] for i in range(len(names))]
    return [(time, name) for time, name, first in zip(times, names, new, strict=True) if first]


def described(song: Song, edges: Array) -> Array:
    """Return how each stretch between edges [B] sounds, [B, D]: its mean spectrum in dB, and its notes."""
    weights = mel_weights(song, BANDS, WINDOW)
    power = np.concatenate([spectra[own] @ weights.T for own, spectra in song.spectra(WINDOW)])
    peak = max(float(power.max(initial=0.0)), 1e-12)
    decibels = np.maximum(10 * np.log10(np.maximum(power / peak, 1e-12)), -FLOOR) / FLOOR
    notes = chroma(song)
    notes = notes / np.maximum(notes.max(axis=1, keepdims=True), 1e-6)
    timbre = means(decibels, np.round(edges * song.frame_rate))
    harmony = means(notes, np.round(edges * song.rate / CHROMA_HOP))
    return np.concatenate([timbre, NOTES / np.sqrt(12 / BANDS) * harmony * timbre.std()], axis=1)


def means(values: Values | Array, edges: Array) -> Array:
    """Return the mean of rows [T, D] from each edge to the next, [B, D]; the last stretch is as long as the others."""
    end = edges[-1] + np.median(np.diff(edges)) if len(edges) > 1 else len(values)
    bounds = np.clip(np.append(edges, end).astype(int), 0, len(values))
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    return np.asarray((sums[bounds[1:]] - sums[bounds[:-1]]) / np.maximum(np.diff(bounds), 1)[:, None])


def best_cuts(sound: Array) -> list[int]:
    """Return the rows [B, D] at which the cheapest partition into even runs begins a run; the first is 0."""
    count = len(sound)
    sums = np.concatenate([np.zeros((1, sound.shape[1])), np.cumsum(sound, axis=0)])
    squares = np.concatenate([[0.0], np.cumsum((sound**2).sum(axis=1))])
    steps = (np.diff(sound, axis=0) ** 2).sum(axis=1)
    whole = float(squares[-1] - (sums[-1] ** 2).sum() / count)
    price, odd = PRICE[0] * float(np.median(steps)) + PRICE[1] * whole, ODD * whole
    cost, came = np.full(count + 1, np.inf), np.zeros(count + 1, int)
    cost[0] = 0
    for end in range(SHORTEST, count + 1):
        begin = np.arange(max(0, end - LONGEST), end - SHORTEST + 1)
        length = end - begin
        spread = squares[end] - squares[begin] - ((sums[end] - sums[begin]) ** 2).sum(axis=1) / length
        total = cost[begin] + spread + price + odd * (begin % 4 > 0)
        came[end] = begin[np.argmin(total)]
        cost[end] = total.min()
    starts, here = list[int](), count
    while here > 0:
        here = int(came[here])
        starts.insert(0, here)
    return starts


def lettered(sound: Array, starts: list[int]) -> list[str]:
    """Return a letter for each run of rows [B, D]; those whose means are near to each other share one."""
    runs = np.stack([run.mean(axis=0) for run in np.split(sound, starts[1:])])
    if len(runs) < 3:
        return list(LETTERS[: len(runs)])
    from scipy.cluster.hierarchy import fcluster, linkage

    apart = float(np.median(np.linalg.norm(np.diff(runs, axis=0), axis=1)))
    groups = fcluster(linkage(runs, "average"), ALIKE * apart, "distance")
    order = list(dict.fromkeys(groups.tolist()))
    return [name_of(order.index(group)) for group in groups.tolist()]


def name_of(number: int) -> str:
    """Return the name of a section by its number: A to Z, then A2, B2."""
    rounds, letter = divmod(number, len(LETTERS))
    return LETTERS[letter] + (str(rounds + 1) if rounds else "")
