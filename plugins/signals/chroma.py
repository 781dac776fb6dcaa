"""Which notes sound."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np

from renderer import Hearing, Series, SignalSource, hookimpl, param

NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLATS = {"Db": "C#", "Eb": "D#", "Gb": "F#", "Ab": "G#", "Bb": "A#"}
WINDOW, HOP = 8192, 960  # a third of a second, to tell low notes apart; 25 times a second
QUIET = 1e-8  # power below which nothing sounds


class Chroma(SignalSource):
    """Follow how much of one note there is, in all octaves: `{chroma: A}`.

    1 is the strongest of the twelve notes at that time, however loud it is; in silence all are 0. Without a note it
    gives all twelve, C first, to effects that ask for them.
    """

    name = "chroma"
    example = "a: {chroma: A, smooth: 200ms}"
    shorthand = "note"
    shaping: ClassVar[dict[str, Any]] = {"smooth": "120ms"}

    note: (
        Literal["C", "C#", "Db", "D", "D#", "Eb", "E", "F", "F#", "Gb", "G", "G#", "Ab", "A", "A#", "Bb", "B"] | None
    ) = param(None, description="Which note; without one, all twelve")

    def analyse(self, hearing: Hearing) -> Series:
        """Return the share of every note, or of one, in every frame."""
        import librosa

        song = hearing.song
        weights = np.asarray(librosa.filters.chroma(sr=song.rate, n_fft=WINDOW), np.float32)
        found = np.concatenate([spectra[own] @ weights.T for own, spectra in song.spectra(WINDOW, hop=HOP)])
        strongest = found.max(axis=1, keepdims=True)
        shares = np.where(strongest > QUIET, found / np.maximum(strongest, QUIET), 0).astype(np.float32)
        rate = song.rate / HOP
        return Series(shares if self.note is None else shares[:, NOTES.index(FLATS.get(self.note, self.note))], rate)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Chroma)
