"""GIF: one palette for the film, exact timing, and a cap on the size of the file."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from pathlib import Path

from renderer.errors import SinkError
from renderer.sinks.ffmpeg import run_ffmpeg
from renderer.sinks.intermediate import TwoPassSink, megabytes
from renderer.sinks.shrink import Settings, lower

MOST_FPS = 50  # a delay of 2 hundredths of a second; browsers take a shorter one for 10
MOST_TRIES = 10
SAMPLE_FRAMES, SAMPLE_SIDE = 40, 192  # what palettegen sees; it takes seconds for every whole frame
DITHER = {"draft": "bayer:bayer_scale=4", "good": "bayer:bayer_scale=3", "best": "sierra2_4a"}
# Dropping two bits before the search for the nearest colour makes paletteuse five times as fast for 0.03 dB.
COARSE = "lutrgb=r='bitand(val,252)+2':g='bitand(val,252)+2':b='bitand(val,252)+2'"


def centiseconds(time: Fraction) -> int:
    """Return a time in seconds as GIF's hundredths, rounded as ffmpeg does."""
    return floor(time * 100 + Fraction(1, 2))


class GifSink(TwoPassSink):
    """Write a GIF by palettegen and paletteuse.

    A GIF counts time in hundredths of a second. Where a frame does not last a whole number of them, neighbours
    differ by one (30 fps: 3, 4, 3), so that every frame is kept, is right to 5 ms, and nothing drifts.
    """

    name = "GIF"
    suffixes = (".gif",)
    description = "256 colours, no sound, 1-bit alpha; `max_bytes` lowers fps, size and colours until it fits"
    codec = "GIF"
    writer = "ffmpeg"

    def check(self) -> None:
        """Note what GIF cannot do."""
        super().check()
        fps, kept = self.spec.fps, self.spec.fps / self.first.step
        if self.first.step > 1:
            self.notes.append(f"GIF shows at most {MOST_FPS} frames a second: {float(fps):g}→{float(kept):g} fps")
        if (100 / kept).denominator != 1:
            low = floor(100 / kept)
            self.notes.append(f"GIF counts hundredths of a second: frames last {low} or {low + 1} of them")
        if self.spec.channels == 4:
            self.notes.append("GIF has no half transparent pixels: they become clear or opaque")

    @property
    def first(self) -> Settings:
        """Return the settings of the first try."""
        return Settings(ceil(self.spec.fps / MOST_FPS), min(self.spec.width, self.spec.height), 256)

    @property
    def palette(self) -> Path:
        """Return the path of the palette."""
        return self.part.with_suffix(".palette.png")

    def convert(self) -> None:
        """Make the GIF, lower while it is above the cap; raises SinkError with the smallest size reached."""
        settings, cap = self.first, self.spec.max_bytes
        size = began = self._make(settings, None)
        for _ in range(MOST_TRIES if cap is not None else 0):
            assert cap is not None
            if size <= cap:
                break
            new = lower(settings, self.first, self.spec.fps, cap / size)
            if new == settings:
                break
            size, settings = self._make(new, settings), new
        self._tell(settings, began, size)

    def _clean(self) -> None:
        super()._clean()
        self.palette.unlink(missing_ok=True)

    def finish(self) -> None:
        """Convert the film and remove the palette."""
        super().finish()
        self.palette.unlink()

    def _tell(self, settings: Settings, began: int, size: int) -> None:
        cap, fps = self.spec.max_bytes, self.spec.fps
        if cap is None or began <= cap:
            return
        if size > cap:
            raise SinkError(
                f"{self.spec.path}: max_bytes of {megabytes(cap)} is too small: "
                f"at {settings.told(fps)} it is still {megabytes(size)}"
            )
        change = self.first.change_to(settings, fps)
        self.notes.append(f"{megabytes(began)} > {megabytes(cap)}: {change}, now {megabytes(size)}")

    def _make(self, settings: Settings, before: Settings | None) -> int:
        """Write the GIF and return its size in bytes; the palette is kept while the colours are the same."""
        if before is None or before.colours != settings.colours:
            self._make_palette(settings.colours)
        inputs = ["-i", str(self.film), "-i", str(self.palette)]
        timing = ["-fps_mode", "passthrough", "-final_delay", str(self._final_delay(settings.step))]
        loop = ["-loop", "0" if self.spec.loop else "-1"]
        run_ffmpeg(
            self.spec.path, [*inputs, "-lavfi", self._graph(settings), *timing, *loop, "-c:v", "gif", str(self.part)]
        )
        return self.part.stat().st_size

    def _make_palette(self, colours: int) -> None:
        nth = ceil(self.spec.frames / SAMPLE_FRAMES)
        shrunk = min(1.0, SAMPLE_SIDE / min(self.spec.width, self.spec.height))
        width, height = ceil(self.spec.width * shrunk), ceil(self.spec.height * shrunk)
        sample = f"select='not(mod(n,{nth}))',scale={width}:{height}:flags=neighbor,{COARSE}"
        graph = f"{sample},palettegen=stats_mode=full:max_colors={colours}"
        run_ffmpeg(
            self.spec.path, ["-i", str(self.film), "-vf", graph, "-update", "1", "-frames:v", "1", str(self.palette)]
        )

    def _graph(self, settings: Settings) -> str:
        steps = [f"select='not(mod(n,{settings.step}))'"]
        if settings.side < self.first.side:
            width = max(1, round(self.spec.width * settings.side / self.first.side))
            height = max(1, round(self.spec.height * settings.side / self.first.side))
            steps.append(f"scale={width}:{height}:flags=lanczos+accurate_rnd")
        if self.spec.quality != "best":
            steps.append(COARSE)
        use = f"paletteuse=dither={DITHER[self.spec.quality]}:diff_mode=rectangle"
        return f"[0:v]{','.join(steps)}[shown];[shown][1:v]{use}"

    def _final_delay(self, step: int) -> int:
        last = (self.spec.frames - 1) // step * step / self.spec.fps
        return centiseconds(self.spec.duration) - centiseconds(last)
