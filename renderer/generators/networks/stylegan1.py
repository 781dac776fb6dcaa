"""StyleGAN: convolutions from 4x4 up, each followed by noise, instance normalisation and a style.

Source: Karras et al. 2018, arXiv:1812.04948 (mapping, AdaIN, noise); Karras et al. 2017, arXiv:1710.10196
(equalized learning rate, growing from low to high resolutions). Names of layers are those of our StyleGAN2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from renderer.errors import LatentreelError
from renderer.generators.base import FeatureMap, NoiseMode, Tap
from renderer.generators.networks import mapping
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.stylegan2_layers import Pass, PyramidConfig
from renderer.generators.networks.trained import TrainedNetwork, named_noise


@dataclass(frozen=True)
class StyleGAN1Config(PyramidConfig):
    """Describe a StyleGAN network completely.

    channels        of the feature maps at 4, 8, ... img_resolution pixels.
    mapping_widths  the output width of each mapping layer; the last is w_dim.
    blur_filter     the taps of the separable filter after every upsampling, of an odd number; none for no filter.
    lod             how many doublings are still missing in a network saved while it grew; 0 for a finished one.
    norm_eps        what instance normalisation adds to the variance.
    """

    mapping_lr_multiplier: float = 0.01
    use_noise: bool = True
    blur_filter: tuple[float, ...] = (1, 2, 1)
    lod: float = 0.0
    norm_eps: float = 1e-8

    def __post_init__(self) -> None:
        self.check_sizes()
        if not 0 <= self.lod <= len(self.channels) - 1:
            raise ValueError(f"its lod is {self.lod}, expected 0 to {len(self.channels) - 1}")
        if not (math.isfinite(self.mapping_lr_multiplier) and 0 < self.norm_eps < 1):
            raise ValueError("the learning rate or the normalisation of the network is no sensible number")
        taps = self.blur_filter
        if taps and (len(taps) % 2 == 0 or len(taps) > 15 or not math.isfinite(sum(taps)) or abs(sum(taps)) < 1e-12):
            raise ValueError("the blur has no odd number of taps, or no finite sum other than 0")

    def has_rgb(self, index: int) -> bool:
        """Tell whether block `index` makes an image: the one that `lod` points at, or the two it lies between."""
        return len(self.channels) - 1 - index in (math.floor(self.lod), math.ceil(self.lod))


class StyleMapping(mapping.Mapping):
    """Map z [N, z_dim] and labels c [N, c_dim] to w [N, w_dim]; labels join z before it is normalised."""

    def __init__(self, config: StyleGAN1Config) -> None:
        labels = config.z_dim if config.c_dim else 0
        super().__init__(
            config.z_dim, config.c_dim, config.mapping_widths, labels, "linear", config.mapping_lr_multiplier
        )
        self.embed = None
        if config.c_dim:
            self.label = nn.Parameter(torch.zeros(config.c_dim, config.z_dim))

    def forward(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """Return w [N, w_dim]; raise LatentreelError where z or c has another shape than the network's."""
        z = z.to(self.get_parameter("fc0.weight"))
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise LatentreelError(f"z has the shape {list(z.shape)}, expected [N, {self.z_dim}]")
        c = self.checked_labels(c, len(z))
        x = mapping.normalize(z if c is None else torch.cat([z, c.to(z) @ self.label], dim=1))
        for index in range(self.depth):  # the gain of the activation is part of the weight, so the bias has none
            x = functional.leaky_relu(self.get_submodule(f"fc{index}")(x * math.sqrt(2)), 0.2)
        return x


class StyleLayer(nn.Module):
    """Convolve, or begin with a constant; then add noise and bias, activate, normalise and apply the style."""

    noise_const: Tensor  # [resolution, resolution]

    def __init__(
        self, name: str, inputs: int | None, outputs: int, resolution: int, up: bool, config: StyleGAN1Config
    ) -> None:
        super().__init__()
        self.name, self.resolution, self.config, self.up = name, resolution, config, up
        if inputs is None:
            self.value = nn.Parameter(torch.zeros(outputs, 4, 4))
        else:
            self.weight = nn.Parameter(torch.zeros(outputs, inputs, 3, 3))
            self.gain = math.sqrt(2 / (9 * inputs))
        self.fir = Fir(config.blur_filter[::-1]) if up and config.blur_filter else None
        self.affine = mapping.Dense(config.w_dim, 2 * outputs)
        self.bias = nn.Parameter(torch.zeros(outputs))
        if config.use_noise:
            self.register_buffer("noise_const", torch.zeros(resolution, resolution))
            self.noise_strength = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor | None, w: Tensor, run: Pass) -> Tensor:
        """Return [N, outputs, resolution, resolution] of x [N, inputs, h, h], or of the constant, and w [N, w_dim]."""
        x = self.value.expand(len(w), -1, -1, -1) if x is None else self.convolve(x)
        noise = self.noise_map(len(x), run)
        if noise is not None:
            x = x + noise * self.noise_strength[:, None, None]
        x = functional.leaky_relu(x + self.bias[:, None, None], 0.2)
        scale, shift = self.affine(w)[:, :, None, None].chunk(2, dim=1)  # each [N, outputs, 1, 1]
        variance, mean = torch.var_mean(x, dim=(2, 3), correction=0, keepdim=True)
        x = (x - mean) * ((variance + self.config.norm_eps).rsqrt() * (scale + 1)) + shift
        return run.tapped(self.name, x)

    def convolve(self, x: Tensor) -> Tensor:
        """Convolve x [N, inputs, h, h]; upsampling repeats each pixel before it, and blurs afterwards."""
        if not self.up:
            return functional.conv2d(x, self.weight * self.gain, padding=1)
        gain = self.gain / 4 if self.fir is not None else self.gain  # our filters have the gain of an upsampling, 4
        kernel = (self.weight * gain).flip(2, 3).transpose(0, 1)
        # pixels repeated and then convolved by 3x3 are pixels spread and convolved by 4x4, with less than half the work
        for axis in (2, 3):
            pad = (0, 0, 0, 1) if axis == 2 else (0, 1)
            kernel = functional.pad(kernel, pad)
            kernel = kernel + kernel.roll(1, axis)
        x = functional.conv_transpose2d(x, kernel, stride=2, padding=1)
        margin = len(self.config.blur_filter) // 2
        return x if self.fir is None else self.fir.filter(x, margin, margin)

    def noise_map(self, count: int, run: Pass) -> Tensor | None:
        """Return the noise of this pass, [1 or N, 1, resolution, resolution], or None."""
        if not self.config.use_noise:
            return None
        shape = (self.resolution, self.resolution)
        if (given := run.noise.get(self.name)) is not None:
            if tuple(given.shape) not in (shape, (count, 1, *shape), (1, 1, *shape)):
                raise LatentreelError(
                    f"noise for {self.name} has the shape {list(given.shape)}, expected {list(shape)} or "
                    f"{[count, 1, *shape]}"
                )
            return given.to(self.noise_const).reshape(-1, 1, *shape)
        if run.noise_mode == "random":
            return torch.randn(count, 1, *shape, device=self.noise_const.device)
        return self.noise_const if run.noise_mode == "const" else None


class ToRGB(nn.Module):
    """Turn a feature map into image channels by a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.gain = 1 / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, outputs, h, h] of x [N, inputs, h, h]."""
        return functional.conv2d(x, self.weight * self.gain, self.bias)


class Block(nn.Module):
    """Hold the two layers of one resolution, and its image layer where it is used."""

    def __init__(self, index: int, config: StyleGAN1Config) -> None:
        super().__init__()
        self.resolution = 4 << index
        outputs, name = config.channels[index], f"b{self.resolution}"
        if index == 0:
            self.const = StyleLayer(f"{name}.const", None, outputs, 4, False, config)
        else:
            self.conv0 = StyleLayer(f"{name}.conv0", config.channels[index - 1], outputs, self.resolution, True, config)
        self.conv1 = StyleLayer(f"{name}.conv1", outputs, outputs, self.resolution, False, config)
        self.torgb = ToRGB(outputs, config.img_channels) if config.has_rgb(index) else None

    def forward(self, x: Tensor | None, ws: Tensor, run: Pass) -> Tensor:
        """Return the feature map; ws [N, 2, w_dim]."""
        first = self.const if x is None else self.conv0
        return self.conv1(first(x, ws[:, 0], run), ws[:, 1], run)  # type: ignore[no-any-return]


class StyleGAN1(TrainedNetwork):
    """Generate images as the first StyleGAN does.

    All weights are zero until a state is loaded or `randomize` is called. `lod` above 0 leaves out the layers that a
    network saved while it grew does not use yet.
    """

    family: ClassVar[str] = "stylegan1"

    def __init__(self, config: StyleGAN1Config) -> None:
        super().__init__()
        self.config = config
        self.z_dim, self.c_dim, self.w_dim = config.z_dim, config.c_dim, config.w_dim
        self.img_resolution, self.img_channels = config.img_resolution, config.img_channels
        self.num_ws = 2 * len(config.channels)
        self.mapping_network = StyleMapping(config)
        blocks = {f"b{4 << index}": Block(index, config) for index in range(len(config.channels))}
        self.synthesis_network = nn.ModuleDict(blocks)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))
        self.layer_resolutions = tuple(4 << row // 2 for row in range(self.num_ws))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Return the names of the layers in order: what `noise` and `taps` know them by."""
        return tuple(layer.name for layer in self.modules() if isinstance(layer, StyleLayer))

    @property
    def style_weights(self) -> tuple[Tensor, ...]:
        """Return the weights of the style affines, one per row of ws: of scale and shift."""
        return tuple(layer.affine.weight for layer in self.modules() if isinstance(layer, StyleLayer))

    @property
    def noise_shapes(self) -> dict[str, tuple[int, int]]:
        """Return (height, width) of the noise map of every layer that takes one."""
        layers = [layer for layer in self.modules() if isinstance(layer, StyleLayer) and self.config.use_noise]
        return {layer.name: (layer.resolution, layer.resolution) for layer in layers}

    @property
    def const_noise(self) -> dict[str, Tensor]:
        """Return the noise maps [h, w] that were trained with the network, by the names of layers."""
        layers = [layer for layer in self.modules() if isinstance(layer, StyleLayer) and self.config.use_noise]
        return {layer.name: layer.noise_const for layer in layers}

    @property
    def feature_maps(self) -> dict[str, FeatureMap]:
        """Return the feature maps that taps see: one for each row of ws."""
        return {name: FeatureMap(row) for row, name in enumerate(self.layer_names)}

    @property
    def weight_rows(self) -> dict[str, int]:
        """Return the tensors of the state that make up synthesis, each with the row of ws that its layer reads."""
        rows = {}
        for index, (block, module) in enumerate(self.synthesis_network.items()):
            for name in module.state_dict():
                rows[f"synthesis_network.{block}.{name}"] = 2 * index + (not name.startswith(("const", "conv0")))
        return rows

    def randomize(self, seed: int) -> StyleGAN1:
        """Fill all weights as an untrained network has them; for tests and examples."""
        source = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, value in self.state_dict().items():
                if not name.endswith("bias") and name != "w_avg":
                    value.copy_(torch.randn(value.shape, generator=source))
                if ".fc" in name and name.endswith("weight"):
                    value.div_(self.config.mapping_lr_multiplier)
        return self

    def synthesis(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        noise: Mapping[str, Tensor] | None = None,
        transform: Tensor | None = None,
        taps: Tap | None = None,
    ) -> Tensor:
        """Return images [N, img_channels, R, R] of ws [N, num_ws, w_dim]; `transform` does not apply here.

        Raises LatentreelError for wrong shapes and unknown layer names in `noise`.
        """
        ws = self.fitting(ws)
        run, lod = Pass(noise_mode, named_noise(noise, self.layer_names), taps), self.config.lod
        x: Tensor | None = None
        image: Tensor | None = None
        for index, block in enumerate(self.synthesis_network.values()):
            assert isinstance(block, Block)
            missing = len(self.config.channels) - 1 - index  # doublings to come
            if missing < math.floor(lod):
                break
            x = block(x, ws[:, 2 * index : 2 * index + 2], run)
            if block.torgb is not None:
                rgb = block.torgb(x)
                image = rgb if image is None else torch.lerp(rgb, repeated(image, 2), lod - missing)
        assert image is not None
        return repeated(image, 2 ** math.floor(lod))


def repeated(image: Tensor, times: int) -> Tensor:
    """Return an image [N, C, h, w] with each pixel repeated along both axes."""
    return image if times == 1 else functional.interpolate(image, scale_factor=times, mode="nearest")
