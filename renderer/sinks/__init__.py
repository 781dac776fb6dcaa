"""Frames and sound to files; a sink knows nothing of scenes, timelines or generators."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from renderer.errors import SinkError, nearest
from renderer.sinks.adapt import AdaptedSink, frames_at
from renderer.sinks.base import AudioTrack, Frames, Quality, Sink, SinkSpec
from renderer.sinks.frames import FramesSink, StillSink
from renderer.sinks.gif import GifSink
from renderer.sinks.memory import MemorySink
from renderer.sinks.outputs import Outputs
from renderer.sinks.table import table
from renderer.sinks.video import LosslessSink, Mp4Sink, ProResSink, WebmSink
from renderer.sinks.webp import WebpSink

SINKS: tuple[type[Sink], ...] = (
    Mp4Sink,
    WebmSink,
    GifSink,
    WebpSink,
    ProResSink,
    LosslessSink,
    StillSink,
    MemorySink,
    FramesSink,
)

__all__ = [
    "SINKS",
    "AdaptedSink",
    "AudioTrack",
    "Frames",
    "FramesSink",
    "GifSink",
    "LosslessSink",
    "MemorySink",
    "Mp4Sink",
    "Outputs",
    "ProResSink",
    "Quality",
    "Sink",
    "SinkSpec",
    "StillSink",
    "WebmSink",
    "WebpSink",
    "describe",
    "frames_at",
    "sink_for",
]


def describe(sinks: Iterable[type[Sink]] = SINKS) -> str:
    """Return the table of outputs as markdown, without a newline at its end."""
    return table(sinks)


def sink_for(path: str | Path, sinks: Iterable[type[Sink]] = SINKS) -> type[Sink]:
    """Return the sink that writes files of such a name; raises SinkError with the nearest known suffix.

    Give the name as it was written: a `/` at its end, which `Path` drops, means a folder of frames.
    """
    sinks = tuple(sinks)
    for sink in sinks:
        if sink.accepts(str(path)):
            return sink
    known = [suffix for sink in sinks for suffix in sink.suffixes]
    suffix = Path(path).suffix.lower()
    raise SinkError(f"{path}: no output is called {suffix!r}{nearest(suffix, known)}; known are {', '.join(known)}")
