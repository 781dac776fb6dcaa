"""Animated WebP: small, millions of colours, soft alpha."""

from __future__ import annotations

import bisect
from pathlib import Path

from renderer.errors import SinkError
from renderer.sinks.base import Frames
from renderer.sinks.ffmpeg import FfmpegPipe, raw_input, run_ffmpeg
from renderer.sinks.intermediate import TwoPassSink, megabytes
from renderer.sinks.pixels import to_rgba_or_rgb

QUALITY = {"draft": (60, "1"), "good": (82, "3"), "best": (95, "5")}  # quality, effort
LADDER = (3, 8, 15, 25, 35, 45, 55, 65, 75, 85, 95)  # what is tried below the wanted quality


class WebpSink(TwoPassSink):
    """Write an animated WebP; without a cap the frames go straight to ffmpeg."""

    name = "WebP"
    suffixes = (".webp",)
    description = "animated, like a GIF of millions of colours; `max_bytes` lowers the quality until it fits"
    codec = "WebP"
    writer = "ffmpeg"

    @property
    def resumes(self) -> bool:
        """Say whether there is a lossless film to go on with."""
        return self.spec.max_bytes is not None

    def begin(self) -> None:
        """Start ffmpeg."""
        if self.spec.max_bytes is not None:
            return super().begin()
        spec = self.spec
        raw = raw_input(spec.width, spec.height, spec.fps, 4 if spec.channels == 4 else 3)
        self._pipe = FfmpegPipe(spec.path, [*raw, *self._codec(QUALITY[spec.quality][0]), str(self.part)])

    def finish(self) -> None:
        """Complete the file."""
        if self.spec.max_bytes is not None:
            return super().finish()
        assert self._pipe is not None
        self._pipe.close()

    def encode(self, frames: Frames) -> None:
        """Send frames [N, H, W, C] to ffmpeg."""
        assert self._pipe is not None
        self._pipe.write(to_rgba_or_rgb(frames))

    def convert(self) -> None:
        """Find the best quality that fits under the cap; raises SinkError with the smallest size reached."""
        cap, wanted = self.spec.max_bytes or 0, QUALITY[self.spec.quality][0]
        began = self._make(wanted, self.part)
        if began <= cap:
            return
        qualities = [quality for quality in LADDER if quality < wanted]
        sizes: dict[int, int] = {}
        fitting = bisect.bisect_right(qualities, cap, key=lambda quality: self._try(quality, sizes)) - 1
        if fitting < 0:
            raise SinkError(
                f"{self.spec.path}: max_bytes of {megabytes(cap)} is too small: "
                f"at quality {qualities[0]} it is still {megabytes(sizes[qualities[0]])}"
            )
        chosen = qualities[fitting]
        self._tried(chosen).replace(self.part)
        told = f"quality {wanted}→{chosen}, now {megabytes(sizes[chosen])}"
        self.notes.append(f"{megabytes(began)} > {megabytes(cap)}: {told}")
        self._sweep()

    def _clean(self) -> None:
        super()._clean()
        self._sweep()

    def _tried(self, quality: int) -> Path:
        return self.part.with_suffix(f".{quality}.webp")

    def _try(self, quality: int, sizes: dict[int, int]) -> int:
        sizes[quality] = self._make(quality, self._tried(quality))
        return sizes[quality]

    def _sweep(self) -> None:
        for quality in LADDER:
            self._tried(quality).unlink(missing_ok=True)

    def _make(self, quality: int, path: Path) -> int:
        run_ffmpeg(self.spec.path, ["-i", str(self.film), *self._codec(quality), str(path)])
        return path.stat().st_size

    def _codec(self, quality: int) -> list[str]:
        effort = QUALITY[self.spec.quality][1]
        loop = ["-loop", "0" if self.spec.loop else "1"]
        codec = ["-c:v", "libwebp_anim", "-quality", str(quality), "-compression_level", effort, "-pix_fmt", "bgra"]
        return ["-fps_mode", "passthrough", *codec, *loop]
