"""Keep what an interrupted render has written, and find it again: a note beside each output says what it belongs to.

    keeping = Keeping(sinks, pins, frames=1200)   # nothing is touched
    keeping.look(fresh=False)                     # keeping.first frames are there; keeping.told says so, or why not
    with keeping, Outputs(sinks, keeping.first) as outputs: ...

ffmpeg completes its file when its standard input ends, even where this process was killed. So the reel of an output
that was interrupted is a whole film of the frames that were handed over, and they are counted in it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from renderer.sinks.base import Piece, Sink, readable, remove

try:
    import fcntl
except ImportError:  # of Windows, where files are not shared as here; two renders of one output are not told apart
    fcntl = None  # type: ignore[assignment]

DIGEST = "blake2b:"  # what the value of a pin begins with that nobody can read
LONGEST = 40  # letters of a value in a sentence
PATIENCE = 60.0  # seconds for which the encoder of a render that was killed may go on
_RUN = re.compile(r"(\.[^/\\]*\.part-[0-9a-f]{8})(\.[^/\\]*)?")  # what the files of one run begin with


@dataclass(frozen=True)
class Note:
    """Hold what stands beside a kept output: what its pictures depend on, its reels, and what was left out of it."""

    pins: Mapping[str, Any]
    reels: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    joints: tuple[int, ...] = ()  # numbers of the frames at which a run went on
    process: int = 0


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
        self.half = self.note.with_suffix(".json.part")
        self.lock = target.with_name(f".{target.name}.resume.lock")

    def claim(self, patience: float = PATIENCE) -> bool:
        """Take the output; say whether it was free, or became so within seconds: an encoder may still complete it."""
        self.lock.parent.mkdir(parents=True, exist_ok=True)
        end = time.monotonic() + patience
        while self._lock is None:
            handle = self.lock.open("a+", encoding="utf-8", errors="replace")
            if _is_taken(handle) and _is_file_of(handle, self.lock):
                self._lock = handle
            else:
                handle.close()
                note = self.read()
                if time.monotonic() > end or (note is not None and _is_alive(note.process)):
                    return False
                time.sleep(0.05)
        return True

    def read(self, path: Path | None = None) -> Note | None:
        """Return the note, or another, None where there is none that can be read."""
        try:
            data = json.loads((path or self.note).read_text(encoding="utf-8"))
            lists = {name: tuple(data[name]) for name in ("reels", "skipped", "joints")}
            note = Note(pins=dict(data["pins"]), process=int(data["process"]), **lists)
            return note if all(_RUN.fullmatch(name) for name in note.reels) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, reels: Sequence[str], skipped: Sequence[str], joints: Sequence[int]) -> None:
        """Write the note, whole or not at all."""
        data = Note(self.pins, tuple(reels), tuple(skipped), tuple(joints), os.getpid())
        self.half.write_text(json.dumps(data.__dict__, ensure_ascii=False) + "\n", encoding="utf-8")
        self.half.replace(self.note)

    def find(self) -> None:
        """Read the note, or the one that was set aside if that is of this film, and count what it names."""
        aside, self.old = self.read(self.aside), self.read()
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
        note = self.read(path)
        reels = [self.sink.path.with_name(name) for name in note.reels] if note else []
        files = (file for reel in reels for file in (reel.iterdir() if reel.is_dir() else [reel]))
        return sum(file.stat().st_size for file in files if file.exists())

    def _exchange(self) -> None:
        """Let the note and the one that was set aside change places."""
        for old, new in ((self.note, self.half), (self.aside, self.note), (self.half, self.aside)):
            if old.exists():
                old.replace(new)

    def drop(self, path: Path | None = None) -> None:
        """Remove what stands behind the pieces that were found, and whatever else the runs of a note left."""
        kept, note = {piece.path for piece in self.pieces}, self.read(path)
        for name in note.reels if note else ():
            run = _RUN.sub(r"\1", name)
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


class Keeping:
    """Keep the outputs of one render pass, if all of them can be gone on with; use it as a context manager."""

    def __init__(self, sinks: Sequence[Sink] = (), pins: Sequence[Mapping[str, Any]] = (), frames: int = 0) -> None:
        self.sinks, self.total = tuple(sinks), frames
        self.keepers = [Keeper(*pair) for pair in zip([sink.innermost for sink in sinks], pins, strict=True)]
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
            self.keepers = [keeper for keeper in self.keepers if keeper.note.exists() or keeper.aside.exists()]
        try:
            busy = [keeper.sink.spec.path for keeper in self.keepers if not keeper.claim()]
        except OSError:  # the sink will say what is wrong with its folder
            busy, self.keepers = [], []
        if busy:
            self.told = f"another render writes {busy[0]} at this moment: this one keeps nothing if it is interrupted"
        elif unable:
            self.told = f"starting anew: {unable[0].spec.path} cannot be gone on with" if self.keepers else ""
            for keeper in self.keepers:
                keeper.clear(wholly=True)
        else:
            self._begin(fresh=fresh)
            return self
        for keeper in self.keepers:
            keeper.release(leaving=keeper.note.exists() or keeper.aside.exists())
        self.keepers = []
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
            keeper.drop()
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
            note = keeper.read()
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
            keeper.release(leaving=keeper.note.exists() or keeper.aside.exists())

    def _after(self) -> int | None:
        """Return how many frames are kept after an error; None where they are still being written."""
        if not all(keeper.claim(0) for keeper in self.keepers):
            return None
        for keeper in self.keepers:
            keeper.find()
        return self._there()


def difference(was: Mapping[str, Any], now: Mapping[str, Any], *, skipped: bool) -> str:
    """Return the first thing that differs between the pins of two renders, in words; empty where nothing does.

    What becomes of an effect that fails (`on_error`) matters only where one was skipped.
    """
    for name in dict.fromkeys([*now, *was]):
        before, after = was.get(name), now.get(name)
        if before == after or (name == "on_error" and not skipped):
            continue
        if any(isinstance(value, str) and value.startswith(DIGEST) for value in (before, after)):
            return f"{name} has changed"
        return f"{name} was {_shown(before)}, is {_shown(after)}"
    return ""


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."


def _is_file_of(handle: IO[str], path: Path) -> bool:
    """Say whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except OSError:
        return False


def _is_taken(handle: IO[str]) -> bool:
    """Take the lock of an open file; say whether it was free."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_alive(process: int) -> bool:
    """Say whether there is a process of a number, on systems where asking does not end it."""
    if os.name != "posix" or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
