"""Photos and masks as a projection compares with them: at the size of the generator's pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import Tensor

from renderer.errors import PhotoError
from renderer.inversion.photo import picture_tensor, read_photo

FAR_FROM_SQUARE = 1.02  # ratio of the sides, from which on something is cut off


def read_targets(paths: Sequence[Path], size: tuple[int, int]) -> tuple[Tensor, list[str]]:
    """Return photos [T, 3, H, W] in -1..1, cut to the middle and sized to (height, width), and what to tell of them.

    Raises PhotoError for one that cannot be read.
    """
    found, notes = [], []
    for path in paths:
        photo = read_photo(path)
        notes += [f"{path}: {note}" for note in photo.notes]
        if cut_off(photo.picture, size):
            notes.append(f"{path}: only its middle is used; `render align` finds the face in a photo")
        found.append(picture_tensor(_fitted(photo.picture, size)))
    return torch.stack(found) * 2 - 1, notes


def read_masks(paths: Sequence[Path], photos: int, size: tuple[int, int]) -> Tensor | None:
    """Return masks [T, 1, H, W] in 0..1, one for all photos or one for each; None for none.

    Raises PhotoError where their number is another, or where one hides everything.
    """
    if not paths:
        return None
    if len(paths) not in (1, photos):
        raise PhotoError(f"{paths[0]}: expected one mask, or one for each of {photos} photos, got {len(paths)}")
    found = []
    for path in paths:
        mask = picture_tensor(_fitted(read_photo(path).picture, size)).mean(0, keepdim=True)
        if float(mask.max()) < 0.5:
            raise PhotoError(f"{path}: a mask shows what counts in white; this one is black all over")
        found.append(mask)
    return torch.stack(found).expand(photos, -1, -1, -1).contiguous()


def cut_off(picture: Image.Image, size: tuple[int, int]) -> bool:
    """Say whether a picture has another shape than (height, width)."""
    ratio = picture.width / picture.height * size[0] / size[1]
    return max(ratio, 1 / ratio) > FAR_FROM_SQUARE


def _fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(picture, (size[1], size[0]), Image.Resampling.LANCZOS)
