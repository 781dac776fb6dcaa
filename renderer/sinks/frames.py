"""Pictures: a folder of numbered frames, or one still."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from renderer.errors import SinkError
from renderer.sinks.base import Frames, Piece, Sink
from renderer.sinks.pixels import to_rgb

EFFORT = {"draft": 1, "good": 4, "best": 6}  # of zlib; the pixels are the same, 9 takes twenty times as long
JPEG_QUALITY = {"draft": 85, "good": 95, "best": 98}
PICTURES = (".png", ".jpg", ".jpeg")
DEFAULT_PATTERN = "%05d.png"
_NUMBER = re.compile(r"%(0\d+)?d")


class PictureSink(Sink):
    """Write pictures with Pillow: grey, RGB or RGBA as PNG, grey or RGB as JPEG."""

    writer = "Pillow"
    supports_alpha = True

    @property
    def keeps_alpha(self) -> bool:
        """Say whether the pictures are PNG."""
        return self.suffix == ".png"

    @property
    def suffix(self) -> str:
        """Return the suffix of each picture, in lower case."""
        return self.spec.path.suffix.lower()

    def save(self, frame: Frames, path: Path) -> None:
        """Write a frame [H, W, C]."""
        flat = frame if self.keeps_alpha or frame.shape[-1] != 4 else to_rgb(frame[None])[0]
        picture = Image.fromarray(flat[..., 0] if flat.shape[-1] == 1 else flat)
        if self.suffix == ".png":
            picture.save(path, "PNG", compress_level=EFFORT[self.spec.quality])
        else:
            picture.save(path, "JPEG", quality=JPEG_QUALITY[self.spec.quality], subsampling=0)


def is_whole(picture: Path) -> bool:
    """Say whether a picture can be read to its end."""
    try:
        with Image.open(picture) as opened:
            opened.load()
    except (OSError, SyntaxError, ValueError):  # Pillow raises SyntaxError for a broken PNG
        return False
    return True


class StillSink(PictureSink):
    """Write one frame."""

    name = "still"
    suffixes = PICTURES
    description = "one frame: `--at`, covers, thumbnails"
    codec = "PNG or JPEG"

    @classmethod
    def accepts(cls, path: str) -> bool:
        """Say whether `path` is a picture without a number in its name."""
        return Path(path).suffix.lower() in PICTURES and not _NUMBER.search(path)

    def check(self) -> None:
        """Refuse a film."""
        super().check()
        if self.spec.frames != 1:
            folder = self.spec.path.with_suffix("") / f"%05d{self.spec.path.suffix}"
            raise SinkError(
                f"{self.spec.path}: holds one frame and {self.spec.frames} will come; {folder} takes them all"
            )

    def begin(self) -> None:
        """Do nothing; the frame is written when it comes."""

    def encode(self, frames: Frames) -> None:
        """Write the frame [1, H, W, C]."""
        for frame in frames:
            self.save(frame, self.part)

    def finish(self) -> None:
        """Do nothing; the frame is written."""


class FramesSink(PictureSink):
    """Write numbered frames to a folder, which appears, or whose frames are replaced, when all are there."""

    name = "frames"
    suffixes = ()
    description = "a folder of numbered frames; grey, RGB or RGBA"
    codec = "PNG or JPEG"
    written_as = "frames/, %05d.png, %05d.jpg"
    writes_folder = True

    @classmethod
    def accepts(cls, path: str) -> bool:
        """Say whether `path` ends with a slash, has no suffix, or numbers its pictures."""
        if _NUMBER.search(Path(path).name):
            return Path(path).suffix.lower() in PICTURES
        return path.endswith(("/", "\\")) or (Path(path).suffix == "" and ":" not in Path(path).name)

    @property
    def pattern(self) -> str:
        """Return how the pictures are called."""
        return self.spec.path.name if _NUMBER.search(self.spec.path.name) else DEFAULT_PATTERN

    @property
    def suffix(self) -> str:
        """Return the suffix of each picture, in lower case."""
        return Path(self.pattern).suffix.lower()

    def target(self) -> Path:
        """Return the folder."""
        path = self.spec.path.absolute()
        return path.parent if _NUMBER.search(path.name) else path

    def numbered(self, index: int) -> str:
        """Return the name of a frame; index counts from 0."""
        number = self.spec.start_number + index
        return _NUMBER.sub(lambda match: match[0] % number, self.pattern, count=1)

    def is_there(self) -> bool:
        """Say whether the folder holds one of the frames that will come."""
        return any((self.path / self.numbered(index)).exists() for index in range(self.spec.frames))

    @property
    def resumes(self) -> bool:
        """Say that the frames that are there need not be written again."""
        return True

    def count(self, piece: Path) -> int:
        """Return how many frames a folder holds, without a gap; the last may be half written."""
        names = (piece / self.numbered(index) for index in range(self.spec.frames))
        there = sum(1 for _ in itertools.takewhile(Path.is_file, names))
        while there and not is_whole(piece / self.numbered(there - 1)):
            there -= 1
        return there

    def take_up(self, pieces: Sequence[Piece]) -> None:
        """Go on in the folder that is there."""
        super().take_up(pieces)
        self.part = pieces[0].path

    def begin(self) -> None:
        """Make the folder of the unfinished frames."""
        self.part.mkdir(exist_ok=bool(self.pieces))

    def encode(self, frames: Frames) -> None:
        """Write frames [N, H, W, C]."""
        for index, frame in enumerate(frames, self.written):
            self.save(frame, self.part / self.numbered(index))

    def finish(self) -> None:
        """Do nothing; the frames are written."""

    def move(self) -> None:
        """Give the folder its name, or the frames their place in a folder that is there."""
        if not self.path.exists():
            self.part.replace(self.path)
            return
        for frame in sorted(self.part.iterdir()):
            frame.replace(self.path / frame.name)
        older = sum(1 for _ in self.path.iterdir()) - self.spec.frames
        if older:
            self.notes.append(f"{self.path.name} holds {older} older files besides the {self.spec.frames} frames")
