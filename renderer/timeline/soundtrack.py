"""The soundtrack of a film: how long it lasts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from renderer.errors import ValueProblem

_DURATION = re.compile(r"Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)")


def sound_length(path: Path) -> float:
    """Return the seconds of sound in a file, as the bundled ffmpeg reads it.

    Raises ValueProblem where there is no sound in it.
    """
    from imageio_ffmpeg import get_ffmpeg_exe

    told = subprocess.run(
        [get_ffmpeg_exe(), "-hide_banner", "-nostdin", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr
    match = _DURATION.search(told)
    if match is None or "Audio:" not in told:
        raise ValueProblem(f"expected a file with sound, such as song.mp3, but ffmpeg finds none in {path.name}")
    return 3600 * int(match[1]) + 60 * int(match[2]) + float(match[3])
