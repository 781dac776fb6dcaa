"""A StyleGAN2 of any size with random weights, as a file, for benchmarks."""

from __future__ import annotations

from pathlib import Path

from renderer.generators import save_safetensors
from renderer.generators.untrained import untrained


def random_model(folder: Path, resolution: int = 1024) -> Path:
    """Write a StyleGAN2 as NVIDIA trains it at this resolution, as safetensors, and return its path."""
    path = folder / f"random{resolution}.safetensors"
    save_safetensors(untrained(f"stylegan2:{resolution}"), path)
    return path
