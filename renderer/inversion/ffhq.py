"""The crop of the FFHQ dataset: a face turned upright, sized and centred as StyleGAN and its encoders know faces.

Source: Karras, Laine and Aila 2019, *A Style-Based Generator Architecture for GANs*, appendix A.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from renderer.landmarks import Array

SIZE = 1024  # pixels of FFHQ
OVERSAMPLED, LARGEST = 4, 4096  # the square is cut out this many times larger, up to these pixels, and reduced
LEFT_EYE, RIGHT_EYE = slice(36, 42), slice(42, 48)
CORNERS_OF_MOUTH = [48, 54]
Shares = np.ndarray[Any, np.dtype[np.float32]]


def align(picture: Image.Image, points: Array, size: int = SIZE, transform_size: int | None = None) -> Image.Image:
    """Return the face with landmarks [68, 2] as a square picture of `size` pixels, as FFHQ was made.

    picture         mode RGB.
    transform_size  pixels of the square before it is reduced; 4 times `size` where None, 4096 at most, as in FFHQ.
    """
    region = Region.of(picture, points).shrunk(size).cropped().padded()
    return region.upright(size, transform_size or max(size, min(OVERSAMPLED * size, LARGEST)))


@dataclass(frozen=True)
class Region:
    """Hold a picture and where in it the face is: corners from the top left counterclockwise, and length of a side.

    quad [4, 2] is in pixels of the picture, x to the right and y down.
    """

    picture: Image.Image
    quad: Array
    side: float

    @classmethod
    def of(cls, picture: Image.Image, points: Array) -> Region:
        """Return the region of a face in the whole picture, by the eyes and the corners of its mouth."""
        left, right = points[LEFT_EYE].mean(axis=0), points[RIGHT_EYE].mean(axis=0)
        eyes, mouth = (left + right) / 2, points[CORNERS_OF_MOUTH].mean(axis=0)
        between, down = right - left, mouth - eyes
        x = between - down[::-1] * (-1, 1)
        x *= max(np.hypot(*between) * 2.0, np.hypot(*down) * 1.8) / np.hypot(*x)
        y = x[::-1] * (-1, 1)
        centre = eyes + 0.1 * down
        corners = np.stack([centre - x - y, centre - x + y, centre + x + y, centre + x - y])
        return cls(picture, corners, float(np.hypot(*x)) * 2)

    @property
    def border(self) -> int:
        """Return how many pixels around the face are kept, so that what is blurred lies outside of it."""
        return max(int(np.rint(self.side * 0.1)), 3)

    def box(self) -> Array:
        """Return left, top, right and bottom of the corners, as whole pixels that hold them."""
        return np.concatenate([np.floor(self.quad.min(axis=0)), np.ceil(self.quad.max(axis=0))])

    def shrunk(self, size: int) -> Region:
        """Return the region in a smaller picture, where the face is at least four times larger than `size`."""
        times = int(np.floor(self.side / size * 0.5))
        if times <= 1:
            return self
        width, height = (int(np.rint(length / times)) for length in self.picture.size)
        smaller = self.picture.resize((width, height), Image.Resampling.LANCZOS)
        return Region(smaller, self.quad / times, self.side / times)

    def cropped(self) -> Region:
        """Return the region in the part of the picture that is needed."""
        left, top, right, bottom = crop = self.crop()
        if right - left >= self.picture.width and bottom - top >= self.picture.height:
            return self
        return Region(self.picture.crop(crop), self.quad - (left, top), self.side)

    def crop(self) -> tuple[int, int, int, int]:
        """Return left, top, right and bottom of the part of the picture that is needed."""
        width, height = self.picture.size
        left, top, right, bottom = (int(edge) for edge in self.box())
        grown = self.border
        return max(left - grown, 0), max(top - grown, 0), min(right + grown, width), min(bottom + grown, height)

    def padding(self) -> Array:
        """Return how many pixels are added at left, top, right and bottom; none where the face is well inside."""
        box, border = self.box(), self.border
        missing = np.maximum(np.concatenate([-box[:2], box[2:] - self.picture.size]) + border, 0)
        if missing.max() <= border - 4:
            return np.zeros(4, int)
        least = int(np.rint(self.side * 0.3))
        return np.array([max(int(one), least) for one in missing])

    def padded(self) -> Region:
        """Return the region in a picture mirrored at its edges, which fades outwards to a blur and to its median."""
        left, top, right, bottom = padding = self.padding()
        if not padding.any():
            return self
        pixels = np.asarray(self.picture, np.float32)
        pixels = np.pad(pixels, ((top, bottom), (left, right), (0, 0)), "reflect")
        outside = outsideness(pixels.shape[0], pixels.shape[1], padding)[..., None]
        sigma = self.side * 0.02
        pixels += (gaussian_filter(pixels, [sigma, sigma, 0]) - pixels) * np.clip(outside * 3 + 1, 0, 1)
        pixels += (np.median(pixels, axis=(0, 1)) - pixels) * np.clip(outside, 0, 1)
        picture = Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))
        return Region(picture, np.add(self.quad, (left, top)), self.side)

    def upright(self, size: int, transform_size: int) -> Image.Image:
        """Return what is inside the corners as a square of `size` pixels."""
        square = (transform_size, transform_size)
        corners = tuple((self.quad + 0.5).flatten())
        turned = self.picture.transform(square, Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
        return turned.resize((size, size), Image.Resampling.LANCZOS) if size < transform_size else turned


def outsideness(height: int, width: int, padding: Array) -> Shares:
    """Return how far outside pixels [height, width] are: 1 at an edge, 0 where the padding began, less within."""
    left, top, right, bottom = padding.astype(np.float32)
    y, x = (np.arange(length, dtype=np.float32) for length in (height, width))
    across = 1 - np.minimum(x / left, (width - 1 - x) / right)
    down = 1 - np.minimum(y / top, (height - 1 - y) / bottom)
    return np.asarray(np.maximum(across[None], down[:, None]))
