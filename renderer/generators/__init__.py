"""Stage 3: from a checkpoint, or an embedded name, to an object with `mapping` and `synthesis`."""

from __future__ import annotations

from renderer.generators.base import Generator, NoiseMode, Tap
from renderer.generators.load import convert, load_generator, model_hash
from renderer.generators.safe_pickle import read_torch_file
from renderer.generators.safetensors_format import load_safetensors, save_safetensors

__all__ = [
    "Generator",
    "NoiseMode",
    "Tap",
    "convert",
    "load_generator",
    "load_safetensors",
    "model_hash",
    "read_torch_file",
    "save_safetensors",
]
