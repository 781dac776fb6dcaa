"""Read sound of any kind through the bundled ffmpeg, as a stream of mono samples for analysis."""

from __future__ import annotations

import subprocess
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from renderer.errors import ValueProblem

RATE = 24_000  # samples a second of what is analysed; what is heard in the film is the file itself
CHUNK = 1 << 20  # bytes read at a time
Samples = NDArray[np.float32]


class SoundProblem(ValueProblem):
    """Say that the sound file at `path` cannot be heard."""

    def __init__(self, path: Path, message: str) -> None:
        super().__init__(message)
        self.path = path


@dataclass
class Decoded:
    """Hold mono samples in a file without a name, how many they are, and what was wrong with them."""

    file: IO[bytes]
    count: int
    notes: tuple[str, ...] = ()

    def read(self, start: int, stop: int) -> Samples:
        """Return samples start to stop, float32; zeros where there are none."""
        found = np.zeros(max(stop - start, 0), np.float32)
        first, last = max(start, 0), min(stop, self.count)
        if last > first:
            self.file.seek(first * 4)
            found[first - start : last - start] = np.frombuffer(self.file.read((last - first) * 4), np.float32)
        return found


def decode(path: Path, start: float = 0.0, end: float | None = None) -> Decoded:
    """Return the sound of a file from `start` to `end` in seconds, mixed to mono.

    A negative start stands for as much silence before it. The first audio stream counts, by its own timestamps, so that
    a video whose sound begins late stays in time. Samples that are no finite numbers become silence. Raises
    SoundProblem where nothing can be read.
    """
    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    silence, wrong = max(round(-start * RATE), 0), 0
    file.write(bytes(4 * silence))
    count = 0
    with _reading(path, max(start, 0.0), end) as (process, log):
        assert process.stdout is not None
        for samples in _chunks(process.stdout):
            finite = np.isfinite(samples)
            wrong += int(len(samples) - finite.sum())
            file.write(np.where(finite, samples, np.float32(0)).tobytes())
            count += len(samples)
        process.wait()
        log.seek(0)
        errors = log.read().decode("utf-8", "replace")
    if not count:
        file.close()
        raise SoundProblem(path, f"expected a file with sound, such as song.mp3, but {_reason(path, errors, start)}")
    notes = []
    if process.returncode or errors.strip():
        notes.append(f"{path.name}: damaged in places, which are heard as ffmpeg repairs them")
    if wrong:
        notes.append(f"{path.name}: {wrong} samples are no numbers, and heard as silence")
    decoded = Decoded(file, silence + count, tuple(notes))
    weakref.finalize(decoded, file.close)
    return decoded


@contextmanager
def _reading(path: Path, start: float, end: float | None) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
    from imageio_ffmpeg import get_ffmpeg_exe

    until = "" if end is None else f":end={end:.6f}"
    steps = f"atrim=start={start:.6f}{until},asetpts=PTS-{start:.6f}/TB,aresample={RATE}:async=1:first_pts=0"
    command = [get_ffmpeg_exe(), "-nostdin", "-hide_banner", "-v", "error", "-i", str(path.absolute()), "-map", "0:a:0"]
    command += ["-af", steps, "-ac", "1", "-ar", str(RATE), "-f", "f32le", "-"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        try:
            yield process, log
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


def _chunks(stream: IO[bytes]) -> Iterator[Samples]:
    while chunk := stream.read(CHUNK):
        yield np.frombuffer(chunk[: len(chunk) // 4 * 4], np.float32)


def _reason(path: Path, errors: str, start: float) -> str:
    lines = [line for line in errors.splitlines() if line.strip()]
    if "matches no streams" in errors or (not lines and start == 0):
        return f"ffmpeg finds none in {path.name}"
    return f"{path.name} has none after {start:g}s" if not lines else f"ffmpeg cannot read {path.name}: {lines[0]}"
