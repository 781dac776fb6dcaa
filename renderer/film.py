"""Make a film: one render pass through the engine into one file or several, each from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from renderer.engine import QUEUE_BYTES, render_frames
from renderer.levels import Frames
from renderer.sinks import Outputs, Sink
from renderer.timeline.timeline import Timeline
from renderer.waiting import Waiting

Progress = Callable[[int], None]  # called with the number of frames that were added


@dataclass(frozen=True)
class Rendered:
    """Hold what came of a render: its files, and how long it took in seconds."""

    files: tuple[Path, ...]
    frames: int
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def rate(self) -> float:
        """Return frames a second, encoding included."""
        return self.frames / max(self.seconds, 1e-9)


def make_film(
    timeline: Timeline,
    sinks: Sequence[Sink],
    frames: range,
    size: tuple[int, int],
    batch: int,
    progress: Progress = lambda count: None,
) -> Rendered:
    """Render frames into sinks and return what came of it; on any error no sink leaves a file.

    Raises what a sink or an effect raised.
    """
    began = time.perf_counter()
    stream = render_frames(timeline, frames.start, frames.stop, size, batch)
    with Outputs(sinks) as outputs, Writer(outputs) as writer:
        for some in stream:
            writer.put(some)
            progress(len(some))
    files = tuple(sink.path for sink in sinks)
    return Rendered(files, len(frames), time.perf_counter() - began, (*timeline.notes, *outputs.notes))


class Writer:
    """Write frames in a thread of its own, from a queue bounded in bytes, so that encoding overlaps synthesis."""

    def __init__(self, outputs: Outputs, limit: int = QUEUE_BYTES) -> None:
        self.outputs, self.waiting = outputs, Waiting(limit)
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self.error = self.error or KeyboardInterrupt()  # write nothing more of what still waits
        self.waiting.end()
        self.thread.join()
        if kind is None and self.error is not None:
            raise self.error

    def put(self, frames: Frames) -> None:
        """Queue frames; wait while the queue is full; raise what the thread raised."""
        if self.error is not None:
            raise self.error
        self.waiting.put(frames)

    def _run(self) -> None:
        for frames in self.waiting:
            if self.error is None:
                try:
                    self.outputs.write(frames)
                except BaseException as error:  # handed to the thread that renders, which raises it
                    self.error = error
