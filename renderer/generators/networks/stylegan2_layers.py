"""The configuration and the layers of StyleGAN2: modulated convolution, image layer, skip connection.

Source: Karras et al. 2019, arXiv:1912.04958 (weight demodulation, skip and resnet generators); Karras et al.
2020, arXiv:2006.06676 (labels, low precision, clamping). Names of layers and parameters are the field's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.errors import LatentreelError, PluginError
from renderer.generators.base import NoiseMode, Tap
from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import version
from renderer.generators.kernels.raised import add_raised
from renderer.generators.kernels.winograd import Colours
from renderer.generators.networks.extent import Extent
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.mapping import ACTIVATIONS, Activation, Dense, activate
from renderer.generators.networks.stylegan2_kernels import KernelConv, Step
from renderer.generators.networks.stylegan2_low import LowConv, LowFinish

Architecture = Literal["skip", "resnet", "orig"]
MAX_WIDTH = 1 << 20


@dataclass(frozen=True)
class PyramidConfig:
    """Hold the sizes of a network whose blocks double the resolution from 4 on: StyleGAN1 and 2."""

    z_dim: int
    c_dim: int
    w_dim: int
    img_resolution: int
    img_channels: int
    channels: tuple[int, ...]
    mapping_widths: tuple[int, ...]

    def check_sizes(self, *counts: int) -> None:
        """Raise ValueError for sizes that no network has; `c_dim` and further counts may be 0, the others may not."""
        sizes = (self.z_dim, self.w_dim, self.img_channels, *self.channels, *self.mapping_widths)
        if self.img_resolution != 2 ** (len(self.channels) + 1) or not 1 <= len(self.channels) <= 12:
            raise ValueError(f"{len(self.channels)} blocks do not lead to {self.img_resolution} pixels")
        if max(*sizes, self.c_dim, *counts) > MAX_WIDTH:
            raise ValueError(f"a dimension of the network is larger than {MAX_WIDTH}")
        if min(sizes) < 1 or min(self.c_dim, *counts, 0) < 0 or not self.mapping_widths:
            raise ValueError("a dimension of the network is not positive")
        if self.mapping_widths[-1] != self.w_dim:
            raise ValueError(f"the mapping ends in {self.mapping_widths[-1]} features, expected w_dim {self.w_dim}")


@dataclass(frozen=True)
class StyleGAN2Config(PyramidConfig):
    """Describe a StyleGAN2 network completely.

    channels        of the feature maps at 4, 8, ... img_resolution pixels.
    mapping_widths  the output width of each mapping layer; the last is w_dim.
    embed_features  the width of the label embedding; unused where c_dim is 0.
    label_concat    whether z and the embedded labels are normalised as one vector, as in StyleGAN2 before ADA.
    resample_filter the taps of the separable filter of every upsampling.
    num_fp16_res    how many of the highest resolutions were trained in float16; used only below float32.
    conv_clamp      limit of every convolution's output, in any precision.
    """

    embed_features: int = 0
    mapping_activation: Activation = "lrelu"
    mapping_lr_multiplier: float = 0.01
    architecture: Architecture = "skip"
    activation: Activation = "lrelu"
    conv_clamp: float | None = None
    use_noise: bool = True
    resample_filter: tuple[float, ...] = (1, 3, 3, 1)
    num_fp16_res: int = 0
    label_concat: bool = False

    def __post_init__(self) -> None:
        self.check_sizes(self.embed_features, self.num_fp16_res)
        if bool(self.c_dim) != bool(self.embed_features):
            raise ValueError(f"{self.c_dim} labels do not go with an embedding of {self.embed_features} features")
        if self.architecture not in get_args(Architecture):
            raise ValueError(f"the architecture is {self.architecture!r}, expected skip, resnet or orig")
        if not {self.activation, self.mapping_activation} <= set(ACTIVATIONS):
            raise ValueError(f"an activation is none of {', '.join(ACTIVATIONS)}")
        if not self.resample_filter or not math.isfinite(total := sum(self.resample_filter)) or abs(total) < 1e-12:
            raise ValueError("the resampling filter has no finite sum other than 0")
        if self.conv_clamp is not None and not self.conv_clamp > 0:
            raise ValueError(f"the clamp is {self.conv_clamp}, expected a positive number")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Return the resolution of each block."""
        return tuple(4 << index for index in range(len(self.channels)))


@dataclass(frozen=True)
class Pass:
    """Carry what the layers of one synthesis pass share."""

    noise_mode: NoiseMode
    noise: Mapping[str, Tensor]
    taps: Tap | None
    extent: Extent = field(default_factory=Extent)
    pairs: bool = False  # whether the kernels may multiply bfloat16

    def tapped(self, name: str, x: Tensor) -> Tensor:
        """Let the tap change the feature map x [N, C, h, w] of a layer."""
        if self.taps is None:
            return x
        changed = self.taps(name, x)
        if changed.shape != x.shape:
            raise PluginError(f"a tap on {name} returns the shape {list(changed.shape)}, expected {list(x.shape)}")
        return changed.to(x.dtype)


def modulated(x: Tensor, weight: Tensor, style: Tensor, fir: Fir | None = None, demodulate: bool = True) -> Tensor:
    """Convolve x [N, I, h, w] with weight [O, I, k, k] whose inputs are scaled by style [N, I].

    Scaling the input and the output instead of the weight gives the same numbers with one shared weight.
    In half precision style and weight are first brought to size 1, which demodulation takes out again.
    """
    if demodulate and x.element_size() < 4:
        style = style / style.abs().amax(dim=1, keepdim=True).clamp_min(1e-8)
        weight = weight / weight.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(1e-8)
        weight = weight / math.sqrt(weight[0].numel())
    kernel = weight.to(x.dtype)
    x = x * style.to(x.dtype)[:, :, None, None]
    if fir is None:
        x = functional.conv2d(x, kernel, padding=weight.shape[2] // 2)
    else:
        x = fir.smooth_doubled(functional.conv_transpose2d(x, kernel.transpose(0, 1), stride=2))
    if demodulate:
        energy = functional.linear(style.square(), weight.square().sum(dim=(2, 3)))  # [N, O]
        x = x * (energy + 1e-8).rsqrt().to(x.dtype)[:, :, None, None]
    return x


def by_rows(function: Callable[[Tensor], Tensor], w: Tensor) -> Tensor:
    """Return what a function makes of each row of w [N, C] alone: its last bits depend on how many there are."""
    return torch.cat([function(row) for row in torch.split(w, 1)]) if len(w) != 1 else function(w)


def needs_grad(*tensors: Tensor) -> bool:
    """Say whether autograd watches any of them."""
    return torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors)


class StyleConv(nn.Module):
    """Convolve with modulation and demodulation, then add noise and bias, and activate."""

    noise_const: Tensor  # [resolution, resolution]

    def __init__(
        self, name: str, inputs: int, outputs: int, resolution: int, up: bool, config: StyleGAN2Config
    ) -> None:
        super().__init__()
        self.name, self.resolution, self.config = name, resolution, config
        self.affine = Dense(config.w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.fir = Fir(config.resample_filter) if up else None
        if config.use_noise:
            self.register_buffer("noise_const", torch.zeros(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.zeros([]))
        self._prepared: tuple[tuple[object, ...], KernelConv | LowConv] | None = None

    def forward(self, x: Tensor, w: Tensor, run: Pass, gain: float = 1.0) -> Tensor:
        """Return [N, outputs, 2h, 2w], or [N, outputs, h, w], of x [N, inputs, h, w] and w [N, w_dim]."""
        if self.has_kernel(x, w):
            steps = self.steps(w, run, gain)
            return run.tapped(self.name, images(step(one) for step, one in zip(steps, maps(x), strict=True)))
        style, noise = self.affine(w), self.noise_map(len(x), run)
        if self.is_low(x, style):
            return run.tapped(self.name, self.in_low(x, style, noise, gain))
        x = modulated(x, self.weight, style, self.fir)
        if noise is not None:
            x = x + (noise * self.noise_strength).to(x.dtype)
        x = x + self.bias.to(x.dtype)[:, None, None]
        return run.tapped(self.name, activate(x, self.config.activation, gain, self.config.conv_clamp))

    def is_simple(self, *tensors: Tensor) -> bool:
        """Say whether the prepared convolutions can do it: an activation they know, and no gradients."""
        return self.config.activation in ("lrelu", "linear") and not needs_grad(*tensors, self.weight)

    def has_kernel(self, x: Tensor, style: Tensor) -> bool:
        """Say whether the kernels can do it: float32 on a CPU, and nothing that torch is to compile."""
        fits = x.dtype == torch.float32 and KernelConv.fits(self.weight) and not torch.compiler.is_compiling()
        return fits and self.is_simple(x, style)

    def is_low(self, x: Tensor, style: Tensor) -> bool:
        """Say whether it is done in low precision."""
        return x.element_size() < 4 and self.is_simple(x, style)

    def in_low(self, x: Tensor, style: Tensor, noise: Tensor | None, gain: float) -> Tensor:
        """Return what `forward` does in the precision of x, channels last."""
        leaky = self.config.activation == "lrelu"
        whole = gain * (math.sqrt(2) if leaky else 1.0)
        limit = None if self.config.conv_clamp is None else self.config.conv_clamp * gain
        grain = None if noise is None else noise * (self.noise_strength * whole)
        finish = LowFinish(self.bias * whole, grain, whole, 0.2 if leaky else 1.0, limit)
        kernel = self.prepared(x.dtype)
        assert isinstance(kernel, LowConv)
        result: Tensor = kernel(x, style, finish)
        return result

    def steps(self, w: Tensor, run: Pass, gain: float = 1.0) -> list[Step]:
        """Return what the kernels do for each w [N, w_dim]; the gain of the activation is part of what comes before."""
        kernel, (height, width) = self.prepared(w.dtype, run.pairs), run.extent.shape(self.resolution)
        assert isinstance(kernel, KernelConv)
        style, noise = by_rows(self.affine, w), self.noise_map(len(w), run)
        leaky = self.config.activation == "lrelu"
        whole, slope = gain * (math.sqrt(2) if leaky else 1.0), 0.2 if leaky else 1.0
        limit = math.inf if self.config.conv_clamp is None else self.config.conv_clamp * gain
        strength = 0.0 if noise is None else float(self.noise_strength) * whole
        grain = style.new_zeros(1).expand(1, height, width) if noise is None else noise.reshape(-1, height, width)
        grain, bias = grain.expand(len(w), -1, -1), self.bias.detach() * whole
        return [
            Step(kernel, one, Finish(kernel.demodulation(one) * whole, bias, map_.contiguous(), strength, slope, limit))
            for one, map_ in zip(style, grain, strict=True)
        ]

    def prepared(self, dtype: torch.dtype, pairs: bool = False) -> KernelConv | LowConv:
        """Return the convolution in a dtype, prepared anew where the weight has changed; see `KernelConv`."""
        weight = self.weight
        if torch.compiler.is_compiling():
            return LowConv(weight, self.fir, dtype)
        state = (dtype, pairs, weight.device, id(weight), version(weight))
        if self._prepared is None or self._prepared[0] != state:
            taps = None if self.fir is None else self.fir.taps
            made = KernelConv(weight, taps, pairs) if dtype == torch.float32 else LowConv(weight, self.fir, dtype)
            self._prepared = (state, made)
        return self._prepared[1]

    def noise_map(self, count: int, run: Pass) -> Tensor | None:
        """Return the noise of this pass, [1 or N, 1, h, w], or None; given maps of the trained size are repeated."""
        if not self.config.use_noise:
            return None
        shape, trained = run.extent.shape(self.resolution), (self.resolution, self.resolution)
        if (given := run.noise.get(self.name)) is not None:
            if given.shape[-2:] == trained != shape:
                given = run.extent.of_noise(given)
            if tuple(given.shape) not in (shape, (count, 1, *shape), (1, 1, *shape)):
                raise LatentreelError(
                    f"noise for {self.name} has the shape {list(given.shape)}, expected {list(shape)} or "
                    f"{[count, 1, *shape]}"
                )
            return given.to(self.noise_const).reshape(-1, 1, *shape)
        if run.noise_mode == "random":
            return torch.randn(count, 1, *shape, device=self.noise_const.device)
        return run.extent.of_noise(self.noise_const) if run.noise_mode == "const" else None


class ToRGB(nn.Module):
    """Turn a feature map into image channels, by a modulated 1x1 convolution without demodulation."""

    def __init__(self, inputs: int, config: StyleGAN2Config) -> None:
        super().__init__()
        self.affine = Dense(config.w_dim, inputs)
        self.weight = nn.Parameter(torch.zeros(config.img_channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(config.img_channels))
        self.clamp, self.gain = config.conv_clamp, 1 / math.sqrt(inputs)

    def forward(self, x: Tensor, w: Tensor) -> Tensor:
        """Return [N, img_channels, h, w] in the precision of w, of x [N, inputs, h, w] and w [N, w_dim]."""
        image = modulated(x, self.weight, self.style(w), demodulate=False)
        return activate(image + self.bias.to(x.dtype)[:, None, None], "linear", clamp=self.clamp).to(w.dtype)

    def style(self, w: Tensor) -> Tensor:
        """Return the scale [N, inputs] of the feature map."""
        style: Tensor = self.affine(w)
        return style * self.gain


class Canvas:
    """Hold the images that an image layer makes, painted by the convolution before it while its results come."""

    def __init__(self, torgb: ToRGB, style: Tensor, shape: tuple[int, int], alone: bool) -> None:
        self.alone, self.clamp = alone, torgb.clamp
        weight, bias = torgb.weight.detach()[:, :, 0, 0], torgb.bias.detach()
        self.weights = style[:, None] * weight  # [N, img_channels, I]
        self.pixels = bias.expand(len(style), *shape, -1).contiguous()

    def colours(self, n: int) -> Colours:
        """Return what paints image n."""
        return Colours(self.weights[n], self.pixels[n], self.alone)

    def images(self, before: Tensor | None, fir: Fir) -> Tensor:
        """Return the images [N, img_channels, h, w], all painted, on those of half the size before them."""
        limit = math.inf if self.clamp is None else self.clamp
        if before is None:
            self.pixels.clamp_(-limit, limit)
        else:
            for half, whole in zip(maps(before), self.pixels, strict=True):
                add_raised(half, fir.taps, fir.before, whole, limit)
        return self.pixels.permute(0, 3, 1, 2)


def maps(x: Tensor) -> list[Tensor]:
    """Return x [N, C, h, w] as contiguous maps [h, w, C]."""
    return [one.contiguous() for one in x.permute(0, 2, 3, 1)]


def images(done: Iterable[Tensor | None]) -> Tensor:
    """Return maps [h, w, C] as [N, C, h, w]; empty where they were not kept."""
    kept = [one[None] for one in done if one is not None]
    if not kept:
        return torch.empty(0)
    return (torch.cat(kept) if len(kept) > 1 else kept[0]).permute(0, 3, 1, 2)


class Skip(nn.Module):
    """Upsample the feature map past a block by a plain 1x1 convolution and a filter."""

    def __init__(self, inputs: int, outputs: int, config: StyleGAN2Config) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 1, 1))
        self.fir, self.gain = Fir(config.resample_filter), 1 / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, outputs, 2h, 2w] of x [N, inputs, h, w]."""
        return self.fir.upsample(functional.conv2d(x, (self.weight * self.gain).to(x.dtype)))
