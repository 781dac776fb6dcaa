"""Keep a whole film on disk without loss, for formats that must read it more than once."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from renderer.sinks.base import Frames, Sink
from renderer.sinks.ffmpeg import FfmpegPipe, raw_input
from renderer.sinks.pixels import to_rgba_or_rgb


class TwoPassSink(Sink):
    """Collect the film as Ut Video beside the target, so that memory stays flat, then call `convert`."""

    supports_alpha = True
    supports_max_bytes = True
    _pipe: FfmpegPipe | None = None

    @property
    def film(self) -> Path:
        """Return the path of the lossless film, which is there from the first frame to the end of `convert`."""
        return self.part.with_suffix(".film.mkv")

    @abstractmethod
    def convert(self) -> None:
        """Write `self.part` from `self.film`."""

    def begin(self) -> None:
        """Start ffmpeg."""
        spec = self.spec
        channels = 4 if spec.channels == 4 else 3
        raw = raw_input(spec.width, spec.height, spec.fps, channels)
        pixels = "gbrap" if channels == 4 else "gbrp"
        self._pipe = FfmpegPipe(spec.path, [*raw, "-c:v", "utvideo", "-pix_fmt", pixels, str(self.film)])

    def encode(self, frames: Frames) -> None:
        """Keep frames [N, H, W, C]."""
        assert self._pipe is not None
        self._pipe.write(to_rgba_or_rgb(frames))

    def finish(self) -> None:
        """Complete the lossless film, convert it and remove it."""
        assert self._pipe is not None
        self._pipe.close()
        self.convert()
        self.film.unlink()

    def cancel(self) -> None:
        """End ffmpeg and remove the lossless film."""
        if self._pipe is not None:
            self._pipe.kill()
        self.film.unlink(missing_ok=True)


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it: 8.3 MB, 640 kB."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
