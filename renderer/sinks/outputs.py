"""Write one stream of frames to several sinks."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from renderer.sinks.base import Frames, Sink


class Outputs:
    """Write the same frames to several sinks; use it as a context manager.

    A sink that fails while frames come ends all of them. One that fails when closing, as a GIF that does not
    get under its cap, leaves the others their files. start is the number of the first frame that will come; sinks that
    go on with what is there may have had it.
    """

    def __init__(self, sinks: Sequence[Sink], start: int = 0) -> None:
        self.sinks, self.come = tuple(sinks), start

    @property
    def notes(self) -> list[str]:
        """Return what the user should be told, each with the name of its file."""
        return [f"{sink.spec.path}: {note}" for sink in self.sinks for note in sink.notes]

    def write(self, frames: Frames) -> None:
        """Take the next frames, uint8 [N, H, W, C]; raises SinkError."""
        for sink in self.sinks:
            new = frames[max(0, sink.written - self.come) :]
            if len(new):
                sink.write(new)
        self.come += len(frames)

    def close(self) -> None:
        """Complete every file, then raise the first SinkError there was."""
        failed: list[Exception] = []
        try:
            for sink in self.sinks:
                _close(sink, failed)
        finally:
            self.abort()
        if failed:
            raise failed[0]

    def abort(self) -> None:
        """Stop every sink that is not complete and remove its part file."""
        for sink in self.sinks:
            sink.abort()

    def __enter__(self) -> Self:
        try:
            for sink in self.sinks:
                sink.open()
        except BaseException:
            self.abort()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()


def _close(sink: Sink, failed: list[Exception]) -> None:
    try:
        sink.close()
    except Exception as error:
        failed.append(error)
