"""Make a film: one render pass through the engine into one file or several, each from a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from renderer.engine import QUEUE_BYTES, render_frames
from renderer.levels import Frames
from renderer.pictures import Footage
from renderer.sinks import Outputs, Sink
from renderer.sinks.keeping import Keeping
from renderer.timeline.timeline import Timeline
from renderer.waiting import Waiting

LONG_RENDER = 2.0  # seconds; of shorter ones nobody asks where they went
Progress = Callable[[int], None]  # called with the number of frames that were added


@dataclass(frozen=True)
class Rendered:
    """Hold what came of a render: its files, and how long it took in seconds."""

    files: tuple[Path, ...]
    frames: int
    seconds: float
    notes: tuple[str, ...] = field(default=())
    skipped: tuple[str, ...] = field(default=())  # what was left out because it failed
    kept: int = 0  # frames that an interrupted render had left

    @property
    def rate(self) -> float:
        """Return frames a second, encoding included."""
        return (self.frames - self.kept) / max(self.seconds, 1e-9)


def make_film(
    timeline: Timeline | Footage,
    sinks: Sequence[Sink],
    frames: range,
    size: tuple[int, int],
    batch: int,
    progress: Progress = lambda count: None,
    keeping: Keeping | None = None,
) -> Rendered:
    """Render frames into sinks and return what came of it; on any error no sink leaves a file.

    With keeping, sinks go on where an interrupted render ended, and leave what they have if they are interrupted.
    Raises what a sink or an effect raised.
    """
    for _, conduct in timeline.conducts:
        conduct.begin()
    began, keeping = time.perf_counter(), keeping or Keeping()
    stream = render_frames(timeline, frames.start + keeping.first, frames.stop, size, batch)
    with keeping, Outputs(sinks, keeping.first) as outputs, Writer(outputs, keeps=keeping.keeps) as writer:
        for some in stream:
            writer.put(some)
            progress(len(some))
            keeping.tell(timeline.skipped)
    files, seconds = tuple(sink.path for sink in sinks), time.perf_counter() - began
    notes = (*timeline.notes, *outputs.notes, *slow_effects(timeline, seconds))
    return Rendered(files, len(frames), seconds, notes, keeping.all_skipped(timeline.skipped), keeping.first)


def slow_effects(timeline: Timeline | Footage, seconds: float) -> list[str]:
    """Return a sentence about the effect that took most of a render of so many seconds, where there is one."""
    if seconds < LONG_RENDER:
        return []
    return [
        f"{stacked.called} took {conduct.seconds:.1f} of {seconds:.1f} s"
        for stacked, conduct in timeline.conducts
        if conduct.seconds > seconds / 2
    ]


class Writer:
    """Write frames in a thread of its own, from a queue bounded in bytes, so that encoding overlaps synthesis.

    What still waits is written even after an error where it is kept, but not when the user asks for the end.
    """

    def __init__(self, outputs: Outputs, limit: int = QUEUE_BYTES, *, keeps: bool = False) -> None:
        self.outputs, self.waiting, self.keeps = outputs, Waiting(limit), keeps
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def __enter__(self) -> Writer:
        self.thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None and not (self.keeps and issubclass(kind, Exception)):
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
