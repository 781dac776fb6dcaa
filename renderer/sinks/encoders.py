"""Encoders of H.264 in hardware: which there are, how each is told what quality is wanted, whether one works here."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from renderer.errors import SinkError, nearest
from renderer.sinks.base import Quality
from renderer.sinks.ffmpeg import ffmpeg_exe, last_words

SOFTWARE, AUTO = "software", "auto"
PROBE_SECONDS = 20  # a driver that takes longer than this to begin is no help
VAAPI_DEVICE = "/dev/dri/renderD128"


@dataclass(frozen=True)
class Encoder:
    """Describe an encoder of H.264: the name ffmpeg has for it, and its arguments for each quality.

    opening    arguments that stand before the inputs of ffmpeg.
    pixels     what it takes.
    uploaded   the pixels are moved to the device by a filter.
    likely     says without starting anything whether this machine may have it.
    """

    name: str
    codec: str
    qualities: dict[Quality, tuple[str, ...]]
    likely: Callable[[], bool]
    pixels: str = "nv12"
    opening: tuple[str, ...] = ()
    uploaded: bool = False


def _at(levels: dict[Quality, str], text: str) -> dict[Quality, tuple[str, ...]]:
    return {quality: tuple(text.format(*level.split()).split()) for quality, level in levels.items()}


def _exists(path: str) -> bool:
    return Path(path).exists()


# In the order they are tried. The levels are meant to be as good as those of x264, in files that are somewhat larger.
HARDWARE = (
    Encoder(
        "nvenc",
        "h264_nvenc",
        _at({"draft": "p2 26", "good": "p5 19", "best": "p7 15"}, "-preset {0} -rc vbr -cq {1} -b:v 0"),
        lambda: os.name == "nt" or _exists("/dev/nvidiactl") or _exists("/dev/dxg"),
        pixels="yuv420p",
    ),
    Encoder(
        "videotoolbox",
        "h264_videotoolbox",
        _at({"draft": "55", "good": "70", "best": "85"}, "-q:v {0}"),
        lambda: sys.platform == "darwin",
    ),
    Encoder(
        "qsv",
        "h264_qsv",
        _at({"draft": "veryfast 26", "good": "medium 19", "best": "slower 15"}, "-preset {0} -global_quality {1}"),
        lambda: os.name == "nt" or _exists(VAAPI_DEVICE),
    ),
    Encoder(
        "amf",
        "h264_amf",
        _at(
            {"draft": "speed 26", "good": "balanced 19", "best": "quality 15"},
            "-quality {0} -rc cqp -qp_i {1} -qp_p {1}",
        ),
        lambda: os.name == "nt",
    ),
    Encoder(
        "vaapi",
        "h264_vaapi",
        _at({"draft": "26", "good": "19", "best": "15"}, "-rc_mode CQP -qp {0}"),
        lambda: _exists(VAAPI_DEVICE),
        opening=("-vaapi_device", VAAPI_DEVICE),
        uploaded=True,
    ),
)
NAMES = (AUTO, SOFTWARE, *(encoder.name for encoder in HARDWARE))


def choose_encoder(wanted: str, quality: Quality, size: tuple[int, int]) -> Encoder | None:
    """Return the encoder to use for films of a size (width, height), None for x264.

    auto takes the first that encodes a frame here, and x264 for the best quality, which no hardware reaches.
    Raises SinkError for a name nobody knows, and for an encoder asked for by name that does not work here.
    """
    if wanted == SOFTWARE or (wanted == AUTO and quality == "best"):
        return None
    if wanted == AUTO:
        likely = (encoder for encoder in HARDWARE if encoder.likely())
        return next((encoder for encoder in likely if not refusal(encoder.name, quality, size)), None)
    found = [encoder for encoder in HARDWARE if encoder.name == wanted]
    if not found:
        raise SinkError(f"no encoder is called {wanted!r}{nearest(wanted, NAMES)}; known are {', '.join(NAMES)}")
    if why := refusal(wanted, quality, size):
        raise SinkError(f"the encoder {wanted} does not work here: {why}; `auto` takes one that does, or x264")
    return found[0]


@functools.cache
def refusal(name: str, quality: Quality, size: tuple[int, int]) -> str:
    """Return why an encoder cannot encode a frame of such a film here, from trying it once; empty when it can."""
    encoder = next(one for one in HARDWARE if one.name == name)
    frame = ["-f", "lavfi", "-i", f"color=gray:size={size[0]}x{size[1]}:rate=30"]
    upload = f"format={encoder.pixels}" + (",hwupload" if encoder.uploaded else "")
    codec = ["-frames:v", "1", "-vf", upload, "-c:v", encoder.codec, *encoder.qualities[quality]]
    command = [ffmpeg_exe(), "-nostdin", "-hide_banner", "-loglevel", "error", *encoder.opening, *frame, *codec]
    try:
        done = subprocess.run([*command, "-f", "null", "-"], capture_output=True, timeout=PROBE_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it did not encode a frame within {PROBE_SECONDS} s"
    return last_words(done.stderr.decode(errors="replace")) if done.returncode else ""
