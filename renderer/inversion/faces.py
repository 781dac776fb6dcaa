"""Faces of photos: found, chosen, aligned, and drawn for people to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from renderer.errors import PhotoError
from renderer.inversion.ffhq import SIZE, Region, align
from renderer.inversion.photo import Photo
from renderer.landmarks import Face, Finder

CHECKED = 1000  # pixels of a drawn picture's longer side
NO_FACE = (
    "no face was found; it should look at the camera, be upright and not be small in the picture: "
    "try a crop around it, or other --landmarks"
)
INK, FRAME = (90, 255, 120), (255, 190, 60)


@dataclass(frozen=True)
class FoundFace:
    """Hold a face of a photo with its number, counted from 0 by size, the largest first."""

    photo: Photo
    number: int
    face: Face

    def aligned(self, size: int = SIZE) -> Image.Image:
        """Return the face as FFHQ has it, a square of `size` pixels."""
        return align(self.photo.picture, self.face.points, size)

    @property
    def region(self) -> Region:
        """Return where in the photo the face's square is."""
        return Region.of(self.photo.picture, self.face.points)

    def told(self) -> str:
        """Return one line about the face."""
        across = self.region.quad[3] - self.region.quad[0]
        turned = np.degrees(np.arctan2(across[1], across[0]))
        left, top, right, bottom = (round(edge) for edge in self.face.box)
        return (
            f"face {self.number}: x {left}-{right}, y {top}-{bottom}, turned {turned:.1f} degrees, "
            f"{self.face.score:.0%} sure, its square {self.region.side:.0f} pixels wide"
        )


def find_faces(photo: Photo, find: Finder) -> list[FoundFace]:
    """Return the faces of a photo, the largest first; raise PhotoError where there is none."""
    faces = sorted(find(np.array(photo.picture)), key=lambda face: -face.width)
    if not faces:
        raise PhotoError(f"{photo.path}: {NO_FACE}")
    return [FoundFace(photo, number, face) for number, face in enumerate(faces)]


def choose(faces: list[FoundFace], number: int | None = None) -> FoundFace:
    """Return the face of a number, or the largest; raise PhotoError where there are not so many."""
    if number is None:
        return faces[0]
    if number >= len(faces):
        counted = "1 face, number 0" if len(faces) == 1 else f"{len(faces)} faces, 0 to {len(faces) - 1}"
        raise PhotoError(f"{faces[0].photo.path}: it shows {counted}; got --face {number}")
    return faces[number]


def drawn(faces: list[FoundFace]) -> Image.Image:
    """Return the photo of some faces, 1000 pixels at most, with their points, squares and numbers drawn on it."""
    whole = faces[0].photo.picture
    scale = min(1.0, CHECKED / max(whole.size))
    picture = whole.resize((round(whole.width * scale), round(whole.height * scale)), Image.Resampling.LANCZOS)
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(size=18)
    for one in faces:
        corners = [tuple(corner) for corner in one.region.quad * scale]
        draw.line([*corners, corners[0]], FRAME, 2)
        draw.text((corners[0][0] + 6, corners[0][1] + 4), str(one.number), FRAME, font)
        radius = max(1.0, one.face.width * scale / 120)
        for x, y in one.face.points * scale:
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), INK)
    return picture


def one_square(picture: Image.Image, side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return a picture in the middle of a black square, uint8 [side, side, 3]."""
    small, square = picture.copy(), Image.new("RGB", (side, side))
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    square.paste(small, ((side - small.width) // 2, (side - small.height) // 2))
    return np.array(square)
