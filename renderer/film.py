"""Make a film: one render pass through the engine into one file or several, each from a thread of its own."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from renderer.engine import Frames, render_frames
from renderer.sinks import Sink
from renderer.timeline.timeline import Timeline

QUEUE_BYTES = 64 * 1024**2  # frames that wait for the encoder, at most
Progress = Callable[[int], None]  # called with the number of frames that were added


@dataclass(frozen=True)
class Film:
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
) -> Film:
    """Render frames into sinks and return what came of it; on any error no sink leaves a file.

    Raises what a sink or an effect raised.
    """
    began = time.perf_counter()
    stream = render_frames(timeline, frames.start, frames.stop, size, batch)
    with ExitStack() as stack:
        for sink in sinks:
            stack.enter_context(sink)
        with Writer(sinks, size, timeline.generator.img_channels) as writer:
            for batch_frames in stream:
                writer.put(batch_frames)
                progress(len(batch_frames))
    files = tuple(sink.path for sink in sinks)
    notes = tuple(note for sink in sinks for note in sink.notes)
    return Film(files, len(frames), time.perf_counter() - began, notes)


class Writer:
    """Write frames in a thread of its own, from a queue bounded in bytes, so that encoding overlaps synthesis."""

    def __init__(self, sinks: Sequence[Sink], size: tuple[int, int], channels: int) -> None:
        frame_bytes = size[0] * size[1] * channels
        self.sinks = sinks
        self.queue: queue.Queue[Frames | None] = queue.Queue(max(2, QUEUE_BYTES // (frame_bytes * 4)))
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self.error = self.error or KeyboardInterrupt()  # write nothing more of what still waits
        self.queue.put(None)
        self.thread.join()
        if kind is None and self.error is not None:
            raise self.error

    def put(self, frames: Frames) -> None:
        """Queue frames; wait while the queue is full; raise what the thread raised."""
        if self.error is not None:
            raise self.error
        self.queue.put(frames)

    def _run(self) -> None:
        for frames in self._taken():
            if self.error is None:
                try:
                    for sink in self.sinks:
                        sink.write(frames)
                except BaseException as error:  # handed to the thread that renders, which raises it
                    self.error = error

    def _taken(self) -> Iterator[Frames]:
        while (frames := self.queue.get()) is not None:
            yield frames
