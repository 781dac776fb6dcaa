"""What the places where films are shown ask for: size, rate and limits, as their public guidelines say.

Such guidelines change; docs/outputs.md names each and says when it was read.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Literal, get_args

from renderer.errors import ValueProblem

PresetName = Literal["reel", "square", "youtube", "story", "gif-small"]
NAMES: tuple[str, ...] = get_args(PresetName)
MARGIN = 0.95  # of a file's limit that pictures and sound may take; the rest is the container's
SOUND_RATE = 320_000  # bits a second, at most
EVEN = 2  # sides are a multiple of this many pixels


@dataclass(frozen=True)
class OutputPreset:
    """Describe an output for one kind of place.

    size       (width, height) in pixels; None keeps the shape of the film, its longer side `side` at most.
    rates      frames a second that the place takes; a film of another rate is shown at `fps`.
    seconds    the shortest and the longest film that it takes.
    max_bytes  of the file; max_rate in bits a second of the pictures, None where nothing is said.
    """

    name: str
    place: str
    size: tuple[int, int] | None
    rates: tuple[int, int]
    fps: int
    seconds: tuple[float, float]
    max_bytes: int
    max_rate: int | None = None
    side: int | None = None
    suffixes: tuple[str, ...] = (".mp4", ".m4v")

    def rate_for(self, fps: Fraction) -> Fraction:
        """Return the frames a second at which a film of `fps` is shown."""
        return fps if self.rates[0] <= fps <= self.rates[1] else Fraction(self.fps)

    def size_for(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size (width, height) of the output of a film of a size."""
        if self.size is not None or self.side is None or max(size) <= self.side:
            return self.size or size
        scale = self.side / max(size)
        return (max(EVEN, round(size[0] * scale / EVEN) * EVEN), max(EVEN, round(size[1] * scale / EVEN) * EVEN))

    def rate_within(self, seconds: float) -> int | None:
        """Return the bits a second that pictures may take, so that a film of so many seconds stays below the limit."""
        if self.max_rate is None:
            return None
        return min(self.max_rate, round(MARGIN * self.max_bytes * 8 / (seconds + 1)) - SOUND_RATE)

    def check(self, seconds: float) -> None:
        """Raise ValueProblem for a film that is too short or too long."""
        shortest, longest = self.seconds
        if not shortest - 1e-6 <= seconds <= longest + 1e-6:
            raise ValueProblem(
                f"{self.place} takes films of {told(shortest)} to {told(longest)}, this one has {told(seconds)}"
            )

    def check_file(self, file: str) -> None:
        """Raise ValueProblem for the name of a file of another format."""
        if not file.lower().endswith(self.suffixes):
            raise ValueProblem(f"{self.name} is written as {' or '.join(self.suffixes)}, not as {file}")


_instagram = partial(OutputPreset, rates=(23, 60), fps=30, max_rate=25_000_000)
PRESETS = {
    one.name: one
    for one in (
        _instagram("reel", "an Instagram reel", (1080, 1920), seconds=(3, 900), max_bytes=300_000_000),
        _instagram("square", "Instagram", (1080, 1080), seconds=(3, 900), max_bytes=300_000_000),
        _instagram("story", "an Instagram story", (1080, 1920), seconds=(3, 60), max_bytes=100_000_000),
        OutputPreset("youtube", "YouTube", (1920, 1080), (24, 60), 30, (0, 43_200), 256_000_000_000),
        OutputPreset("gif-small", "GIPHY", None, (1, 15), 15, (0, 15), 8_000_000, side=480, suffixes=(".gif", ".webp")),
    )
}


def told(seconds: float) -> str:
    """Return a length as people say it: 3s, 1:30, 12:00:00."""
    if seconds < 60:
        return f"{seconds:g}s"
    whole = round(seconds)
    hours, minutes = whole // 3600, whole % 3600 // 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
