"""The mapping network from z and labels to w.

Source: Karras et al. 2018, arXiv:1812.04948, section 2; labels as in Karras et al. 2020, arXiv:2006.06676.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.errors import LatentreelError

Activation = Literal["linear", "relu", "lrelu", "tanh", "sigmoid", "elu", "selu", "softplus", "swish"]
ACTIVATIONS: tuple[str, ...] = get_args(Activation)

_FUNCTIONS: dict[str, tuple[Callable[[Tensor], Tensor], float]] = {
    "linear": (lambda x: x, 1.0),
    "relu": (torch.relu, math.sqrt(2)),
    "lrelu": (lambda x: functional.leaky_relu(x, 0.2), math.sqrt(2)),
    "tanh": (torch.tanh, 1.0),
    "sigmoid": (torch.sigmoid, 1.0),
    "elu": (functional.elu, 1.0),
    "selu": (functional.selu, 1.0),
    "softplus": (functional.softplus, 1.0),
    "swish": (lambda x: x * torch.sigmoid(x), math.sqrt(2)),
}


def activate(x: Tensor, name: str, gain: float = 1.0, clamp: float | None = None) -> Tensor:
    """Return gain times the activation of x, scaled to keep its variance, within -clamp..clamp times gain."""
    function, own_gain = _FUNCTIONS[name]
    x = function(x)
    if own_gain * gain != 1:
        x = x * (own_gain * gain)
    return x if clamp is None else x.clamp(-clamp * gain, clamp * gain)


def normalize(x: Tensor) -> Tensor:
    """Scale the last dimension of x to a mean square of 1."""
    return x * (x.square().mean(dim=-1, keepdim=True) + 1e-8).rsqrt()


class Dense(nn.Module):
    """Apply a fully connected layer with equalized learning rate.

    Source: Karras et al. 2017, arXiv:1710.10196, section 4.1.
    """

    def __init__(self, inputs: int, outputs: int, activation: str = "linear", lr_multiplier: float = 1.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.activation, self.bias_gain = activation, lr_multiplier
        self.weight_gain = lr_multiplier / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map x [N, inputs] to [N, outputs]."""
        y = functional.linear(x * self.weight_gain, self.weight, self.bias * self.bias_gain)
        return activate(y, self.activation)


class Mapping(nn.Module):
    """Map z [N, z_dim] and labels c [N, c_dim] to w [N, w_dim], by layers of the given widths.

    With `label_concat` z and the embedded labels are normalised as one vector, else each by itself.
    """

    def __init__(
        self,
        z_dim: int,
        c_dim: int,
        widths: Sequence[int],
        embed_features: int,
        activation: str,
        lr_multiplier: float,
        label_concat: bool = False,
    ) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.depth, self.label_concat = z_dim, c_dim, len(widths), label_concat
        self.embed = Dense(c_dim, embed_features) if c_dim else None
        inputs = [z_dim + (embed_features if c_dim else 0), *widths]
        for index, outputs in enumerate(widths):
            self.add_module(f"fc{index}", Dense(inputs[index], outputs, activation, lr_multiplier))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return w [N, w_dim]; raise LatentreelError where z or c has another shape than the network's."""
        weight = self.get_parameter("fc0.weight")
        z = z.to(weight)
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise LatentreelError(f"z has the shape {list(z.shape)}, expected [N, {self.z_dim}]")
        c = self.checked_labels(c, len(z))
        if self.embed is None or c is None:
            x = normalize(z)
        elif self.label_concat:
            x = normalize(torch.cat([z, self.embed(c.to(weight))], dim=1))
        else:
            x = torch.cat([normalize(z), normalize(self.embed(c.to(weight)))], dim=1)
        for index in range(self.depth):
            x = self.get_submodule(f"fc{index}")(x)
        return x

    def checked_labels(self, c: Tensor | None, count: int) -> Tensor | None:
        """Return labels [count, c_dim], or None for an unconditional network."""
        shape = None if c is None else tuple(c.shape)
        if self.c_dim == 0:
            if shape not in (None, (count, 0)):
                raise LatentreelError(f"labels of shape {list(shape or ())} are given to a network that takes none")
            return None
        if shape != (count, self.c_dim):
            given = "none are given" if shape is None else f"they have the shape {list(shape)}"
            raise LatentreelError(f"this network needs class labels of shape [{count}, {self.c_dim}]; {given}")
        return c
