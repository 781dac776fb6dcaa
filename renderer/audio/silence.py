"""Carry what has no meaning in silence through it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from renderer.signal_source import Values

SILENT = 1e-3  # of the loudest frame, 60 dB below which a frame counts as silent


def through_silence(values: ArrayLike, loudness: ArrayLike) -> Values:
    """Return values [T] whose silent frames lie on a line between what sounds before and after; 0 if nothing does."""
    found, loud = np.asarray(values, np.float64), np.asarray(loudness, np.float64)
    sounding = loud > SILENT * max(float(loud.max(initial=0.0)), 1e-9)
    if not sounding.any():
        return np.zeros(len(found), np.float32)
    frames = np.arange(len(found))
    return np.interp(frames, frames[sounding], found[sounding]).astype(np.float32)
