"""Frames and sound to files; a sink knows nothing of scenes, timelines or generators."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from renderer.errors import SinkError, nearest
from renderer.sinks.base import AudioTrack, Frames, Quality, Sink, SinkSpec
from renderer.sinks.memory import MemorySink
from renderer.sinks.video import LosslessSink, Mp4Sink, ProResSink, WebmSink

SINKS: tuple[type[Sink], ...] = (Mp4Sink, WebmSink, ProResSink, LosslessSink, MemorySink)

__all__ = [
    "SINKS",
    "AudioTrack",
    "Frames",
    "LosslessSink",
    "MemorySink",
    "Mp4Sink",
    "ProResSink",
    "Quality",
    "Sink",
    "SinkSpec",
    "WebmSink",
    "sink_for",
]


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
