"""Keep a whole film on disk without loss, for formats that must read it more than once."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from renderer.sinks.base import Frames, Piece, Sink
from renderer.sinks.ffmpeg import FfmpegPipe, raw_input
from renderer.sinks.pieces import count_frames, join
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

    @property
    def resumes(self) -> bool:
        """Say that the lossless film can be gone on with."""
        return True

    @property
    def reel(self) -> Path:
        """Return the path of what frames are written to: the lossless film, or the next piece of it."""
        return self.part.with_suffix(".piece.mkv") if self.pieces else self.film

    def count(self, piece: Path) -> int:
        """Return how many frames stand in a piece of the lossless film."""
        return count_frames(piece, self.spec.fps)

    @abstractmethod
    def convert(self) -> None:
        """Write `self.part` from `self.film`."""

    def begin(self) -> None:
        """Start ffmpeg, unless every frame is there."""
        spec = self.spec
        if self.written == spec.frames:
            return
        channels = 4 if spec.channels == 4 else 3
        raw = raw_input(spec.width, spec.height, spec.fps, channels)
        pixels = "gbrap" if channels == 4 else "gbrp"
        codec = ["-c:v", "utvideo", "-pix_fmt", pixels]
        self._pipe = FfmpegPipe(spec.path, [*raw, *codec, str(self.reel)], self.log)

    def encode(self, frames: Frames) -> None:
        """Keep frames [N, H, W, C]."""
        assert self._pipe is not None
        self._pipe.write(to_rgba_or_rgb(frames))

    def finish(self) -> None:
        """Complete the lossless film, of all its pieces, convert it and remove it."""
        if self._pipe is not None:
            self._pipe.close()
        if self.pieces:
            new = self.spec.frames - sum(piece.frames for piece in self.pieces)
            join(self.spec, [*self.pieces, Piece(self.reel, new)] if new else self.pieces, self.film)
        self.convert()
        self.film.unlink()

    def cancel(self) -> None:
        """End ffmpeg and remove the lossless film."""
        if self._pipe is not None:
            self._pipe.kill()
        self._clean()

    def leave(self) -> None:
        """Let the lossless film be completed."""
        if self._pipe is not None:
            self._pipe.release()
        self._clean()

    def _clean(self) -> None:
        """Remove what lies beside the target, but the reel of a render that keeps it."""
        if not self.keeps or self.reel != self.film:
            self.film.unlink(missing_ok=True)


def megabytes(size: int) -> str:
    """Return a size in bytes as people read it: 8.3 MB, 640 kB."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
