"""A song as it is analysed: mono samples and spectra, a block at a time, so that its length costs no memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from renderer.audio.decode import RATE, Decoded, Samples, decode
from renderer.audio.progress import say

HOP = 240  # samples between two frames: 100 of them a second
FRAMES = 3000  # in a block: half a minute
WINDOW = 1024  # samples that a spectrum is taken of, 43 ms; bands are 23 Hz wide
Spectra = NDArray[np.float32]


class Song:
    """Give the sound of a file from `start` to `end` in seconds; it is read when it is first needed."""

    rate = RATE
    frame_rate = RATE / HOP

    def __init__(self, path: Path, start: float = 0.0, end: float | None = None) -> None:
        self.path, self.start, self.end = path, start, end

    @cached_property
    def _decoded(self) -> Decoded:
        say(f"reading {self.path.name}")
        return decode(self.path, self.start, self.end)

    @cached_property
    def digest(self) -> str:
        """Return a hash of what the file holds, and of the part of it that is heard."""
        return f"{content_hash(self.path)}-{self.start:.6f}-{'' if self.end is None else f'{self.end:.6f}'}"

    @property
    def samples(self) -> int:
        """Return the number of samples, at `rate`."""
        return self._decoded.count

    @property
    def length(self) -> float:
        """Return the seconds of sound."""
        return self.samples / RATE

    @property
    def frames(self) -> int:
        """Return the number of frames that spectra have; the first is centred at the first sample."""
        return self.samples // HOP + 1

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was wrong with the file, though it could be read."""
        return self._decoded.notes

    def read(self, start: int, stop: int) -> Samples:
        """Return mono samples start to stop, float32; zeros outside of the song."""
        return self._decoded.read(start, stop)

    def framed(self, window: int = WINDOW, margin: int = 0, hop: int = HOP) -> Iterator[tuple[slice, Samples]]:
        """Yield windows of samples [F, window], a block of frames at a time, with `margin` frames more on both sides.

        The slice says which of the F frames are the block's own. Frame i is centred at sample i * hop.
        """
        frames = self.samples // hop + 1
        for first in range(0, frames, FRAMES):
            last = min(first + FRAMES, frames)
            count = last - first + 2 * margin
            begin = (first - margin) * hop - window // 2
            samples = self.read(begin, begin + (count - 1) * hop + window)
            yield slice(margin, margin + last - first), np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]

    def spectra(self, window: int = WINDOW, margin: int = 0, hop: int = HOP) -> Iterator[tuple[slice, Spectra]]:
        """Yield power spectra [F, window // 2 + 1], framed as by `framed`, through a Hann window.

        A sine of amplitude 1 has power 1 in its bin.
        """
        from scipy.fft import rfft

        shape = np.hanning(window + 1)[:-1].astype(np.float32)
        shape *= 2 / shape.sum()
        for own, frames in self.framed(window, margin, hop):
            found = rfft(frames * shape, axis=1)
            yield own, (found.real**2 + found.imag**2).astype(np.float32)

    def frequencies(self, window: int = WINDOW) -> NDArray[np.float64]:
        """Return the Hz of each bin of a spectrum."""
        return np.arange(window // 2 + 1, dtype=np.float64) * (RATE / window)


@lru_cache(maxsize=64)
def _hash_of(path: Path, size: int, changed: int) -> str:
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(1 << 22):
            digest.update(chunk)
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """Return the hash of what a file holds; a file that did not change is read once."""
    state = path.stat()
    return _hash_of(path, state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=8)
def _song(path: Path, start: float, end: float | None, size: int, changed: int) -> Song:
    return Song(path, start, end)


def open_song(path: Path, start: float = 0.0, end: float | None = None) -> Song:
    """Return the sound of a file, the same object as long as the file does not change."""
    state = path.stat()
    return _song(path.resolve(), start, end, state.st_size, state.st_mtime_ns)
