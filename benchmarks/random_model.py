"""A StyleGAN2 of any size with random weights, as a file, for benchmarks."""

from __future__ import annotations

from pathlib import Path

from renderer.generators import convert
from tests.generators.full_size import config, write_checkpoint


def random_model(folder: Path, resolution: int = 1024) -> Path:
    """Write a StyleGAN2 as NVIDIA trains it at this resolution, as safetensors, and return its path."""
    pickled, plain = folder / f"random{resolution}.pkl", folder / f"random{resolution}.safetensors"
    write_checkpoint(pickled, config(resolution, 16384 if resolution <= 256 else 32768))
    convert(pickled, plain)
    pickled.unlink()
    return plain
