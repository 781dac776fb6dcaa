"""StyleGAN3's layers on a CPU, without gradients: prepared once, one image at a time, in channels-last maps.

The same numbers as `Layer` but for rounding. Maps [h, w, C] hold whole blocks of channels; those beyond the layer's own
are zeros. 3x3 convolutions go by Winograd's method, 1x1 convolutions are products of matrices, of bfloat16 where that
is asked for; both are torch's in another low precision, and on units for matrices. What is between the filters is one
kernel.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.kernels.filtered import Filtered
from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import rounded, state
from renderer.generators.kernels.mixed import Mixed
from renderer.generators.kernels.winograd import Winograd
from renderer.generators.modes import multiplies_pairs
from renderer.generators.networks.filters import phase_products
from renderer.generators.networks.stylegan2_layers import Pass, needs_grad
from renderer.generators.networks.stylegan3_layers import FourierInput, Layer


class KernelLayer:
    """Do what a layer does, in float32 but for a convolution in a lower precision, where one is given."""

    def __init__(self, layer: Layer, low: torch.dtype | None) -> None:
        self.layer, self.config = layer, layer.config
        pairs = multiplies_pairs(low, layer.weight.device.type) and not self.config.is_torgb
        self.low = None if self.config.is_torgb or pairs else low
        weight = normalized(layer.weight.detach()) if self.low else layer.weight.detach()
        self.squares = weight.square().sum(dim=(2, 3))  # [O, I]
        self.gain = float(layer.magnitude_ema.rsqrt())
        inputs, outputs = rounded(self.config.inputs), rounded(self.config.outputs)
        self.size = self.config.in_size + self.config.kernel - 1
        self.bias = padded(layer.bias.detach(), outputs)
        whole = functional.pad(weight, (0, 0, 0, 0, 0, inputs - weight.shape[1], 0, outputs - weight.shape[0]))
        if self.low is not None:
            self.kernel = whole.to(self.low, memory_format=torch.channels_last)
        elif self.config.kernel == 1:
            self.mixed = Mixed(whole[:, :, 0, 0], pairs)
        else:
            self.winograd, self.silence = Winograd(whole, pad=2), torch.zeros(self.size, self.size)
        self.filtered = None if self.config.is_torgb else filters(layer)

    @staticmethod
    def fits(layer: Layer) -> bool:
        """Say whether the kernels can do what the layer does."""
        config, on_cpu = layer.config, layer.weight.device.type == "cpu" and layer.weight.dtype == torch.float32
        if config.is_torgb:
            return on_cpu and config.kernel == 1 and config.padding == (0, 0)
        return (
            on_cpu
            and config.kernel in (1, 3)
            and Filtered.fits(config.up, config.up_taps, config.down, config.down_taps)
        )

    def __call__(self, x: Tensor, w: Tensor) -> Tensor:
        """Return [out_size, out_size, O] of x [in_size, in_size, I] and w [1, w_dim]."""
        style = self.layer.affine(w)[0]
        if self.config.is_torgb:
            style = padded(style * (self.gain / math.sqrt(self.config.inputs)), x.shape[2])
            image = self.mixed(x, style, torch.ones_like(self.bias), self.bias)
            return image if self.config.clamp is None else image.clamp_(-self.config.clamp, self.config.clamp)
        assert self.filtered is not None
        if self.low is not None:
            style = style / style.abs().max().clamp_min(1e-8)
        return self.filtered(self.convolved(x, style, self.demodulation(style)))

    def demodulation(self, style: Tensor) -> Tensor:
        """Return the scale [O] of the outputs for a style [I]."""
        squares = style.square()
        mean = self.squares.mean(dim=1) * (squares.mean() / self.config.kernel**2)
        return (self.squares @ squares + 1e-8 * mean + 1e-30).rsqrt() * self.gain

    def convolved(self, x: Tensor, style: Tensor, scale: Tensor) -> Tensor:
        """Return [size, size, O]: x [h, w, I] convolved, inputs and outputs scaled, with the bias."""
        style, scale = padded(style, x.shape[2]), padded(scale, len(self.bias))
        if self.low is None and self.config.kernel == 1:
            return self.mixed(x, style, scale, self.bias)
        if self.low is None:
            made = self.winograd(x, style, Finish(scale, self.bias, self.silence))
            assert made is not None
            return made
        low = (x * style).to(self.low).permute(2, 0, 1)[None]
        y = functional.conv2d(low, self.kernel, padding=self.config.kernel - 1)[0].permute(1, 2, 0)
        return y.float().mul_(scale).add_(self.bias).contiguous()


@dataclass(frozen=True)
class Given:
    """Hold what all layers of a pass see: ws [N, num_ws, w_dim], a transform, and the dtype of low precision."""

    ws: Tensor
    transform: Tensor | None
    run: Pass
    low: torch.dtype | None


class KernelLayers:
    """Run all layers of a network by kernels, which are prepared anew where its state has changed."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[object, KernelLayer, list[Tensor]]] = {}

    @staticmethod
    def fit(layers: Sequence[Layer], ws: Tensor) -> bool:
        """Say whether the kernels can do what all layers do."""
        fit = len(ws) > 0 and all(KernelLayer.fits(layer) for layer in layers)
        return fit and not needs_grad(ws, *(one for layer in layers for one in layer.parameters()))

    def step(self, row: int, maps: list[Tensor], layer: FourierInput | Layer, given: Given) -> list[Tensor]:
        """Return what a layer, or the input, makes of the maps [h, w, I] of all images."""
        ws, run = given.ws[:, row], given.run
        if isinstance(layer, FourierInput):
            moves = [None] * len(ws) if given.transform is None else [*given.transform.expand(len(ws), 3, 3)[:, None]]
            maps = [blocked(layer(w[None], move)) for w, move in zip(ws, moves, strict=True)]
            return tapped("input", maps, layer.config.input_channels, run)
        kernel = self.prepared(layer, given.low if layer.config.low_precision else None)
        maps = [kernel(x, w[None]) for x, w in zip(maps, ws, strict=True)]
        return maps if layer.config.is_torgb else tapped(layer.config.name, maps, layer.config.outputs, run)

    def prepared(self, layer: Layer, low: torch.dtype | None) -> KernelLayer:
        """Return what does the layer's work."""
        tensors = [layer.weight, layer.bias, *layer.buffers()]  # held, so that none takes their place in memory
        now, made = (low, state(*tensors)), self._made.get(layer.config.name)
        if made is None or made[0] != now:
            made = self._made[layer.config.name] = now, KernelLayer(layer, low), tensors
        return made[1]


def tapped(name: str, maps: list[Tensor], channels: int, run: Pass) -> list[Tensor]:
    """Let the tap change the maps [h, w, C] of a layer with so many channels."""
    if run.taps is None:
        return maps
    changed = run.tapped(name, images(maps, channels))
    return [blocked(one[None]) for one in changed]


def images(maps: list[Tensor], channels: int) -> Tensor:
    """Return maps [h, w, C] as [N, channels, h, w]."""
    return torch.stack(maps)[..., :channels].permute(0, 3, 1, 2)


def blocked(x: Tensor) -> Tensor:
    """Return x [1, C, h, w] as a contiguous map [h, w, C] of whole blocks."""
    return padded(x[0].permute(1, 2, 0), rounded(x.shape[1])).contiguous()


def padded(x: Tensor, length: int) -> Tensor:
    """Return x with zeros behind, up to a length of the last dimension."""
    return functional.pad(x, (0, length - x.shape[-1])) if length > x.shape[-1] else x


def normalized(weight: Tensor) -> Tensor:
    """Return a weight [O, I, k, k] of sizes around 1 and below, which demodulation takes out again."""
    weight = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8)
    return weight / math.sqrt(weight[0].numel())


def filters(layer: Layer) -> Filtered:
    """Return what is behind the convolution of a layer."""
    config = layer.config
    gain = config.up * 2**0.25  # on each axis, for the zeros in between and of the activation
    taps = [tap * gain for tap in layer.taps()]
    phases = [phase_products(taps, config.up, config.padding[0], phase) for phase in range(config.up)]
    first = [products[0][0] for products in phases]
    down = layer.down_filter.flip(tuple(range(layer.down_filter.ndim)))
    return Filtered(
        torch.tensor([[tap for _, tap in each] for each in phases]), first, down, config.clamp, config.out_size
    )
