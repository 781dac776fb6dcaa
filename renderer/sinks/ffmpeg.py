"""Run the ffmpeg that imageio-ffmpeg brings, with its own words in every error."""

from __future__ import annotations

import functools
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np

from renderer.errors import SinkError
from renderer.sinks.base import Frames

PIXELS = {1: "gray", 3: "rgb24", 4: "rgba"}  # by number of channels
_PLACE = re.compile(r"^(\[[^\]]*\] ?)+")  # "[out#0/mp4 @ 0x55d] "
_SOUND = re.compile(r"Stream #0:\d+.*: Audio: (\w+)")
_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")
_GENERIC = re.compile(
    r"^(Conversion failed|Error opening (in|out)put files?\b|Nothing was written|Task finished|Terminating thread"
    r"|Error (sending|submitting|muxing|while (filtering|opening encoder))|Could not open encoder|frame=|$)"
)


@functools.cache
def ffmpeg_exe() -> str:
    """Return the path of ffmpeg; raises SinkError when there is none."""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError as error:
        raise SinkError(f"no ffmpeg was found: {error}") from error


def last_words(log: str) -> str:
    """Return the line of ffmpeg's log that says what went wrong."""
    if "No space left on device" in log:
        return "the disk is full"
    lines = [_PLACE.sub("", line).strip() for line in log.splitlines()]
    telling = [line for line in lines if not _GENERIC.match(line)]
    return (telling or [line for line in lines if line] or ["it gave no reason"])[-1]


def run_ffmpeg(shown: Path, arguments: Sequence[str]) -> str:
    """Run ffmpeg to its end and return what it printed; raises SinkError naming `shown`."""
    command = [ffmpeg_exe(), "-y", "-nostdin", "-hide_banner", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode:
        raise SinkError(f"{shown}: ffmpeg failed: {last_words(done.stderr)}")
    return done.stderr


@dataclass(frozen=True)
class Sound:
    """Hold what ffmpeg says of the first sound in a file: its codec, and the seconds of the file, to 10 ms."""

    codec: str
    seconds: float


@functools.cache
def probe_sound(path: Path) -> Sound | None:
    """Return what is in a file, given by its absolute path; None where ffmpeg finds no sound, or no end of it."""
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-i", str(path)]
    told = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace").stderr
    stream, length = _SOUND.search(told), _DURATION.search(told)
    if stream is None or length is None:
        return None
    return Sound(stream[1], 3600 * int(length[1]) + 60 * int(length[2]) + float(length[3]))


def raw_input(width: int, height: int, fps: Fraction, channels: int) -> list[str]:
    """Return the arguments by which ffmpeg reads raw frames from its standard input, at an exact fps."""
    shape = ["-pix_fmt", PIXELS[channels], "-s", f"{width}x{height}", "-r", f"{fps.numerator}/{fps.denominator}"]
    return ["-f", "rawvideo", *shape, "-i", "-"]


class FfmpegPipe:
    """Feed raw frames to an ffmpeg process.

    Its log goes to a file, without a name unless one is given, so that neither side ever waits for the other to read.
    """

    def __init__(self, shown: Path, arguments: Sequence[str], log: IO[str] | None = None) -> None:
        self._shown = shown
        self._log = log or tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            self._process = self._start(arguments)
        except BaseException:
            self._log.close()
            raise

    def _start(self, arguments: Sequence[str]) -> subprocess.Popen[bytes]:
        command = [ffmpeg_exe(), "-y", "-hide_banner", "-loglevel", "error", *arguments]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self._log, start_new_session=True
        )

    def write(self, frames: Frames) -> None:
        """Send frames [N, H, W, C]; raises SinkError with ffmpeg's words when it has given up."""
        try:
            self._send(np.ascontiguousarray(frames))
        except OSError:
            self._process.wait()
            raise self._failure() from None

    def close(self) -> None:
        """Let ffmpeg complete the file; raises SinkError with its words when it fails."""
        self._hang_up()
        failed = self._process.wait() != 0
        try:
            if failed:
                raise self._failure()
        finally:
            self._log.close()

    def release(self) -> None:
        """Let ffmpeg complete a file of what has come, and say nothing of how that went; allowed at any time."""
        self._hang_up()
        self._process.wait()
        self._log.close()

    def kill(self) -> None:
        """End ffmpeg at once and free everything; allowed at any time."""
        if self._process.poll() is None:
            self._process.kill()
        self._hang_up()
        self._process.wait()
        self._log.close()

    def _send(self, frames: Frames) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(frames.data.cast("B"))

    def _hang_up(self) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
        except OSError:  # ffmpeg is gone; its exit code says why
            return

    def _failure(self) -> SinkError:
        self._log.seek(0)
        return SinkError(f"{self._shown}: ffmpeg failed: {last_words(self._log.read())}")
