"""Keep what is written of one output, beside it, and find it again."""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from renderer.sinks.base import Piece, Sink, readable, remove
from renderer.sinks.lock import is_alive, take
from renderer.sinks.note import RUN, Note, difference

PATIENCE = 60.0  # seconds for which the encoder of a render that was killed may go on


@dataclass
class Keeper:
    """Keep one output: its note, and a lock that this process and its encoder hold.

    Where a render begins anew, what was kept before is set aside until the output is complete: a mistyped option must
    not cost a night's frames.
    """

    sink: Sink
    pins: Mapping[str, Any]
    old: Note | None = None
    pieces: tuple[Piece, ...] = ()
    _lock: IO[str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        target = self.sink.path
        self.note = target.with_name(f".{target.name}.resume.json")
        self.aside = target.with_name(f".{target.name}.resume.before.json")
        self.half, self.swap = (self.note.with_suffix(f".json.{name}") for name in ("part", "swap"))
        self.lock = target.with_name(f".{target.name}.resume.lock")

    def claim(self, patience: float = PATIENCE) -> bool:
        """Take the output; say whether it was free, or became so within seconds: an encoder may still complete it."""
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + patience
        while self._lock is None:
            self._lock = take(self.lock)
            if self._lock is None:
                note = Note.read(self.note)
                if time.monotonic() > end or (note is not None and is_alive(note.process)):
                    return False
                time.sleep(0.05)
        return True

    def write(self, reels: Sequence[str], skipped: Sequence[str], joints: Sequence[int]) -> None:
        """Write the note, whole or not at all."""
        note = Note(self.pins, tuple(reels), tuple(skipped), tuple(joints), os.getpid())
        note.write(self.note, self.half)

    def find(self) -> None:
        """Read the note, or the one that was set aside if that is of this film, and count what it names."""
        aside, self.old = Note.read(self.aside), Note.read(self.note)
        if aside and self.differs(aside) == "" and (self.old is None or self.differs(self.old)):
            self._exchange()
            self.old = aside
        self.pieces = self.found(self.old)

    def found(self, note: Note | None) -> tuple[Piece, ...]:
        """Return the pieces that a note names, with the frames that are in them, up to one that is broken."""
        paths = [self.sink.path.with_name(name) for name in note.reels] if note else []
        pieces = (Piece(path, self.sink.count(path)) for path in paths)
        return tuple(itertools.takewhile(lambda piece: piece.frames > 0, pieces))

    def differs(self, note: Note) -> str:
        """Return what keeps this render from going on with what another left; empty where nothing does."""
        return difference(note.pins, self.pins, skipped=bool(note.skipped))

    @property
    def is_there(self) -> bool:
        """Say whether interrupted runs left anything."""
        return self.note.exists() or self.aside.exists()

    @property
    def kept(self) -> int:
        """Return how many frames of the file were found."""
        return sum(piece.frames for piece in self.pieces)

    def begin(self, skipped: Sequence[str], joints: Sequence[int]) -> None:
        """Write the note of a run that begins, and let its sink leave what it has if it is interrupted."""
        names = [piece.path.name for piece in self.pieces]
        with readable(self.sink.spec.path, self.sink.name):
            self.write(list(dict.fromkeys([*names, self.sink.reel.name])), skipped, joints)
        self.sink.keeps = True
        if self._lock is not None:  # the encoder inherits the lock with its log
            self._lock.truncate(0)
            descriptor = os.dup(self._lock.fileno())
            self.sink.log = os.fdopen(descriptor, "a+", encoding="utf-8", errors="replace")

    def set_aside(self) -> None:
        """Put aside what was kept, unless more is there already."""
        if self._bytes(self.note) > self._bytes(self.aside):
            self._exchange()
        self.clear()

    def _bytes(self, path: Path) -> int:
        """Return how much the reels of a note hold; their frames cannot be counted by a sink of another fps."""
        note = Note.read(path)
        reels = [self.sink.path.with_name(name) for name in note.reels] if note else []
        files = (file for reel in reels for file in (reel.iterdir() if reel.is_dir() else [reel]))
        return sum(file.stat().st_size for file in files if file.exists())

    def _exchange(self) -> None:
        """Let the note and the one that was set aside change places."""
        for old, new in ((self.note, self.swap), (self.aside, self.note), (self.swap, self.aside)):
            if old.exists():
                old.replace(new)

    def drop(self, path: Path) -> None:
        """Remove whatever the runs of a note left, but the pieces that were found."""
        kept, note = {piece.path for piece in self.pieces}, Note.read(path)
        for name in note.reels if note else ():
            run = RUN.sub(r"\1", name)
            for path in list(self.note.parent.iterdir()):
                if (path.name == run or path.name.startswith(f"{run}.")) and path not in kept:
                    with contextlib.suppress(OSError):
                        remove(path)

    def clear(self, *, wholly: bool = False) -> None:
        """Remove all that interrupted runs left, and with wholly what was set aside, too."""
        self.old, self.pieces = None, ()
        for path in (self.note, self.aside) if wholly else (self.note,):
            self.drop(path)
            path.unlink(missing_ok=True)
        self.half.unlink(missing_ok=True)

    def release(self, *, leaving: bool = False) -> None:
        """Give the output free."""
        if self.sink.log is not None:
            self.sink.log.close()
        if self._lock is None:
            return
        if not leaving:
            with contextlib.suppress(OSError):
                self.lock.unlink(missing_ok=True)
        self._lock.close()
        self._lock = None
