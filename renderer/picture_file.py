"""Pictures in files, read as data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from renderer.errors import ValueProblem

MAX_PIXELS = 100_000_000  # of a picture in a file


def read_picture(path: Path) -> Tensor:
    """Return the picture of a file as float32 [1, 4, H, W] with alpha, turned as its camera says.

    Raises ValueProblem where the file holds no picture that can be read, or one of more than 100 million pixels.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise ValueProblem(
                    f"{path.name}: expected at most {MAX_PIXELS} pixels, got {opened.width}x{opened.height}"
                )
            levels = np.array(ImageOps.exif_transpose(opened).convert("RGBA"))
    except ValueProblem:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ValueProblem(f"{path.name}: not a picture that can be read: {reason}") from error
    return torch.from_numpy(levels).permute(2, 0, 1)[None] / 255
