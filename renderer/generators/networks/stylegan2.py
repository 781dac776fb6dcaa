"""StyleGAN2: modulated convolutions from 4x4 up, one style per layer.

Source: Karras et al. 2019, arXiv:1912.04958 (weight demodulation, skip and resnet generators); Karras et al.
2020, arXiv:2006.06676 (labels, low precision, clamping). Names of layers and parameters are the field's own.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from renderer.generators.base import FeatureMap, NoiseMode, Tap
from renderer.generators.kernels.pool import alone
from renderer.generators.modes import multiplies_pairs
from renderer.generators.networks import mapping
from renderer.generators.networks.compiling import compiled
from renderer.generators.networks.extent import Extent
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.prefix import Inputs, Prefix
from renderer.generators.networks.stylegan2_kernels import Step, in_turn, warm_up_kernels
from renderer.generators.networks.stylegan2_layers import (
    Canvas,
    Pass,
    Skip,
    StyleConv,
    StyleGAN2Config,
    ToRGB,
    by_rows,
    images,
    maps,
    needs_grad,
)
from renderer.generators.networks.trained import TrainedNetwork, named_noise
from renderer.values.fit import PadMode

CONST = "b4.const"  # what taps know the constant input by
State = tuple[Tensor | None, Tensor | None]  # the feature map and the image so far


class Block(nn.Module):
    """Hold the layers of one resolution."""

    def __init__(self, index: int, config: StyleGAN2Config) -> None:
        super().__init__()
        self.resolution, self.config = config.resolutions[index], config
        outputs, name = config.channels[index], f"b{self.resolution}"
        self.skip: Skip | None = None
        if index == 0:
            self.const = nn.Parameter(torch.zeros(outputs, 4, 4))
        else:
            inputs = config.channels[index - 1]
            self.conv0 = StyleConv(f"{name}.conv0", inputs, outputs, self.resolution, True, config)
            if config.architecture == "resnet":
                self.skip = Skip(inputs, outputs, config)
        self.conv1 = StyleConv(f"{name}.conv1", outputs, outputs, self.resolution, False, config)
        self.has_rgb = config.architecture == "skip" or self.resolution == config.img_resolution
        if self.has_rgb:
            self.torgb = ToRGB(outputs, config)
            self.fir = Fir(config.resample_filter)
        self.num_convs = 1 if index == 0 else 2

    def forward(self, x: Tensor | None, image: Tensor | None, ws: Tensor, run: Pass) -> tuple[Tensor, Tensor | None]:
        """Return the feature map and the image so far; ws [N, num_convs + 1, w_dim]."""
        if x is None:
            x = run.tapped(CONST, run.extent.of_input(self.const).expand(len(ws), -1, -1, -1))
        if self.has_kernels(x, ws, run):
            return self.by_kernels(x, image, ws, run)
        past = None if self.skip is None else self.skip(x) * math.sqrt(0.5)
        for row, conv in enumerate(self.convs):
            x = conv(x, ws[:, row], run, 1.0 if past is None or conv is not self.conv1 else math.sqrt(0.5))
        x = x if past is None else past + x
        if self.has_rgb:
            rgb = self.torgb(x, ws[:, -1])
            image = rgb if image is None else self.fir.upsample(image) + rgb
        return x, image

    @property
    def convs(self) -> tuple[StyleConv, ...]:
        """Return the convolutions, in order."""
        return (self.conv1,) if self.num_convs == 1 else (self.conv0, self.conv1)

    def has_kernels(self, x: Tensor, ws: Tensor, run: Pass) -> bool:
        """Say whether kernels do all of the block, which nobody taps."""
        return self.skip is None and run.taps is None and all(conv.has_kernel(x, ws) for conv in self.convs)

    def by_kernels(self, x: Tensor, image: Tensor | None, ws: Tensor, run: Pass) -> tuple[Tensor, Tensor | None]:
        """Return what `forward` does; the image is painted while the feature map comes, which may not be kept."""
        steps, style = alone(lambda: self.styled(ws, run))  # small things: what a thread frees stays with it
        canvas = None
        if style is not None:
            last = self.resolution == self.config.img_resolution
            canvas = Canvas(self.torgb, style, run.extent.shape(self.resolution), last)
        done = []
        for n, (one, chain) in enumerate(zip(maps(x), steps, strict=True)):
            done.append(in_turn(chain, one, None if canvas is None else canvas.colours(n)))
        return images(done), image if canvas is None else canvas.images(image, self.fir)

    def styled(self, ws: Tensor, run: Pass) -> tuple[Iterable[tuple[Step, ...]], Tensor | None]:
        """Return what the convolutions do for each image, and the style of the image layer, if there is one."""
        steps = zip(*(conv.steps(ws[:, row], run) for row, conv in enumerate(self.convs)), strict=True)
        return steps, by_rows(self.torgb.style, ws[:, -1]) if self.has_rgb else None


class Synthesis(nn.Module):
    """Hold the blocks, named b4, b8 and so on."""

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        for index, resolution in enumerate(config.resolutions):
            self.add_module(f"b{resolution}", Block(index, config))

    def routed(self) -> Iterator[tuple[Block, int]]:
        """Yield each block with the first row of ws that it uses; its image layer shares a row with the next block."""
        row = 0
        for block in self.children():
            assert isinstance(block, Block)
            yield block, row
            row += block.num_convs


class StyleGAN2(TrainedNetwork):
    """Generate images as StyleGAN2 and StyleGAN2-ADA do.

    All weights are zero until a state is loaded or `randomize` is called.
    """

    family: ClassVar[str] = "stylegan2"
    low_precision = True

    def __init__(self, config: StyleGAN2Config) -> None:
        super().__init__()
        self.config = config
        self.z_dim, self.c_dim, self.w_dim = config.z_dim, config.c_dim, config.w_dim
        self.img_resolution, self.img_channels = config.img_resolution, config.img_channels
        self.num_ws = 2 * len(config.channels)
        self.conv_dtype: torch.dtype | None = None
        self.painter: Callable[[Tensor, Pass], Tensor] | None = None
        self.prefix: Prefix[State] = Prefix()
        self.extent = Extent()
        self.mapping_network = mapping.Mapping(
            config.z_dim,
            config.c_dim,
            config.mapping_widths,
            config.embed_features,
            config.mapping_activation,
            config.mapping_lr_multiplier,
            config.label_concat,
        )
        self.synthesis_network = Synthesis(config)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))
        rows: dict[int, int] = {}
        for block, row in self.synthesis_network.routed():
            for used in range(row, row + block.num_convs + block.has_rgb):
                rows.setdefault(used, block.resolution)
        self.layer_resolutions = tuple(rows[row] for row in range(self.num_ws))

    @property
    def img_size(self) -> tuple[int, int]:
        """Return (height, width) of the images."""
        return self.extent.shape(self.img_resolution)

    def extended(self, height: int, width: int, pad: PadMode = "mirror") -> StyleGAN2:
        """Return a generator of the same weights, in the same memory, with a larger input: see `Extent`.

        Raises LatentreelError for images beyond 64 megapixels.
        """
        twin = copy.copy(self)
        twin.extent = Extent.covering(height, width, self.img_resolution, pad)
        return twin

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Return the names of the convolutions in order: what `noise` and `taps` know them by."""
        return tuple(layer.name for layer in self.modules() if isinstance(layer, StyleConv))

    @property
    def style_weights(self) -> tuple[Tensor, ...]:
        """Return the weights of the style affines, one per row of ws: of convolutions, the last of the image."""
        weights: dict[int, Tensor] = {}
        for block, row in self.synthesis_network.routed():
            if row:
                weights[row] = block.conv0.affine.weight
            weights[row + block.num_convs - 1] = block.conv1.affine.weight
            if block.has_rgb:
                weights[row + block.num_convs] = block.torgb.affine.weight  # unless the next block takes the row
        return tuple(weights[row] for row in range(self.num_ws))

    @property
    def noise_shapes(self) -> dict[str, tuple[int, int]]:
        """Return (height, width) of the noise map of every layer that takes one."""
        layers = [layer for layer in self.modules() if isinstance(layer, StyleConv) and self.config.use_noise]
        return {layer.name: self.extent.shape(layer.resolution) for layer in layers}

    @property
    def const_noise(self) -> dict[str, Tensor]:
        """Return the noise maps [h, w] that were trained with the network, by the names of layers."""
        layers = [layer for layer in self.modules() if isinstance(layer, StyleConv) and self.config.use_noise]
        return {layer.name: self.extent.of_noise(layer.noise_const) for layer in layers}

    @property
    def feature_maps(self) -> dict[str, FeatureMap]:
        """Return the feature maps that taps see: the constant input, then one for each row of ws but the last."""
        return {CONST: FeatureMap(0), **{name: FeatureMap(row) for row, name in enumerate(self.layer_names)}}

    @property
    def weight_rows(self) -> dict[str, int]:
        """Return the tensors of the state that make up synthesis, each with the row of ws that its layer reads."""
        rows = {}
        for block, row in self.synthesis_network.routed():
            for name in block.state_dict():
                later = 0 if name.startswith(("const", "conv0", "skip")) else block.num_convs - 1
                rows[f"synthesis_network.b{block.resolution}.{name}"] = row + later
        return rows

    def use_dtype(self, dtype: torch.dtype) -> StyleGAN2:
        """Run all blocks from 8x8 in bfloat16, or the highest in float16, from now on; all else stays float32."""
        self.conv_dtype = None if dtype == torch.float32 else dtype
        return self

    def randomize(self, seed: int) -> StyleGAN2:
        """Fill all weights as an untrained network has them; for tests and examples."""
        source = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, value in self.state_dict().items():
                if not name.endswith("bias") and name != "w_avg":
                    value.copy_(torch.randn(value.shape, generator=source))
                if name.endswith("affine.bias"):
                    value.fill_(1)
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
        """Return images [N, img_channels, *img_size] of ws [N, num_ws, w_dim]; `transform` does not apply here.

        Raises LatentreelError for wrong shapes and unknown layer names in `noise`.
        """
        ws = self.fitting(ws)
        run = Pass(noise_mode, named_noise(noise, self.layer_names), taps, self.extent, self.pairs)
        watched = needs_grad(ws, *self.synthesis_network.parameters())
        if watched or taps is not None or noise_mode == "random":
            return self.paint(ws, run)
        if self.painter is not None:
            return self.painter(ws, run)
        steps = list(self.synthesis_network.routed())
        ends = [row + block.num_convs + 1 for block, row in steps]
        weights = (*self.synthesis_network.parameters(), *self.synthesis_network.buffers())
        inputs = Inputs((noise_mode, self.extent, self.conv_dtype), weights, ws.clone(), run.noise)
        image = self.prefix.run(
            inputs, ends, (None, None), lambda index, state: self.step(*steps[index], state, ws, run)
        )[1]
        assert image is not None
        return image

    @property
    def pairs(self) -> bool:
        """Say whether low precision is that of the kernels, and maps are float32."""
        return not self.compiled and multiplies_pairs(self.conv_dtype, self.device.type)

    def paint(self, ws: Tensor, run: Pass) -> Tensor:
        """Return the images of ws [N, num_ws, w_dim], block by block."""
        state: State = (None, None)
        for block, row in self.synthesis_network.routed():
            state = self.step(block, row, state, ws, run)
        assert state[1] is not None
        return state[1]

    def step(self, block: Block, row: int, state: State, ws: Tensor, run: Pass) -> State:
        """Return the feature map and the image after one block, which reads ws from `row` on."""
        x, image = state
        x = None if x is None else x.to(self.block_dtype(block.resolution))
        result: State = block(x, image, ws[:, row : row + block.num_convs + 1], run)
        return result

    def use_compiler(self) -> StyleGAN2:
        """Compile synthesis by torch.compile from now on; its first call for a batch then takes a minute."""
        self.painter, self.compiled = compiled(self.paint), True
        return self

    def warm_up(self, batch: int) -> None:
        """Compile what synthesis needs."""
        if self.painter is not None:
            with torch.no_grad():
                self.synthesis(self.w_avg.float().expand(batch, self.num_ws, -1))
        elif self.device.type == "cpu" and (self.conv_dtype is None or self.pairs):
            warm_up_kernels()

    def block_dtype(self, resolution: int) -> torch.dtype:
        """Return the dtype of a block: float16 only at the highest resolutions, four if it was not trained so."""
        low = self.config.num_fp16_res or 4
        lowest = 8 if self.conv_dtype == torch.bfloat16 else max(self.img_resolution >> (low - 1), 8)
        exact = self.conv_dtype is None or self.pairs or resolution < lowest
        return self.w_avg.dtype if exact or self.conv_dtype is None else self.conv_dtype
