"""Give an output of another size and fps its frames, so that one render pass feeds several outputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil, floor

import numpy as np
from PIL import Image

from renderer.sinks.base import Frames, Piece, Sink


def frames_at(frames: int, fps: Fraction, new_fps: Fraction) -> int:
    """Return how many frames at `new_fps` last as long as `frames` at `fps`: to the nearest, at least one."""
    return max(1, ceil(frames * new_fps / fps - Fraction(1, 2)))


def resize(frames: Frames, width: int, height: int) -> Frames:
    """Return frames [N, height, width, C]: scaled to cover the new shape, the middle cut out."""
    if frames.shape[1:3] == (height, width):
        return frames
    return np.stack([_resize(frame, width, height) for frame in frames])


def _resize(frame: Frames, width: int, height: int) -> Frames:
    old_height, old_width = frame.shape[:2]
    scale = max(Fraction(width, old_width), Fraction(height, old_height))
    left, top = (old_width - width / scale) / 2, (old_height - height / scale) / 2
    box = (float(left), float(top), float(old_width - left), float(old_height - top))
    picture = Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else frame)  # RGBA is resized premultiplied
    resized: Frames = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS, box=box))
    return resized.reshape(height, width, -1)


class AdaptedSink(Sink):
    """Give a sink, whose spec says what it wants, frames of another size and fps.

    Made of the sink and of what will come: width, height, fps and the number of frames. Frame k of the sink is
    the one that is seen at its time: floor(k / its fps * fps), exactly. A faster sink gets frames repeated. The
    picture is scaled to cover the sink's size, and cut to it. Notes are the sink's own list.
    """

    name = "adapted"
    suffixes = ()
    description = "feeds a sink that wants another size or fps"

    def __init__(self, sink: Sink, width: int, height: int, fps: Fraction, frames: int) -> None:
        self.sink = sink
        self._sent = 0
        super().__init__(replace(sink.spec, width=width, height=height, fps=fps, frames=frames))
        self.notes = sink.notes

    @property
    def encoder(self) -> str | None:
        """Return the encoder of the sink."""
        return self.sink.encoder

    @property
    def resumes(self) -> bool:
        """Say whether the sink can go on with what an interrupted run has written."""
        return self.sink.resumes

    @property
    def innermost(self) -> Sink:
        """Return the sink that writes the file."""
        return self.sink.innermost

    def spared(self, kept: int) -> int:
        """Return how many frames stand before the one that frame `kept` of the sink is made from."""
        count = self.spec.frames
        return count if kept >= self.sink.spec.frames else min(count, self._source(kept))

    def take_up(self, pieces: Sequence[Piece]) -> None:
        """Let the sink go on after pieces."""
        self.sink.take_up(pieces)
        self._sent = self.sink.written
        self.written = self.spared(self._sent)

    def _source(self, index: int) -> int:
        return floor(index * self.spec.fps / self.sink.spec.fps)

    def check(self) -> None:
        """Note what becomes of the frames; the sink has checked all else."""
        come, go = self.spec, self.sink.spec
        if go.fps > come.fps:
            self.sink.notes.append(f"frames are repeated: {float(go.fps):g} fps are made from {float(come.fps):g}")
        if go.width * come.height != go.height * come.width:
            sizes = f"{come.width}x{come.height} is scaled to cover {go.width}x{go.height}"
            self.sink.notes.append(f"the picture is cut: {sizes}")

    def begin(self) -> None:
        """Open the sink."""
        self.sink.open()

    def encode(self, frames: Frames) -> None:
        """Send on those of frames [N, H, W, C] that are seen."""
        go, picks = self.sink.spec, list[int]()
        while self._sent + len(picks) < go.frames:
            index = self._source(self._sent + len(picks)) - self.written
            if index >= len(frames):
                break
            picks.append(index)
        self._sent += len(picks)
        if picks:
            self.sink.write(resize(frames[picks], go.width, go.height))

    def finish(self) -> None:
        """Complete the sink's file."""
        self.sink.close()

    def move(self) -> None:
        """Do nothing; the sink has given its file the final name."""

    def cancel(self) -> None:
        """Stop the sink."""
        self.sink.abort()
