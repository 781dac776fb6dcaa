"""The bundled upscalers: Lanczos, and networks for super-resolution that the library spandrel reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from renderer.errors import ValueProblem
from renderer.values.upscaler import Enlarge, MakeUpscaler

LOBES = 3  # of the Lanczos window
TILE, CONTEXT = 256, 16  # pixels that a network enlarges at a time, and of those around them that it sees


def lanczos(model: Path | None, device: torch.device) -> Enlarge:
    """Make the upscaler that weighs six pixels along each axis by a windowed sinc (Duchon 1979)."""
    if model is not None:
        raise ValueProblem("lanczos needs no `model`; write with: spandrel")
    return lambda x, size: along(along(x, 2, size[0]), 3, size[1])


def along(x: Tensor, axis: int, length: int) -> Tensor:
    """Return pictures of another length along one axis."""
    count = x.shape[axis]
    places = (torch.arange(length, dtype=torch.float64) + 0.5) * (count / length) - 0.5
    first = places.floor().long() - LOBES + 1
    offsets = torch.stack([places - (first + tap) for tap in range(2 * LOBES)])  # [taps, length]
    weights = torch.sinc(offsets) * torch.sinc(offsets / LOBES)
    weights = (weights / weights.sum(0)).float().to(x.device)
    shape = [-1 if one == axis else 1 for one in range(4)]
    found = torch.zeros(())
    for tap, weight in enumerate(weights):
        found = found + x.index_select(axis, (first + tap).clamp(0, count - 1).to(x.device)) * weight.reshape(shape)
    return found


def spandrel(model: Path | None, device: torch.device) -> Enlarge:
    """Make the upscaler of a network in a file, read as data by the library spandrel."""
    if model is None:
        raise ValueProblem("spandrel needs a `model`, such as model: RealESRGAN_x4plus.pth")
    try:
        from spandrel import ModelLoader
    except ImportError as error:
        raise ValueProblem("spandrel is not installed; run pip install 'latentreel[upscale]'") from error
    try:
        network = ModelLoader(device=device).load_from_file(model).eval()
    except Exception as error:  # whatever a library says of a file that is none of its models
        raise ValueProblem(f"{model.name}: spandrel cannot read it: {error}") from error

    def enlarge(x: Tensor, size: tuple[int, int]) -> Tensor:
        large = tiled(network, x.expand(-1, network.input_channels, -1, -1), network.scale)
        large = interpolate(large, size, mode="bicubic", antialias=True)
        return large.mean(1, keepdim=True) if x.shape[1] == 1 else large

    return enlarge


def tiled(network: Any, x: Tensor, scale: int) -> Tensor:
    """Return pictures enlarged by a network tile by tile, so that memory does not grow with them."""
    height, width = x.shape[2:]
    large = torch.empty(*x.shape[:2], height * scale, width * scale, device=x.device)
    for top in range(0, height, TILE):
        for left in range(0, width, TILE):
            bottom, right = min(top + TILE, height), min(left + TILE, width)
            above, before = max(top - CONTEXT, 0), max(left - CONTEXT, 0)
            tile = network(x[:, :, above : bottom + CONTEXT, before : right + CONTEXT])
            rows = slice((top - above) * scale, (bottom - above) * scale)
            columns = slice((left - before) * scale, (right - before) * scale)
            large[:, :, top * scale : bottom * scale, left * scale : right * scale] = tile[:, :, rows, columns]
    return large


UPSCALERS: dict[str, MakeUpscaler] = {"lanczos": lanczos, "spandrel": spandrel}
