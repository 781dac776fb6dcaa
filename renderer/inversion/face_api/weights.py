"""Read the weights of the networks: numbers of 8 bits, each tensor with a scale and a minimum of its own."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent


@cache
def read_weights(name: str) -> dict[str, Tensor]:
    """Return the tensors of a network by name, float32; kernels as torch takes them, [out, in, height, width]."""
    manifest = json.loads((FOLDER / f"{name}-weights_manifest.json").read_text(encoding="utf-8"))
    data = np.fromfile(FOLDER / f"{name}.bin", np.uint8)
    tensors, start = {}, 0
    for entry in manifest[0]["weights"]:
        count, coded = int(np.prod(entry["shape"])), entry["quantization"]
        values = data[start : start + count].astype(np.float32) * coded["scale"] + coded["min"]
        tensors[entry["name"]] = _ordered(entry["name"], torch.from_numpy(values.reshape(entry["shape"])).float())
        start += count
    return tensors


def _ordered(name: str, tensor: Tensor) -> Tensor:
    if tensor.ndim == 4:
        return tensor.permute((2, 3, 0, 1) if name.endswith("depthwise_filter") else (3, 2, 0, 1)).contiguous()
    return tensor.T.contiguous() if tensor.ndim == 2 else tensor
