"""StyleGAN3: Fourier features that can be moved and turned, and layers that alias nothing.

Source: Karras et al. 2021, arXiv:2106.12423. Names of layers and parameters are the field's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from typing import ClassVar

import torch
from torch import Tensor, nn

from renderer.errors import LatentreelError
from renderer.generators.base import FeatureMap, NoiseMode, Tap
from renderer.generators.networks import mapping
from renderer.generators.networks.prefix import Inputs, Prefix
from renderer.generators.networks.stylegan2_layers import Pass, needs_grad
from renderer.generators.networks.stylegan3_kernels import Given, KernelLayers, images
from renderer.generators.networks.stylegan3_layers import FourierInput, Layer, StyleGAN3Config
from renderer.generators.networks.trained import TrainedNetwork

Step = Callable[[int, list[Tensor], FourierInput | Layer, Given], list[Tensor]]


class Synthesis(nn.Module):
    """Hold the Fourier features, named input, and the layers, named as in their files."""

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.input = FourierInput(config)
        for layer in config.layers:
            self.add_module(layer.name, Layer(layer, config.w_dim))

    def layers(self) -> Iterator[Layer]:
        """Yield the layers in order."""
        return (module for module in self.children() if isinstance(module, Layer))


class StyleGAN3(TrainedNetwork):
    """Generate images as StyleGAN3 does, in either of its configs, T (translation) and R (rotation).

    All weights are zero until a state is loaded.
    """

    family: ClassVar[str] = "stylegan3"
    has_transform = True
    view_rows = 1
    low_precision = True

    def __init__(self, config: StyleGAN3Config) -> None:
        super().__init__()
        self.config = config
        self.z_dim, self.c_dim, self.w_dim = config.z_dim, config.c_dim, config.w_dim
        self.img_resolution, self.img_channels = config.img_resolution, config.img_channels
        self.num_ws = 1 + len(config.layers)
        self.conv_dtype: torch.dtype | None = None
        self._kernels = KernelLayers()
        self._prefix: Prefix[list[Tensor]] = Prefix()
        self.mapping_network: nn.Module = mapping.Mapping(
            config.z_dim,
            config.c_dim,
            config.mapping_widths,
            config.embed_features,
            config.mapping_activation,
            config.mapping_lr_multiplier,
        )
        self.synthesis_network = Synthesis(config)
        self.register_buffer("w_avg", torch.zeros(config.w_dim))
        rates = [config.input_rate, *(layer.rate for layer in config.layers)]
        self.layer_resolutions = tuple(min(round(rate), config.img_resolution) for rate in rates)

    @property
    def layer_bands(self) -> tuple[str, ...]:
        """Return coarse, middle or fine for each row of ws: thirds, since most layers run at high rates."""
        return tuple(("coarse", "middle", "fine")[3 * row // self.num_ws] for row in range(self.num_ws))

    @property
    def layer_names(self) -> tuple[str, ...]:
        """Return what `taps` know the feature maps by, in order: the Fourier features and all layers but the last."""
        return ("input", *(layer.name for layer in self.config.layers if not layer.is_torgb))

    @property
    def feature_maps(self) -> dict[str, FeatureMap]:
        """Return the feature maps that taps see, one for each row of ws; most have a margin around the picture."""
        widths = {"input": (self.config.input_rate, self.config.input_size)}
        widths |= {layer.name: (layer.rate, layer.out_size) for layer in self.config.layers if not layer.is_torgb}
        shares = {name: min(1.0, rate / size) for name, (rate, size) in widths.items()}
        return {name: FeatureMap(row, shares[name]) for row, name in enumerate(self.layer_names)}

    @property
    def weight_rows(self) -> dict[str, int]:
        """Return the tensors of the state that make up synthesis, each with the row of ws that its layer reads."""
        layers = enumerate(self.synthesis_network.named_children())
        return {f"synthesis_network.{layer}.{name}": row for row, (layer, one) in layers for name in one.state_dict()}

    def use_dtype(self, dtype: torch.dtype) -> StyleGAN3:
        """Run the layers that were trained in half precision in this dtype from now on; latents stay float32."""
        self.conv_dtype = None if dtype == torch.float32 else dtype
        return self

    @property
    def style_weights(self) -> tuple[Tensor, ...]:
        """Return the weights of the style affines, one per row of ws: of the input's turn and move, then of layers."""
        network = self.synthesis_network
        return (network.input.affine.weight, *(layer.affine.weight for layer in network.layers()))

    def synthesis(
        self,
        ws: Tensor,
        *,
        noise_mode: NoiseMode = "const",
        noise: Mapping[str, Tensor] | None = None,
        transform: Tensor | None = None,
        taps: Tap | None = None,
    ) -> Tensor:
        """Return images [N, img_channels, R, R] of ws [N, num_ws, w_dim]; there is no noise to choose.

        transform [1 or N, 3, 3] tells where each point (x, y, 1) of the image looks, in image widths from its
        middle: the inverse of how the picture moves. Raises LatentreelError for wrong shapes.
        """
        ws = self.fitting(ws)
        if transform is not None and tuple(transform.shape) not in ((len(ws), 3, 3), (1, 3, 3)):
            raise LatentreelError(f"transform has the shape {list(transform.shape)}, expected [{len(ws)}, 3, 3]")
        given = Given(ws, transform, Pass(noise_mode, noise or {}, taps), self.conv_dtype)
        if KernelLayers.fit(list(self.synthesis_network.layers()), ws):
            image = images(self.passed(given, self._kernels.step), self.img_channels)
        else:
            image = self.by_layers(given)
        return image.to(ws.dtype) * self.config.output_scale

    def by_layers(self, given: Given) -> Tensor:
        """Return what the last layer makes of ws, on any device, in any dtype and with gradients."""
        return self.passed(given, layer_step)[0]

    def passed(self, given: Given, step: Step) -> list[Tensor]:
        """Return the maps after all steps, of which the first may be those of the pass before."""
        parts: list[FourierInput | Layer] = [self.synthesis_network.input, *self.synthesis_network.layers()]

        def advance(row: int, maps: list[Tensor]) -> list[Tensor]:
            return step(row, maps, parts[row], given)

        if given.run.taps is not None or needs_grad(given.ws, *self.synthesis_network.parameters()):
            return reduce(lambda maps, row: advance(row, maps), range(self.num_ws), [])
        weights = (*self.synthesis_network.parameters(), *self.synthesis_network.buffers())
        moved = {} if given.transform is None else {"transform": given.transform.clone()}
        inputs = Inputs((step, given.low), weights, given.ws.clone(), moved)
        return self._prefix.run(inputs, range(1, self.num_ws + 1), [], advance)

    def warm_up(self, batch: int) -> None:
        """Compile the kernels, or read what was compiled before, and prepare the weights."""
        with torch.no_grad():
            self.synthesis(self.w_avg.expand(batch, self.num_ws, -1))


def layer_step(row: int, maps: list[Tensor], layer: FourierInput | Layer, given: Given) -> list[Tensor]:
    """Return what a layer, or the input, makes of one map [N, I, h, w] of all images, by torch."""
    w = given.ws[:, row]
    if isinstance(layer, FourierInput):
        return [given.run.tapped("input", layer(w, given.transform))]
    low = given.low if layer.config.low_precision else None
    return [layer(maps[0].to(low or w.dtype), w, given.run)]
