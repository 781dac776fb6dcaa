"""Keep what an interrupted render has written, and go on with it: a note beside each output says what it belongs to.

    keeping = Keeping(sinks, pins, frames=1200)   # nothing is touched
    keeping.look(fresh=False)                     # keeping.first frames are there; keeping.told says so, or why not
    with keeping, Outputs(sinks, keeping.first) as outputs: ...

ffmpeg completes its file when its standard input ends, even where this process was killed. So the reel of an output
that was interrupted is a whole film of the frames that were handed over, and they are counted in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from renderer.sinks.base import Sink
from renderer.sinks.keeper import Keeper
from renderer.sinks.note import Note


class Keeping:
    """Keep the outputs of one render pass, if all of them can be gone on with; use it as a context manager."""

    def __init__(self, sinks: Sequence[Sink] = (), pins: Sequence[Mapping[str, Any]] = (), frames: int = 0) -> None:
        self.sinks, self.total = tuple(sinks), frames
        self.keepers = [Keeper(*pair) for pair in zip([sink.innermost for sink in sinks], pins, strict=True)]
        self.stale: list[Keeper] = []  # of outputs that cannot all be gone on with: cleared when they are complete
        self.first = 0  # frames that need not be rendered
        self.told = ""  # how it begins, in one sentence
        self.joints: tuple[int, ...] = ()
        self.skipped: tuple[str, ...] = ()  # what earlier runs left out
        self.kept: int | None = 0  # frames that are there after an interruption; None: they are still being written
        self._now: tuple[str, ...] = ()

    def look(self, *, fresh: bool = False) -> Self:
        """Find what is there to go on with, and remove what is not; `told` then says how the render begins."""
        paths = [sink.path for sink in self.sinks]
        unable = [sink for sink in self.sinks if not sink.resumes or paths.count(sink.path) > 1]
        if unable:
            self.stale = [keeper for keeper in self.keepers if keeper.is_there]
            self.told = f"starting anew: {unable[0].spec.path} cannot be gone on with" if self.stale else ""
            self.keepers = []
        try:
            busy = [keeper.sink.spec.path for keeper in self.keepers if not keeper.claim()]
        except OSError:  # the sink will say what is wrong with its folder
            busy, self.keepers = [], []
        if busy:
            self.told = f"another render writes {busy[0]} at this moment: this one keeps nothing if it is interrupted"
            for keeper in self.keepers:
                keeper.release(leaving=keeper.is_there)
            self.keepers = []
        self._begin(fresh=fresh)
        return self

    def _begin(self, *, fresh: bool) -> None:
        for keeper in self.keepers:
            keeper.find()
        notes = [keeper.old for keeper in self.keepers if keeper.old]
        if fresh:
            for keeper in self.keepers:
                keeper.clear(wholly=True)
        elif reason := self._changed():
            self.told = f"starting anew: {reason}; what was kept before stays until the film is complete"
            for keeper in self.keepers:
                keeper.set_aside()
        elif notes and not self._there():
            self.told = "starting anew: what was kept cannot be read"
            for keeper in self.keepers:
                keeper.clear()
        elif notes:
            self._go_on(notes)

    @property
    def keeps(self) -> bool:
        """Say whether what is written is kept if the render does not end well."""
        return len(self.keepers) > 0

    def tell(self, skipped: Sequence[str]) -> None:
        """Note what was left out of the frames so far."""
        if self.keeps and tuple(skipped) != self._now:
            self._now = tuple(skipped)
            self._write()

    def all_skipped(self, skipped: Iterable[str]) -> tuple[str, ...]:
        """Return what was left out, by earlier runs and by this one."""
        return tuple(dict.fromkeys([*self.skipped, *skipped]))

    def _go_on(self, notes: Sequence[Note]) -> None:
        self.first = self._there()
        self.told = f"going on at frame {self.first} of {self.total}"
        self.joints = (*(one for one in notes[0].joints if one < self.first), self.first)
        self.skipped = self.all_skipped(sentence for note in notes for sentence in note.skipped)
        for sink, keeper in zip(self.sinks, self.keepers, strict=True):
            keeper.drop(keeper.note)
            sink.take_up(keeper.pieces)

    def _changed(self) -> str:
        """Return why what is there cannot be gone on with; empty where it can, or there is nothing."""
        if not any(keeper.old for keeper in self.keepers):
            return ""
        for keeper in self.keepers:
            if keeper.old is None:
                return f"nothing of {keeper.sink.spec.path} was kept"
            if why := keeper.differs(keeper.old):
                return why
        return ""

    def _there(self) -> int:
        kept = (sink.spared(keeper.kept) for sink, keeper in zip(self.sinks, self.keepers, strict=True))
        return min(kept, default=0)

    def _write(self) -> None:
        for keeper in self.keepers:
            note = Note.read(keeper.note)
            keeper.write(note.reels if note else (), self.all_skipped(self._now), self.joints)

    def __enter__(self) -> Self:
        try:
            for keeper in self.keepers:
                keeper.begin(self.skipped, self.joints)
        except BaseException:
            for keeper in self.keepers:
                keeper.release(leaving=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self.keepers:
            if kind is not None:
                keeper.release(leaving=True)
        if kind is not None and self.keeps:
            self.kept = self._after()
        for keeper in self.keepers:
            if self.kept == 0:
                keeper.clear(wholly=kind is None)
            keeper.release(leaving=keeper.is_there)
        for keeper in self.stale if kind is None else ():
            if keeper.claim(0):
                keeper.clear(wholly=True)
                keeper.release()

    def _after(self) -> int | None:
        """Return how many frames are kept after an error; None where they are still being written."""
        if not all(keeper.claim(0) for keeper in self.keepers):
            return None
        for keeper in self.keepers:
            keeper.find()
        return self._there()
