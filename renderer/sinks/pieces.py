"""Films that lie in pieces, as interrupted renders leave them: counted, and joined without being encoded again."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

from renderer.errors import SinkError
from renderer.sinks.base import Piece, SinkSpec
from renderer.sinks.ffmpeg import ffmpeg_exe, run_ffmpeg

MILLISECONDS = (".mkv", ".webm")  # files that count time in them
_BASE = re.compile(r"^#tb 0: (\d+/\d+)", re.MULTILINE)


def count_frames(path: Path, fps: Fraction) -> int:
    """Return how many frames a film holds, by its packets; 0 where it is broken or a frame is missing.

    What its header says does not count, nor does a film of which ffmpeg says anything bad.
    """
    if not path.is_file():
        return 0
    told = ["-map", "0:v:0", "-c", "copy", "-f", "framecrc", "-"]
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", "-i", str(path), *told]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    base = _BASE.search(done.stdout)
    if done.returncode or done.stderr.strip() or base is None:
        return 0
    rows = (line.split(",") for line in done.stdout.splitlines() if not line.startswith("#"))
    times, ticks = sorted(int(row[2]) for row in rows), 1 / (fps * Fraction(base[1]))  # of the base, for each frame
    even = all(abs(time - times[0] - index * ticks) <= 1 for index, time in enumerate(times))
    return len(times) if even else 0


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
        run_ffmpeg(spec.path, [*inputs, "-c:v", "copy", "-bsf:v", _timing(target, spec.fps), *mapped, str(target)])
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


def _timing(target: Path, fps: Fraction) -> str:
    """Return the filter that gives packets the times that they have in a film of one piece.

    Where time is counted in milliseconds, sums of rounded times would be off by one; such films hold packets in the
    order of their pictures. The others begin late where the sound of a piece begins before its pictures.
    """
    if target.suffix in MILLISECONDS:
        return f"setts=ts=floor(N*{1000 * fps.denominator}/{fps.numerator}+0.5)"
    return "setts=pts=PTS-STARTPTS:dts=DTS-STARTPTS"
