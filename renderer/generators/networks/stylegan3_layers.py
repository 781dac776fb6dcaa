"""The configuration and the layers of StyleGAN3: Fourier features, modulated convolution, filtered activation.

Source: Karras et al. 2021, arXiv:2106.12423. Names of layers and parameters are the field's own.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.generators.kernels.jit import state
from renderer.generators.networks.filters import downsample, upsample
from renderer.generators.networks.mapping import ACTIVATIONS, Activation, Dense
from renderer.generators.networks.stylegan2_layers import MAX_WIDTH, Pass

MAX_LAYERS = 256
MAX_SIZE = 1 << 15  # pixels, or taps
MAX_FACTOR = 64
CHUNK_ELEMENTS = 1 << 19  # of the map between the two filters; a few megabytes stay in the caches of a CPU
CHUNK_CHANNELS = 16  # at least, and a multiple of it: depthwise convolutions work on blocks


@dataclass(frozen=True)
class LayerConfig:
    """Describe one layer completely; the taps of its filters are in its state.

    kernel            of the convolution; the map grows by kernel - 1 on each axis.
    in_size, out_size of the square feature maps, with their margins.
    rate              samples of the output per image width.
    up, down          whole factors of resampling before and after the activation.
    up_taps, down_taps  lengths of the filters; 1 stands for none.
    padding           zeros before and after each axis, at the rate between the filters; negative values crop.
    radial            whether the filter of downsampling is a kernel [taps, taps].
    is_torgb          True: no demodulation, no filters, a linear activation.
    clamp             limit of the activation, in any precision.
    low_precision     whether the layer was trained in float16.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    in_size: int
    out_size: int
    rate: float
    up: int
    down: int
    up_taps: int
    down_taps: int
    padding: tuple[int, int]
    radial: bool = False
    is_torgb: bool = False
    clamp: float | None = None
    low_precision: bool = False

    def __post_init__(self) -> None:
        sizes = (self.kernel, self.in_size, self.out_size, self.up_taps, self.down_taps, *map(abs, self.padding))
        if not re.fullmatch(r"L\d{1,3}_\d{1,6}_\d{1,7}", self.name):
            raise ValueError("a layer has a name that is not of the form L0_36_512")
        if min(self.inputs, self.outputs, self.up, self.down, *sizes[:5]) < 1:
            raise ValueError(f"a dimension of the layer {self.name} is not positive")
        if max(sizes) > MAX_SIZE or max(self.inputs, self.outputs) > MAX_WIDTH or max(self.up, self.down) > MAX_FACTOR:
            raise ValueError(f"a dimension of the layer {self.name} is too large")
        if not 0 < self.rate < math.inf or (self.clamp is not None and not self.clamp > 0):
            raise ValueError(f"the rate or the clamp of the layer {self.name} is no positive number")
        if (self.up_taps == 1 and self.up > 1) or (self.is_torgb and max(self.up, self.down, *sizes[3:5]) > 1):
            raise ValueError(f"the layer {self.name} resamples without a filter")
        middle = (self.in_size + self.kernel - 1) * self.up + sum(self.padding) - self.up_taps + 1
        if not self.down_taps <= middle <= MAX_SIZE or (middle - self.down_taps) // self.down + 1 != self.out_size:
            raise ValueError(f"the layer {self.name} does not lead from {self.in_size} to {self.out_size} pixels")


@dataclass(frozen=True)
class StyleGAN3Config:
    """Describe a StyleGAN3 network completely.

    mapping_widths   the output width of each mapping layer; the last is w_dim.
    embed_features   the width of the label embedding; unused where c_dim is 0.
    input_size       of the square map of Fourier features, with its margin.
    input_rate       its samples per image width.
    input_bandwidth  its highest frequency, in periods per image width.
    output_scale     factor of the image.
    """

    z_dim: int
    c_dim: int
    w_dim: int
    img_resolution: int
    img_channels: int
    mapping_widths: tuple[int, ...]
    input_channels: int
    input_size: int
    input_rate: float
    input_bandwidth: float
    layers: tuple[LayerConfig, ...]
    embed_features: int = 0
    mapping_activation: Activation = "lrelu"
    mapping_lr_multiplier: float = 0.01
    output_scale: float = 0.25

    def __post_init__(self) -> None:
        sizes = (self.z_dim, self.w_dim, self.img_resolution, self.img_channels, self.input_channels, self.input_size)
        if not 1 <= len(self.layers) <= MAX_LAYERS or not 1 <= len(self.mapping_widths) <= MAX_LAYERS:
            raise ValueError(f"it has {len(self.layers)} layers and {len(self.mapping_widths)} of mapping")
        if min(*sizes, *self.mapping_widths) < 1 or min(self.c_dim, self.embed_features) < 0:
            raise ValueError("a dimension of the network is not positive")
        if max(*sizes, *self.mapping_widths, self.c_dim, self.embed_features) > MAX_WIDTH or self.input_size > MAX_SIZE:
            raise ValueError(f"a dimension of the network is larger than {MAX_WIDTH}")
        if self.mapping_widths[-1] != self.w_dim:
            raise ValueError(f"the mapping ends in {self.mapping_widths[-1]} features, expected w_dim {self.w_dim}")
        if bool(self.c_dim) != bool(self.embed_features):
            raise ValueError(f"{self.c_dim} labels do not go with an embedding of {self.embed_features} features")
        if self.mapping_activation not in ACTIVATIONS:
            raise ValueError(f"an activation is none of {', '.join(ACTIVATIONS)}")
        if not 0 < self.input_rate < math.inf or not 0 <= self.input_bandwidth < self.input_rate / 2:
            raise ValueError("the bandwidth of its input does not fit its sampling rate")
        if len({layer.name for layer in self.layers}) < len(self.layers):
            raise ValueError("two of its layers have the same name")
        size, channels = self.input_size, self.input_channels
        for layer in self.layers:
            if (layer.in_size, layer.inputs) != (size, channels):
                raise ValueError(f"the layer {layer.name} does not go on from {channels} channels of {size} pixels")
            size, channels = layer.out_size, layer.outputs
        if (size, channels) != (self.img_resolution, self.img_channels):
            raise ValueError(f"its layers end in {channels} channels of {size} pixels, not in the image")


class FourierInput(nn.Module):
    """Paint sines of fixed frequencies on a plane that w and a transform turn and move."""

    transform: Tensor  # [3, 3]
    freqs: Tensor  # [C, 2]: periods per image width along x and y
    phases: Tensor  # [C]

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.config, channels = config, config.input_channels
        self.affine = Dense(config.w_dim, 4)
        self.weight = nn.Parameter(torch.zeros(channels, channels))
        self.register_buffer("transform", torch.eye(3))
        self.register_buffer("freqs", torch.zeros(channels, 2))
        self.register_buffer("phases", torch.zeros(channels))

    def forward(self, w: Tensor, transform: Tensor | None = None) -> Tensor:
        """Return features [N, C, size, size] of w [N, w_dim].

        transform [1 or N, 3, 3] tells where in the picture each point looks, in image widths from its middle; it
        takes the place of the one in the state.
        """
        size, rate, bandwidth = self.config.input_size, self.config.input_rate, self.config.input_bandwidth
        given = self.transform if transform is None else transform.to(self.transform)
        place = self.placement(w) @ given  # [N, 3, 3]
        phases = self.phases + (self.freqs @ place[:, :2, 2:]).squeeze(2)  # [N, C]
        freqs = self.freqs @ place[:, :2, :2]  # [N, C, 2]
        beyond = (freqs.norm(dim=2) - bandwidth) / (rate / 2 - bandwidth)
        amplitudes = (1 - beyond).clamp(0, 1)  # [N, C]
        steps = (torch.arange(size, device=w.device, dtype=w.dtype) + 0.5 - size / 2) / rate
        x = (freqs[:, :, 0, None] * steps + phases[:, :, None])[:, :, None, :]
        y = (freqs[:, :, 1, None] * steps)[:, :, :, None]
        features = torch.sin((x + y) * math.tau) * amplitudes[:, :, None, None]
        weight = self.weight / math.sqrt(self.config.input_channels)
        mixed: Tensor = weight @ features.flatten(2)
        return mixed.reshape(*mixed.shape[:2], size, size)

    def placement(self, w: Tensor) -> Tensor:
        """Return the rotation and translation that w [N, w_dim] asks for, [N, 3, 3]."""
        turn = self.affine(w)
        turn = turn / turn[:, :2].norm(dim=1, keepdim=True)
        cosine, sine, x, y = turn.unbind(1)
        zero, one = torch.zeros_like(x), torch.ones_like(x)
        rotation = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], dim=1)
        translation = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], dim=1)
        return rotation.reshape(-1, 3, 3) @ translation.reshape(-1, 3, 3)


class Layer(nn.Module):
    """Convolve with modulation, then activate at a raised sampling rate between two filters."""

    magnitude_ema: Tensor  # []
    up_filter: Tensor  # [up_taps]
    down_filter: Tensor  # [down_taps] or [down_taps, down_taps]

    def __init__(self, config: LayerConfig, w_dim: int) -> None:
        super().__init__()
        self.config = config
        self.affine = Dense(w_dim, config.inputs)
        self.weight = nn.Parameter(torch.zeros(config.outputs, config.inputs, config.kernel, config.kernel))
        self.bias = nn.Parameter(torch.zeros(config.outputs))
        self.register_buffer("magnitude_ema", torch.ones([]))
        if config.up_taps > 1:
            self.register_buffer("up_filter", torch.zeros(config.up_taps))
        if config.down_taps > 1:
            self.register_buffer("down_filter", torch.zeros([config.down_taps] * (2 if config.radial else 1)))
        self._read: tuple[object, list[float]] = (None, [])

    def forward(self, x: Tensor, w: Tensor, run: Pass) -> Tensor:
        """Return [N, outputs, out_size, out_size] of x [N, inputs, in_size, in_size] and w [N, w_dim]."""
        style, gain = self.affine(w), self.magnitude_ema.rsqrt()
        if self.config.is_torgb:
            scale = style * (gain / math.sqrt(self.config.inputs))
            x = functional.conv2d(x * self.spread(scale, x), self.weight.to(x.dtype), padding=self.config.kernel - 1)
            before, after = self.config.padding
            x = functional.pad(x + self.bias.to(x.dtype)[:, None, None], (before, after, before, after))
            return x if self.config.clamp is None else x.clamp(-self.config.clamp, self.config.clamp)
        x, scale = self.convolved(x, style, gain)
        bias, scale = self.bias.to(x.dtype)[None, :, None, None], self.spread(scale, x)
        count = CHUNK_ELEMENTS // (self.config.in_size * self.config.up) ** 2 // CHUNK_CHANNELS * CHUNK_CHANNELS
        parts = (torch.split(tensor, max(count, CHUNK_CHANNELS), dim=1) for tensor in (x, scale, bias))
        done = [self.activated(torch.addcmul(b, part, s)) for part, s, b in zip(*parts, strict=True)]
        return run.tapped(self.config.name, torch.cat(done, dim=1) if len(done) > 1 else done[0])

    def convolved(self, x: Tensor, style: Tensor, gain: Tensor) -> tuple[Tensor, Tensor]:
        """Return x convolved with its inputs scaled by style [N, I], and the scale [N, O] its outputs still need.

        Scaling the input and the output instead of the weight gives the same numbers with one shared weight.
        """
        weight: Tensor = self.weight
        if x.element_size() < 4:  # half precision: sizes around 1, which demodulation takes out again
            style = style / style.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
            weight = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8)
            weight = weight / math.sqrt(weight[0].numel())
        squares = weight.square().sum(dim=(2, 3))  # [O, I]
        energy = functional.linear(style.square(), squares)  # [N, O]
        mean = squares.mean(dim=1) / weight[0, 0].numel() * style.square().mean(dim=1, keepdim=True)  # [N, O]
        x = functional.conv2d(x * self.spread(style, x), weight.to(x.dtype), padding=self.config.kernel - 1)
        return x, (energy + 1e-8 * mean + 1e-30).rsqrt() * gain

    @staticmethod
    def spread(scale: Tensor, x: Tensor) -> Tensor:
        """Return a scale [N, C] fit for feature maps of the dtype of x."""
        return scale.to(x.dtype)[:, :, None, None]

    def activated(self, x: Tensor) -> Tensor:
        """Return x [N, C, h, w] after a leaky ReLU between the two filters, [N, C, out_size, out_size]."""
        gain = self.config.up * 2**0.25  # on each axis, for the zeros in between and of the activation behind
        x = upsample(x, [tap * gain for tap in self.taps()], self.config.up, *self.config.padding)
        x = functional.leaky_relu(x, 0.2, inplace=True)
        if self.config.clamp is not None:
            limits = -self.config.clamp, self.config.clamp
            x = x.clamp(*limits) if x.requires_grad else x.clamp_(*limits)
        if self.config.down_taps > 1:
            return downsample(x, self.down_filter, self.config.down)
        return x[:, :, :: self.config.down, :: self.config.down]

    def taps(self) -> list[float]:
        """Return the taps of the filter of upsampling as numbers, read once from wherever they live."""
        if self.config.up_taps == 1:
            return [1.0]
        if self._read[0] != (now := state(self.up_filter)):
            self._read = (now, self.up_filter.tolist())
        return self._read[1]
