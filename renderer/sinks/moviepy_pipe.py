"""Feed frames to moviepy's own ffmpeg writer."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

from renderer.sinks.base import Frames
from renderer.sinks.ffmpeg import FfmpegPipe


def fps_is_safe(fps: Fraction) -> bool:
    """Say whether moviepy, which rounds fps to two decimals, writes this one exactly."""
    return (fps * 100).denominator == 1


class MoviepyPipe(FfmpegPipe):
    """Feed RGB frames to `moviepy.video.io.ffmpeg_writer.FFMPEG_VideoWriter`.

    `options` are its keyword arguments. Two of its habits are mended here: it does not look at ffmpeg's exit
    code, and it reads ffmpeg's words only when a write fails.
    """

    def __init__(
        self,
        shown: Path,
        part: Path,
        size: tuple[int, int],
        fps: Fraction,
        log: IO[str] | None = None,
        **options: Any,
    ) -> None:
        self._options = {"filename": str(part), "size": size, "fps": float(fps), **options}
        super().__init__(shown, (), log)

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter  # takes a quarter of a second

        self._writer = FFMPEG_VideoWriter(logfile=self._log, **self._options)
        process: subprocess.Popen[bytes] = self._writer.proc
        return process

    def _send(self, frames: Frames) -> None:
        for frame in frames:
            self._writer.write_frame(frame)
