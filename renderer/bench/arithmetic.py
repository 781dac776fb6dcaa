"""How many additions and multiplications the layers of a network take for one image, done in the plain way.

Counted are convolutions, and in StyleGAN3 its filters; an upsampling counts no zeros between the pixels. What is done
pixel by pixel (noise, bias, activation) is little beside them.
"""

from __future__ import annotations

from renderer.generators.base import Generator
from renderer.generators.networks import stylegan1, stylegan2
from renderer.generators.networks.stylegan2_layers import Skip, StyleConv, ToRGB
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import LayerConfig


def operations(generator: Generator) -> int | None:
    """Return how many one image takes, a product and its sum as two, or None for a generator that is no network."""
    if isinstance(generator, stylegan2.StyleGAN2):
        return of_stylegan2(generator)
    if isinstance(generator, stylegan1.StyleGAN1):
        return of_stylegan1(generator)
    if isinstance(generator, StyleGAN3):
        config = generator.config
        return 2 * config.input_size**2 * config.input_channels**2 + sum(map(of_layer, config.layers))
    return None


def of_stylegan2(generator: stylegan2.StyleGAN2) -> int:
    """Return the operations of a StyleGAN2, for the extent it has."""
    total = 0
    for block, _ in generator.synthesis_network.routed():
        height, width = generator.extent.shape(block.resolution)
        for layer in block.modules():
            if isinstance(layer, StyleConv | ToRGB | Skip):
                is_up = isinstance(layer, Skip) or (isinstance(layer, StyleConv) and layer.fir is not None)
                total += 2 * layer.weight.numel() * height * width // (4 if is_up else 1)
    return total


def of_stylegan1(generator: stylegan1.StyleGAN1) -> int:
    """Return the operations of a StyleGAN1, whose upsampling is a 4x4 convolution of the smaller map."""
    total = 0
    for block in generator.synthesis_network.children():
        assert isinstance(block, stylegan1.Block)
        for layer in block.modules():
            if isinstance(layer, stylegan1.StyleLayer | stylegan1.ToRGB) and hasattr(layer, "weight"):
                weights = layer.weight.numel()
                is_up = isinstance(layer, stylegan1.StyleLayer) and layer.up
                total += 2 * (weights * 4 // 9 if is_up else weights) * block.resolution**2
    return total


def of_layer(layer: LayerConfig) -> int:
    """Return the operations of a layer of StyleGAN3: the convolution, and the filters before and after activation."""
    side = layer.in_size + layer.kernel - 1
    total = layer.kernel**2 * layer.inputs * layer.outputs * side**2
    middle = side * layer.up + sum(layer.padding) - layer.up_taps + 1
    if layer.up_taps > 1:
        total += layer.outputs * layer.up_taps // layer.up * (side * middle + middle**2)
    if layer.down_taps > 1 and layer.radial:
        total += layer.outputs * layer.down_taps**2 * layer.out_size**2
    elif layer.down_taps > 1:
        total += layer.outputs * layer.down_taps * (middle * layer.out_size + layer.out_size**2)
    return 2 * total
