"""Keep the frames in memory: the double for tests and notebooks."""

from __future__ import annotations

import numpy as np

from renderer.sinks.base import Frames, Sink, SinkSpec


class MemorySink(Sink):
    """Collect the frames; `frames` is uint8 [N, H, W, C], empty until the first have come."""

    name = "memory"
    suffixes = ()
    description = "keeps the frames in memory, for tests and notebooks"
    writer = "numpy"
    written_as = "memory:"
    supports_alpha = True
    supports_audio = True

    @classmethod
    def accepts(cls, path: str) -> bool:
        """Say whether `path` is `memory:` with or without a name behind it."""
        return path.startswith("memory:")

    def __init__(self, spec: SinkSpec) -> None:
        super().__init__(spec)
        self._batches: list[Frames] = []

    def check_target(self) -> None:
        """Do nothing; there is no file."""

    def begin(self) -> None:
        """Do nothing; frames are kept as they come."""

    def encode(self, frames: Frames) -> None:
        """Keep a copy of frames [N, H, W, C]."""
        self._batches.append(frames.copy())

    def finish(self) -> None:
        """Do nothing; the frames stay."""

    def move(self) -> None:
        """Do nothing; there is no file."""

    @property
    def frames(self) -> Frames:
        """Return all frames so far, uint8 [N, H, W, C]."""
        spec = self.spec
        empty = np.zeros((0, spec.height, spec.width, spec.channels), np.uint8)
        return np.concatenate([empty, *self._batches])
