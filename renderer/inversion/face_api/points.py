"""Where the 68 points of a face are: a small network of blocks that add up what their layers say."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d, linear, pad

from renderer.inversion.face_api.weights import read_weights

MEAN = (122.782, 117.001, 104.298)  # grey levels of R, G and B
SIZE = 112  # pixels of the square looked at
BLOCKS, LAYERS = 4, 4


def points_of(squares: Tensor) -> Tensor:
    """Return points [N, 68, 2], x and y as shares of the square, of squares [N, 3, 112, 112] of grey levels."""
    held = read_weights("face_landmark_68_model")
    x = (squares - torch.tensor(MEAN).view(1, 3, 1, 1)) / 255
    for block in range(BLOCKS):
        total = layer(held, f"dense{block}/conv0", x, stride=2)
        x = total.relu()
        for index in range(1, LAYERS):
            said = layer(held, f"dense{block}/conv{index}", x)
            total = (x if index == 1 else total) + said
            x = total.relu()
    said = linear(x.mean(dim=(2, 3)), held["fc/weights"], held["fc/bias"])
    return said.reshape(-1, 68, 2)


def layer(held: dict[str, Tensor], name: str, x: Tensor, stride: int = 1) -> Tensor:
    """Return what a plain or depthwise separable convolution 3x3 says; stride 2 looks from the bottom right."""
    x = pad(x, (0, 1, 0, 1) if stride == 2 else (1, 1, 1, 1))
    if f"{name}/filters" in held:
        return conv2d(x, held[f"{name}/filters"], held[f"{name}/bias"], stride)
    kernel = held[f"{name}/depthwise_filter"]
    x = conv2d(x, kernel, stride=stride, groups=len(kernel))
    return conv2d(x, held[f"{name}/pointwise_filter"], held[f"{name}/bias"])
