"""The arithmetic of a frame: by hand, and as torch counts the convolutions that are done."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from renderer.bench.arithmetic import of_layer, operations
from renderer.generators.bloom import Bloom
from renderer.generators.networks.stylegan1 import StyleGAN1, StyleGAN1Config
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.stylegan3_design import design
from renderer.generators.untrained import channel_base, stylegan2_config

SIZES = {"z_dim": 4, "c_dim": 0, "w_dim": 4, "img_channels": 3, "mapping_widths": (4,)}


def convolutions(network: nn.Module, num_ws: int) -> int:
    """Return what torch counts in the convolutions of one image."""
    network.requires_grad_(False)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.synthesis(torch.ones(1, num_ws, 4))
    return counter.get_flop_counts()["Global"][torch.ops.aten.convolution]


def test_stylegan2_by_hand():
    network = StyleGAN2(StyleGAN2Config(img_resolution=8, channels=(5, 2), **SIZES))
    b4 = 2 * 9 * 5 * 5 * 16 + 2 * 5 * 3 * 16  # conv1, torgb
    b8 = 2 * 9 * 5 * 2 * 16 + 2 * 9 * 2 * 2 * 64 + 2 * 2 * 3 * 64  # conv0 doubles 4x4; conv1, torgb
    assert operations(network) == b4 + b8


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
def test_stylegan2_is_what_torch_counts(architecture):
    config = StyleGAN2Config(img_resolution=16, channels=(5, 4, 3), architecture=architecture, **SIZES)
    network = StyleGAN2(config).randomize(0)
    assert operations(network) == convolutions(network, network.num_ws)


def test_a_wider_stylegan2_takes_more():
    network = StyleGAN2(StyleGAN2Config(img_resolution=16, channels=(5, 4, 3), **SIZES)).randomize(0)
    wide = network.extended(16, 32)
    assert operations(wide) == convolutions(wide, network.num_ws) == 2 * operations(network)


def test_stylegan1_is_what_torch_counts():
    config = StyleGAN1Config(img_resolution=16, channels=(5, 4, 3), **SIZES)
    network = StyleGAN1(config).randomize(0)
    counted = convolutions(network, network.num_ws)
    assert abs(operations(network) - counted) <= 8 * 64  # rounding of 16/9


def test_stylegan3_by_hand():
    config, _ = design(16, channel_base=64, channel_max=8, z_dim=4, w_dim=4)
    layer = config.layers[0]  # 36 samples to 36, doubled in between, by 12 taps each way
    side, middle = layer.in_size + 2, (layer.out_size - 1) * 2 + 12
    filters = 6 * (side * middle + middle**2) + 12 * (middle * layer.out_size + layer.out_size**2)
    assert of_layer(layer) == 2 * layer.outputs * (9 * layer.inputs * side**2 + filters)


def test_the_sizes_that_people_have():
    """The numbers of parameters and of operations are those of the published networks."""
    with torch.device("meta"):
        big, small = StyleGAN2(stylegan2_config(1024)), StyleGAN2(stylegan2_config(256))
        turning = StyleGAN3(
            design(256, channel_base=2 * channel_base(256), channel_max=1024, conv_kernel=1, z_dim=512, w_dim=512)[0]
        )
    millions = [round(sum(value.numel() for value in one.parameters()) / 1e6, 1) for one in (big, small, turning)]
    assert millions == [30.4, 24.8, 15.8]
    assert round(operations(big) / 1e9) == 149
    assert round(operations(small) / 1e9) == 30


def test_nothing_is_counted_of_what_is_no_network():
    assert operations(Bloom(16)) is None
