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

    def enlarge(x: Tensor, size: tuple[int, int]) -> Tensor:
        wide = along_columns(x.transpose(2, 3).contiguous(), size[1])
        return along_columns(wide.transpose(2, 3).contiguous(), size[0])

    return enlarge


def along_columns(x: Tensor, height: int) -> Tensor:
    """Return pictures of another height; whole rows are gathered, which is quick."""
    rows = x.shape[2]
    places = (torch.arange(height, dtype=torch.float64) + 0.5) * (rows / height) - 0.5
    first = places.floor().long() - LOBES + 1
    offsets = torch.stack([places - (first + tap) for tap in range(2 * LOBES)])  # [taps, height]
    weights = torch.sinc(offsets) * torch.sinc(offsets / LOBES)
    weights = (weights / weights.sum(0)).float().to(x.device)[..., None]
    gathered = (x.index_select(2, (first + tap).clamp(0, rows - 1).to(x.device)) for tap in range(2 * LOBES))
    large = x.new_zeros(*x.shape[:2], height, x.shape[3])
    for taken, weight in zip(gathered, weights, strict=True):
        large = large.addcmul_(taken, weight)
    return large


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
