"""Compare pictures by the features of VGG16, which most projectors use; its weights are a file of the user's.

The file is a state_dict as torchvision writes it, or the TorchScript program of NVIDIA's metrics: the weights are
read from either as data.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer import ValueProblem, hookimpl, read_tensors

BLOCKS = (2, 2, 3, 3, 3)  # convolutions between two poolings: Simonyan and Zisserman 2014, arXiv:1409.1556
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, red, green, blue in 0..1
Kernel = tuple[Tensor, Tensor]  # [out, in, 3, 3], [out]


class VGG16(nn.Module):
    """Make feature maps of pictures by thirteen convolutions."""

    def __init__(self, kernels: list[Kernel]) -> None:
        super().__init__()
        self.kernels = kernels
        self.mean, self.deviation = (torch.tensor(x).reshape(1, 3, 1, 1) for x in (MEAN, DEVIATION))

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the last map of every block, fine ones first, of images [N, 3, H, W] in 0..1."""
        x = (images - self.mean.to(images)) / self.deviation.to(images)
        maps, kernels = [], iter(self.kernels)
        for block, count in enumerate(BLOCKS):
            x = functional.max_pool2d(x, 2) if block and min(x.shape[2:]) > 1 else x
            for _ in range(count):
                weight, bias = next(kernels)
                x = torch.relu(functional.conv2d(x, weight.to(x), bias.to(x), padding=1))
            maps.append(x)
        return maps


def in_order(name: str) -> list[Any]:
    """Return what sorts names with numbers in them as one reads them: conv2 before conv10."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def kernels_of(tensors: dict[str, Tensor], file: Path) -> list[Kernel]:
    """Return the thirteen kernels and their biases in the order of their names; raise ValueProblem for others."""
    found: list[Kernel] = []
    for name in sorted(tensors, key=in_order):
        bias = tensors.get(f"{name.removesuffix('weight')}bias")
        if name.endswith("weight") and tensors[name].ndim == 4 and bias is not None:
            found.append((tensors[name].float(), bias.float()))
    widths = [3, *(len(weight) for weight, _ in found)]
    if len(found) != sum(BLOCKS) or any(
        weight.shape[1:] != (width, 3, 3) for (weight, _), width in zip(found, widths, strict=False)
    ):
        raise ValueProblem(f"{file}: expected the 13 convolutions of VGG16, found {len(found)} that do not fit them")
    return found


def load(file: Path | None) -> VGG16:
    """Return the network with the weights of a file; raise ValueProblem where none was named."""
    if file is None:
        raise ValueProblem("vgg16 needs its weights, such as vgg16=vgg16-397923af.pth; squeezenet brings its own")
    return VGG16(kernels_of(read_tensors(file), file))


@hookimpl
def register_perceptual(register: Any) -> None:
    """Register the backend."""
    register("vgg16", load)
