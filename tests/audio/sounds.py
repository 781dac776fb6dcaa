"""Sounds of which everything is known, and files of every kind that hold them."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import numpy as np

RATE = 24000
TEMPO, OFFSET = 120.0, 0.3  # of song.wav
BEATS = OFFSET + 0.5 * np.arange(31)


def tone(seconds: float = 2.0, hertz: float = 440.0, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)


def hits(times, seconds: float, hertz: float = 60.0, rate: int = RATE, fall: float = 15.0) -> np.ndarray:
    """Return a sound that dies away from each of some times on, as a drum does."""
    t = np.arange(round(seconds * rate)) / rate
    sound = np.zeros_like(t)
    for time in times:
        since = t - time
        sound += np.where(since >= 0, np.exp(-fall * np.maximum(since, 0)) * np.sin(2 * np.pi * hertz * since), 0)
    return 0.7 * sound / max(np.abs(sound).max(), 1e-9)


def write(path: Path, sound: np.ndarray, rate: int = RATE) -> Path:
    """Write samples [T] or [T, C] as a WAV of 16 bits."""
    samples = sound[:, None] if sound.ndim == 1 else sound
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return path


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg to its end."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
