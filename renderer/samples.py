"""Samples of a model: the pictures of some seeds on one sheet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from renderer.generators.base import Generator
from renderer.levels import to_uint8
from renderer.sheet import checked_picture, lay_out, save_picture
from renderer.timeline.sources import seed_to_z

SMALLEST, LARGEST = 128, 256  # pixels of the longer side of a sample


def write_samples(
    generator: Generator,
    path: Path,
    count: int = 12,
    columns: int = 4,
    psi: float = 0.7,
    progress: Callable[[int], None] = lambda count: None,
) -> Path:
    """Write the pictures of the seeds 0 to count - 1; those of a class-conditional model go through its classes."""
    checked_picture(path)
    pictures = []
    for seed in range(count):
        shown = to_uint8(sample(generator, seed, psi))[0]
        caption = f"seed {seed}" + (f" class {seed % generator.c_dim}" if generator.c_dim else "")
        pictures.append((caption, shown[..., : 1 if shown.shape[-1] == 2 else 4]))
        progress(1)
    return save_picture(lay_out(pictures, min(columns, count)), path)


def sample(generator: Generator, seed: int, psi: float = 0.7) -> Tensor:
    """Return the image [1, C, h, w] of a seed on the CPU, of 128 to 256 pixels; small ones show their pixels."""
    c = None
    if generator.c_dim:
        c = torch.nn.functional.one_hot(torch.tensor([seed % generator.c_dim]), generator.c_dim).float()
        c = c.to(generator.device)
    with torch.inference_mode():
        ws = generator.mapping(seed_to_z(seed, generator.z_dim).to(generator.device), c, truncation_psi=psi)
        image = generator.synthesis(ws).float()
        height, width = image.shape[2:]
        scale = LARGEST / max(height, width)
        if scale < 1:
            image = interpolate(image, (round(height * scale), round(width * scale)), mode="area")
        elif (times := SMALLEST // max(height, width)) > 1:
            image = interpolate(image, scale_factor=times, mode="nearest")
    return image.cpu()
