"""Align the faces of one photo or of many, and write each under its name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from renderer.errors import PhotoError, SinkError
from renderer.inversion.faces import FoundFace, choose, drawn, find_faces, one_square
from renderer.inversion.ffhq import SIZE
from renderer.inversion.photo import read_photo
from renderer.landmarks import Finder
from renderer.sheet import FORMATS, lay_out

CELL, COLUMNS = 360, 3  # of the sheet of many photos


@dataclass
class Aligning:
    """Align photos: which face of each, or every one, how large, and where they go.

    output is a picture for one face of one photo, else a folder, or a picture whose name gets numbers.
    `faces` and `notes` grow as photos are read.
    """

    photos: list[Path]
    find: Finder
    output: Path
    size: int = SIZE
    number: int | None = None
    every: bool = False
    faces: list[list[FoundFace]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        suffix = self.output.suffix.lower()
        if suffix not in ("", *FORMATS):
            raise SinkError(f"{self.output}: expected a folder, or a picture such as aligned.png")
        if len(self.photos) > 1 and suffix:
            raise SinkError(f"{self.output}: expected a folder for the faces of {len(self.photos)} photos")

    def run(self) -> Iterator[list[tuple[FoundFace, Path]]]:
        """Write the faces of each photo and yield them with their files.

        Of one photo a PhotoError is raised, of many it is noted; raises PhotoError where no photo shows a face.
        """
        for path in self.photos:
            try:
                yield list(self._one(path))
            except PhotoError as error:
                if len(self.photos) == 1:
                    raise
                self.notes.append(str(error))
                yield []
        if not self.faces:
            raise PhotoError(f"none of the {len(self.photos)} photos shows a face")

    def _one(self, path: Path) -> Iterator[tuple[FoundFace, Path]]:
        photo = read_photo(path)
        self.notes += [f"{path}: {note}" for note in photo.notes]
        found = find_faces(photo, self.find)
        chosen = found if self.every else [choose(found, self.number)]
        if len(found) > 1 and not self.every and self.number is None:
            self.notes.append(f"{path}: it shows {len(found)} faces, the largest is taken; --face N or --all-faces")
        self.faces.append(found)
        for one in chosen:
            if one.region.side < self.size / 2:
                self.notes.append(
                    f"{path}: face {one.number} is small, {self.size / one.region.side:.0f} times enlarged"
                )
            yield one, write_picture(one.aligned(self.size), self._name(path, one.number))

    def _name(self, path: Path, number: int) -> Path:
        ending = f"-{number}" if self.every else ""
        if self.output.suffix:
            return self.output.with_name(f"{self.output.stem}{ending}{self.output.suffix}")
        return self.output / f"{path.stem}{ending}.png"

    def show(self, path: Path) -> Path:
        """Write a picture of what was found: the photo with landmarks drawn, or a sheet of many such photos."""
        if len(self.faces) == 1:
            return write_picture(drawn(self.faces[0]), path)
        cells = [(faces[0].photo.path.name, one_square(drawn(faces), CELL)) for faces in self.faces]
        return write_picture(lay_out(cells, min(COLUMNS, len(cells))), path)


def write_picture(picture: Image.Image, path: Path) -> Path:
    """Write a picture under its name once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    picture.save(part, quality=95)  # of JPEG and WebP; PNG keeps everything
    part.replace(path)
    return path
