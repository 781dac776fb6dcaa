"""Read photos as they come from cameras and the web: upright, in sRGB, without alpha, one picture."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from renderer.errors import PhotoError, nearest

SMALLEST = 16  # pixels of a side
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif", ".avif")
DEEP = ("I", "F", "I;16", "I;16B", "I;16L")  # modes of one channel of more than 8 bits
STEREO = "MPO"  # a JPEG of a phone, with its second view or its depth behind it


@dataclass(frozen=True)
class Photo:
    """Hold a photo as an upright picture in sRGB, of mode RGB, with what the user should be told of it."""

    path: Path
    picture: Image.Image
    notes: tuple[str, ...] = ()

    def tensor(self) -> Tensor:
        """Return the photo as float32 [3, H, W] in sRGB 0..1."""
        return picture_tensor(self.picture)

    def middle(self, size: int) -> Image.Image:
        """Return the middle square of the photo, `size` pixels wide."""
        return ImageOps.fit(self.picture, (size, size), Image.Resampling.LANCZOS)

    def square(self, size: int) -> Tensor:
        """Return the middle square of the photo as float32 [3, size, size] in sRGB 0..1."""
        return picture_tensor(self.middle(size))


def picture_tensor(picture: Image.Image) -> Tensor:
    """Return a picture of mode RGB as float32 [3, H, W] in 0..1."""
    return torch.from_numpy(np.array(picture, np.float32) / 255).permute(2, 0, 1).contiguous()


def read_photo(path: str | Path) -> Photo:
    """Return the photo in a file.

    It is turned as its EXIF says and converted to sRGB where it has a colour profile; alpha is laid on black, deep
    channels are reduced to 8 bits, and of several pictures the first is taken.
    Raises PhotoError for a file that is missing, damaged, no picture, too small or too large.
    """
    path = Path(path)
    with _refusing(path), Image.open(path) as opened:
        if min(opened.size) < SMALLEST:
            width, height = opened.size
            raise PhotoError(f"{path}: {width}x{height} pixels are too few for a photo, expected {SMALLEST} at least")
        notes = _several(opened)
        opened.load()
        upright = ImageOps.exif_transpose(opened)
        picture, profile_notes = _in_srgb(upright, opened.info.get("icc_profile"))
    return Photo(path, picture, (*notes, *profile_notes))


def photo_files(path: Path) -> list[Path]:
    """Return a file as it is, or the photos of a folder by name; raise PhotoError for a folder without any."""
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES and not one.name.startswith("."))
    if not files:
        raise PhotoError(f"{path}: expected photos ({', '.join(SUFFIXES)}) in this folder, found none")
    return files


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Say in one sentence why a file is no photo that can be read."""
    if not path.exists():
        siblings = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        raise PhotoError(f"{path}: no such file{nearest(path.name, siblings)}")
    if path.is_dir():
        raise PhotoError(f"{path}: expected a photo, got a folder")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, which does no harm
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        most = (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise PhotoError(
            f"{path}: more than {most} megapixels; make it smaller first, 8000 pixels wide at most"
        ) from error
    except UnidentifiedImageError as error:
        hint = "; save it as JPEG first" if path.suffix.lower() in (".heic", ".heif", ".raw", ".cr2", ".nef") else ""
        raise PhotoError(f"{path}: no picture of a kind that can be read (JPEG, PNG, WebP, TIFF ...){hint}") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        if isinstance(error, OSError) and error.strerror:
            raise PhotoError(f"{path}: cannot be opened: {error.strerror}") from error
        raise PhotoError(f"{path}: the picture is damaged or cut off: {error}") from error


def _several(opened: Image.Image) -> tuple[str, ...]:
    count = getattr(opened, "n_frames", 1)
    return () if count == 1 or opened.format == STEREO else (f"it holds {count} pictures; the first is taken",)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> tuple[Image.Image, tuple[str, ...]]:
    """Return a picture in RGB of sRGB, and notes; a profile that does not fit the picture is left out and noted."""
    if picture.mode in DEEP:
        return _eight_bits(picture).convert("RGB"), ()
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        flat = Image.new("RGB", picture.size)
        flat.paste(picture, mask=picture.getchannel("A"))
        picture = flat
    elif picture.mode not in ("RGB", "CMYK", "L", "LAB"):
        picture = picture.convert("RGB")
    if not profile:
        return picture.convert("RGB") if picture.mode != "LAB" else _from_lab(picture), ()
    try:
        held = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, held, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError) as error:
        return picture.convert("RGB"), (f"its colour profile is left out: {error}",)
    assert converted is not None  # it is None only where the picture is changed in place
    return converted, ()


def _from_lab(picture: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(picture, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted


def _eight_bits(picture: Image.Image) -> Image.Image:
    """Return one deep channel as 8 bits: whole numbers over 16 bits, real ones over 0..1 or else their own range."""
    values = np.nan_to_num(np.asarray(picture, np.float64))
    top = 65535.0 if picture.mode != "F" else max(1.0, float(values.max()))
    return Image.fromarray(np.clip(np.round(values * (255 / top)), 0, 255).astype(np.uint8))
