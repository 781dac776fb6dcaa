"""Films that lie in pieces, as interrupted renders leave them: counted, and joined without being encoded again."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from renderer.errors import SinkError
from renderer.sinks.base import Piece, SinkSpec
from renderer.sinks.ffmpeg import ffmpeg_exe, run_ffmpeg

MILLISECONDS = (".mkv", ".webm")  # files that count time in them
_BASE = re.compile(r"^#tb 0: (\d+/\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Packets:
    """Hold when the packets of a film are decoded and shown, in ticks, and the seconds of a tick."""

    decoded: tuple[int, ...]
    shown: tuple[int, ...]
    tick: Fraction

    def is_even(self, fps: Fraction) -> bool:
        """Say whether every frame is there at its time, to the nearest tick."""
        first, each = min(self.shown), 1 / (fps * self.tick)
        return all(abs(time - first - index * each) <= 1 for index, time in enumerate(sorted(self.shown)))

    def delay(self, fps: Fraction) -> int:
        """Return how many frames before the first is shown it is decoded, which B-frames ask for."""
        return round((self.shown[0] - self.decoded[0]) * self.tick * fps)


def read_packets(path: Path) -> Packets | None:
    """Return the packets of the pictures in a film, none of which is decoded; None where ffmpeg says anything bad."""
    if not path.is_file():
        return None
    told = ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-i", str(path), *told]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    base = _BASE.search(done.stdout)
    rows = [line.split(",") for line in done.stdout.splitlines() if not line.startswith("#")]
    if done.returncode or done.stderr.strip() or base is None or not rows:
        return None
    return Packets(tuple(int(row[1]) for row in rows), tuple(int(row[2]) for row in rows), Fraction(base[1]))


def count_frames(path: Path, fps: Fraction) -> int:
    """Return how many frames a film holds, whatever its header says; 0 where it is broken or one is missing."""
    packets = read_packets(path)
    return len(packets.shown) if packets is not None and packets.is_even(fps) else 0


def join(
    spec: SinkSpec, pieces: Sequence[Piece], target: Path, sound: Sequence[str] = (), rest: Sequence[str] = ()
) -> None:
    """Write the pictures of all pieces, packet by packet, to one film; each piece begins with a keyframe.

    sound  arguments that open the sound, as inputs from the second on, and name its encoder.
    rest   arguments that map the streams, and those of the file.
    Raises SinkError where the film does not hold every frame.
    """
    listing = target.with_suffix(".pieces.txt")
    try:
        listing.write_text(_listed(pieces, spec.fps), encoding="utf-8")
        inputs = ["-f", "concat", "-safe", "0", "-i", str(listing), *sound]
        mapped = rest or ["-map", "0:v:0"]
        found = [read_packets(piece.path) for piece in pieces]
        timing = _timing(target, spec.fps, max((one.delay(spec.fps) for one in found if one), default=0))
        run_ffmpeg(spec.path, [*inputs, "-c:v", "copy", "-bsf:v", timing, *mapped, str(target)])
    finally:
        listing.unlink(missing_ok=True)
    if (there := count_frames(target, spec.fps)) != spec.frames:
        raise SinkError(f"{spec.path}: {there} of {spec.frames} frames came through joining; begin anew with --fresh")


def _listed(pieces: Sequence[Piece], fps: Fraction) -> str:
    """Return the list that ffmpeg's concat reads; a file that has sound lasts longer than its pictures."""
    lines = ["ffconcat version 1.0"]
    for piece in pieces:
        name = str(piece.path).replace("'", r"'\''")
        lines += [f"file '{name}'", f"duration {float(piece.frames / fps):.6f}"]
    return "\n".join(lines) + "\n"


def _timing(target: Path, fps: Fraction, delay: int) -> str:
    """Return the filter that gives packets the times that they have in a film of one piece.

    Where time is counted in milliseconds, sums of rounded times would be off by one; such films hold packets in the
    order of their pictures. In others a piece may begin late, where its sound begins before its pictures, and a short
    one is decoded without the delay that longer ones have.
    """
    if target.suffix in MILLISECONDS:
        return f"setts=ts=floor(N*{1000 * fps.denominator}/{fps.numerator}+0.5)"
    return f"setts=pts=PTS-STARTPTS:dts=floor((N-{delay})*{fps.denominator}/({fps.numerator}*TB)+0.5)"
