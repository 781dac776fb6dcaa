"""A queue of frames that is bounded in bytes, whatever their size and however many come at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from threading import Condition

from renderer.levels import Frames


class Waiting:
    """Hold frames between the thread that renders and the one that writes, `limit` bytes at most.

    What is being written counts until it is written. Frames larger than the limit pass one batch at a time.
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.held = limit, 0
        self._frames: deque[Frames] = deque()
        self._changed, self._ended = Condition(), False

    def put(self, frames: Frames) -> None:
        """Add frames [N, H, W, C]; wait until there is room."""
        with self._changed:
            self._changed.wait_for(lambda: self.held == 0 or self.held + frames.nbytes <= self.limit)
            self._frames.append(frames)
            self.held += frames.nbytes
            self._changed.notify_all()

    def end(self) -> None:
        """Say that no more will come."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Frames]:
        """Yield frames as they came, until the end; those yielded are let go when the next are asked for."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._ended or len(self._frames) > 0)
                if not self._frames:
                    return
                frames = self._frames.popleft()
            yield frames
            with self._changed:
                self.held -= frames.nbytes
                self._changed.notify_all()
