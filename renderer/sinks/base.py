"""What every sink offers, and how it keeps half files away from the final name."""

from __future__ import annotations

import os
import secrets
import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import IO, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from renderer.errors import SinkError

Frames = NDArray[np.uint8]  # [N, H, W, C]: sRGB, straight alpha; C is 1 (grey), 3 (RGB) or 4 (RGBA)
Quality = Literal["draft", "good", "best"]


@dataclass(frozen=True)
class AudioTrack:
    """Name the sound of a film: which part of which file, how loud, and whether it repeats; all times in seconds.

    start       where in the sound file the film begins; negative: silence before the sound.
    gain        a factor, 1.0 leaves the sound as it is.
    duration    of the file that is used from `start` on; None: as much as the film is long.
    fade_in     over which it comes up at its beginning, and `fade_out` over which it goes down at its end.
    loop        whether it repeats as long as the film lasts; this needs a `duration`.
    blend       over which each end fades over into the beginning that follows.
    closed      whether the film itself is a loop: then its first beginning has the end in it as well.
    skip        of the film that are left out before the first frame, where only a part of it is written,
    film        and the length of the whole of it; None: that of the frames.
    """

    path: Path
    start: float = 0.0
    gain: float = 1.0
    duration: float | None = None
    fade_in: float = 0.0
    fade_out: float = 0.0
    loop: bool = False
    blend: float = 0.0
    closed: bool = False
    skip: float = 0.0
    film: float | None = None

    @property
    def period(self) -> float | None:
        """Return the seconds after which a sound that repeats begins anew; None for one that does not."""
        return self.duration - self.blend if self.loop and self.duration is not None else None

    def song_time(self, t: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where in the sound file what is heard at times t [N] of the film stands, in seconds."""
        return self.start + (t if self.period is None else np.mod(t, self.period))


@dataclass(frozen=True)
class SinkSpec:
    """Say what will come and what is wanted: frames of width x height x channels, how many, how fast.

    `path` is absolute or relative to the working folder. `max_bytes` caps the file where the sink can shrink
    it, `max_rate` the bits a second of the pictures of an MP4. `loop` is for GIF and WebP. `start_number` is the number
    of the first PNG of a folder. `encoder` names that of an MP4, see `encoders.NAMES`.
    """

    path: Path
    width: int
    height: int
    fps: Fraction
    frames: int
    channels: int = 3
    quality: Quality = "good"
    max_bytes: int | None = None
    max_rate: int | None = None
    audio: AudioTrack | None = None
    loop: bool = True
    overwrite: bool = True
    start_number: int = 0
    encoder: str = "auto"

    @property
    def duration(self) -> Fraction:
        """Return the length of the film in seconds, exactly."""
        return self.frames / self.fps


@dataclass(frozen=True)
class Piece:
    """Name what an interrupted render left of an output, and how many frames of it are whole."""

    path: Path
    frames: int


class Sink(ABC):
    """Write frames to a file; use it as a context manager.

    Making one checks everything that can be known before the first frame and touches no file. A subclass sets
    the class attributes and implements `begin`, `encode` and `finish`, writing to `self.part` only; it
    appears under the final name when all went well, and never otherwise. One that can go on after an interruption says
    so by `resumes`, writes to `reel`, and implements `count` and `leave`.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]  # with the dot, in lower case
    description: ClassVar[str]  # one line for the docs
    codec: ClassVar[str] = ""  # for the docs: "H.264"
    writer: ClassVar[str] = ""  # for the docs: which program or library writes the file
    written_as: ClassVar[str] = ""  # for the docs, where the suffixes do not say it: "frames/"
    supports_alpha: ClassVar[bool] = False
    supports_audio: ClassVar[bool] = False
    supports_max_bytes: ClassVar[bool] = False
    writes_folder: ClassVar[bool] = False

    def __init__(self, spec: SinkSpec) -> None:
        self.spec = spec
        self.path = self.target()
        self.part = _part_name(self.path)
        self.notes: list[str] = []  # what the user should be told, one sentence each
        self.written = 0  # frames, those of earlier pieces included
        self.pieces: tuple[Piece, ...] = ()  # what interrupted renders left, in the order of its frames
        self.keeps = False  # whether a render that fails leaves its reel to be gone on with
        self.log: IO[str] | None = None  # where a program that encodes puts its words; None: a file without a name
        self._state: Literal["new", "open", "closed"] = "new"
        self.check()

    @classmethod
    def accepts(cls, path: str) -> bool:
        """Say whether this sink writes files of such a name."""
        return Path(path).suffix.lower() in cls.suffixes

    @property
    def encoder(self) -> str | None:
        """Return the encoder that was chosen by what the spec and the machine say, None where there is no choice."""
        return None

    @property
    def keeps_alpha(self) -> bool:
        """Say whether alpha that comes is written."""
        return self.supports_alpha

    @property
    def resumes(self) -> bool:
        """Say whether a later run can go on with what an interrupted one has written."""
        return False

    @property
    def innermost(self) -> Sink:
        """Return the sink that writes the file."""
        return self

    @property
    def reel(self) -> Path:
        """Return the path of what the frames of this run are written to."""
        return self.part

    def count(self, piece: Path) -> int:
        """Return how many frames a reel holds that was left by an interrupted run; 0 where it cannot be used."""
        return 0

    def spared(self, kept: int) -> int:
        """Return how many frames need not come again, where so many of the file are there."""
        return kept

    def take_up(self, pieces: Sequence[Piece]) -> None:
        """Go on after pieces, which are not empty; this comes before opening."""
        self.pieces = tuple(pieces)
        self.written = sum(piece.frames for piece in pieces)

    def target(self) -> Path:
        """Return the absolute path of what is written in the end."""
        return self.spec.path.absolute()

    def check(self) -> None:
        """Raise SinkError for what is bound to fail, and note what will be left out; a subclass adds its own."""
        _check_spec(self.spec)
        self.check_target()
        if self.spec.max_bytes is not None and not self.supports_max_bytes:
            raise SinkError(f"{self.spec.path}: max_bytes works for GIF and WebP, not for {self.name}")
        if self.spec.audio is not None and not self.supports_audio:
            self.notes.append(f"{self.name} has no sound: {self.spec.audio.path.name} is left out")
        elif self.spec.audio is not None and not self.spec.audio.path.is_file():
            raise SinkError(f"{self.spec.audio.path}: no such sound file")
        if self.spec.channels == 4 and not self.keeps_alpha:
            self.notes.append(f"{self.name} has no alpha: the frames are laid on black")

    def is_there(self) -> bool:
        """Say whether there is an older file that would be replaced."""
        return self.path.exists()

    def check_target(self) -> None:
        """Raise SinkError where the final name cannot be written or must not be overwritten."""
        path = self.path
        if self.is_there() and not self.spec.overwrite:
            raise SinkError(f"{self.spec.path}: exists already, and overwriting was not asked for")
        if path.exists() and path.is_dir() != self.writes_folder:
            kind = "a folder" if path.is_dir() else "a file"
            raise SinkError(f"{self.spec.path}: is {kind}, {self.name} cannot take its place")
        above = next(parent for parent in path.parents if parent.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            raise SinkError(f"{self.spec.path}: the folder {above} cannot be written to")

    @abstractmethod
    def begin(self) -> None:
        """Start writing to `self.part`."""

    @abstractmethod
    def encode(self, frames: Frames) -> None:
        """Take frames [N, H, W, C] of the announced shape."""

    @abstractmethod
    def finish(self) -> None:
        """Complete `self.part`; every announced frame has come."""

    def cancel(self) -> None:  # noqa: B027
        """Stop at once, ending every process; the part file is removed afterwards."""

    def leave(self) -> None:
        """Stop, with a reel that holds what has come and nothing else beside it."""
        self.cancel()

    def move(self) -> None:
        """Give the finished part file its final name."""
        self.part.replace(self.path)

    def write(self, frames: Frames) -> None:
        """Take the next frames, uint8 [N, H, W, C]; raises SinkError for another shape or too many."""
        spec = self.spec
        if self._state != "open":
            raise SinkError(f"{spec.path}: the sink is {self._state}, frames are taken between opening and closing")
        wanted = (spec.height, spec.width, spec.channels)
        if frames.dtype != np.uint8 or frames.shape[1:] != wanted:
            raise SinkError(
                f"{spec.path}: frames must be uint8 [N, {', '.join(map(str, wanted))}], "
                f"these are {frames.dtype} {list(frames.shape)}"
            )
        if self.written + len(frames) > spec.frames:
            raise SinkError(f"{spec.path}: {spec.frames} frames were announced, more have come")
        with readable(self.spec.path, self.name):
            self.encode(frames)
        self.written += len(frames)

    def open(self) -> Self:
        """Create the folder and start; raises SinkError."""
        with readable(self.spec.path, self.name):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._state = "open"
            self.begin()
        return self

    def close(self) -> None:
        """Complete the file and give it its final name; raises SinkError when frames are missing."""
        if self._state != "open":
            return
        try:
            if self.written < self.spec.frames:
                raise SinkError(f"{self.spec.path}: only {self.written} of {self.spec.frames} frames have come")
            with readable(self.spec.path, self.name):
                self.finish()
                self.move()
            self._state = "closed"
        finally:
            self.abort()

    def abort(self) -> None:
        """Stop and remove the part file, or leave the reel; an older file under the final name stays as it is."""
        if self._state == "open":
            self._state = "closed"
            if self.keeps:
                self.leave()
            else:
                self.cancel()
        if not self.keeps or self.reel != self.part:
            remove(self.part)

    def __enter__(self) -> Self:
        try:
            return self.open()
        except BaseException:
            self.abort()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abort()


class readable:
    """Turn an OSError, or whatever else an output raises, into a SinkError of one sentence."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise SinkError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        if isinstance(error, Exception) and not isinstance(error, SinkError):
            reason = next(iter(str(error).splitlines()), "")
            raise SinkError(
                f"{self.path}: output {self.name!r} failed with {type(error).__name__}: {reason}"
            ) from error


def _part_name(path: Path) -> Path:
    """Return a hidden name beside `path` with its suffix, unlike that of any other run, before or at the same time."""
    return path.with_name(f".{path.stem}.part-{secrets.token_hex(4)}{path.suffix}")


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _check_spec(spec: SinkSpec) -> None:
    if spec.width < 1 or spec.height < 1 or spec.fps <= 0 or spec.frames < 1 or spec.channels not in (1, 3, 4):
        raise SinkError(
            f"{spec.path}: cannot write {spec.frames} frames of {spec.width}x{spec.height} pixels "
            f"with {spec.channels} channels at {spec.fps} frames a second"
        )
