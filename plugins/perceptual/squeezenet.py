"""Compare pictures by the features of SqueezeNet 1.1, small and quick; its weights come with latentreel."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer import ValueProblem, hookimpl, read_tensors

WEIGHTS = Path(__file__).with_name("squeezenet.safetensors")
MEAN = (104.0, 117.0, 123.0)  # of ImageNet, blue, green, red in 0..255
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))  # squeeze, expand
POOLED = (0, 2, 4)  # the fires before which the map is halved
SEEN = (1, 3, 5, 7)  # the fires whose maps are compared, beside the first convolution


class Fire(nn.Module):
    """Squeeze channels, then expand them by kernels of 1x1 and 3x3 side by side."""

    def __init__(self, channels: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.expand1 = nn.Conv2d(squeezed, expanded, 1)
        self.expand3 = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, 2 expanded, h, w] of a map [N, C, h, w]."""
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1(x), self.expand3(x)], 1))


class SqueezeNet(nn.Module):
    """Make feature maps of pictures: Iandola et al. 2016, arXiv:1602.07360, in its version 1.1.

    classes  whether it ends in the scores of ImageNet's thousand classes.
    """

    mean: Tensor  # [1, 3, 1, 1]

    def __init__(self, *, classes: bool = False) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1)
        widths = [64, *(2 * expanded for _, expanded in FIRES)]
        self.fires = nn.ModuleList(Fire(width, *fire) for width, fire in zip(widths, FIRES, strict=False))
        self.scores = nn.Conv2d(512, 1000, 1) if classes else None
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)

    def maps(self, images: Tensor) -> list[Tensor]:
        """Return the maps after the first convolution and after every fire, of images [N, 3, H, W] in 0..1."""
        x = torch.relu(self.conv1(images.flip(1) * 255 - self.mean))
        found = [x]
        for index, fire in enumerate(self.fires):
            x = fire(functional.max_pool2d(x, 3, 2, ceil_mode=True) if index in POOLED else x)
            found.append(x)
        return found

    def forward(self, images: Tensor) -> list[Tensor]:
        """Return the feature maps that are compared, fine ones first."""
        found = self.maps(images)
        return [found[0], *(found[1 + index] for index in SEEN)]

    def classify(self, images: Tensor) -> Tensor:
        """Return the scores [N, 1000] of the classes of ImageNet."""
        assert self.scores is not None
        return torch.relu(self.scores(self.maps(images)[-1])).mean((2, 3))


def load(file: Path | None = None, *, classes: bool = False) -> SqueezeNet:
    """Return the network with the bundled weights; raise ValueProblem for a file, which it does not take."""
    if file is not None:
        raise ValueProblem(f"squeezenet brings its weights and takes no file, got {file}")
    network = SqueezeNet(classes=classes)
    held = {name: value.float() for name, value in read_tensors(WEIGHTS).items()}
    network.load_state_dict({name: value for name, value in held.items() if classes or not name.startswith("scores")})
    return network.eval().requires_grad_(False)


@hookimpl
def register_perceptual(register: Any) -> None:
    """Register the backend."""
    register("squeezenet", load)
