"""Networks of the sizes that people have, with random weights: for measuring speed, and for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from renderer.errors import CheckpointError, expected
from renderer.generators.base import Generator
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.stylegan3_design import design

RESOLUTIONS = (64, 128, 256, 512, 1024)
WIDTH = 512  # of z and w, and the most channels of a feature map


def channel_base(resolution: int) -> int:
    """Return how many channels times pixels the widest published networks of a resolution have."""
    return 16384 if resolution <= 256 else 32768


def stylegan2_config(resolution: int, base: int | None = None) -> StyleGAN2Config:
    """Return the config of a StyleGAN2-ADA as it is trained at a resolution."""
    base = base or channel_base(resolution)
    return StyleGAN2Config(
        z_dim=WIDTH,
        c_dim=0,
        w_dim=WIDTH,
        img_resolution=resolution,
        img_channels=3,
        channels=tuple(min(base // (4 << index), WIDTH) for index in range(resolution.bit_length() - 2)),
        mapping_widths=(WIDTH,) * 8,
        conv_clamp=256,
        num_fp16_res=4,
    )


def stylegan2(resolution: int) -> StyleGAN2:
    """Return a StyleGAN2 of random weights."""
    return StyleGAN2(stylegan2_config(resolution)).randomize(0)


def stylegan3(resolution: int, times: int, **arguments: Any) -> StyleGAN3:
    """Return a StyleGAN3 of random weights, with so many times the channels of config T."""
    base = times * channel_base(resolution)
    config, filters = design(
        resolution, channel_base=base, channel_max=times * WIDTH, z_dim=WIDTH, w_dim=WIDTH, **arguments
    )
    return filled_randomly(StyleGAN3(config), filters, 0)


FAMILIES: Mapping[str, Callable[[int], Generator]] = {
    "stylegan2": stylegan2,
    "stylegan3-t": partial(stylegan3, times=1),
    "stylegan3-r": partial(stylegan3, times=2, conv_kernel=1, use_radial_filters=True),
}
UNTRAINED: Mapping[str, Callable[[], Generator]] = {
    f"{family}:{resolution}": partial(make, resolution)
    for family, make in FAMILIES.items()
    for resolution in RESOLUTIONS
}


def untrained(name: str) -> Generator:
    """Return the network called so, such as stylegan2:1024, ready to evaluate.

    Raises CheckpointError naming the nearest where there is none.
    """
    if name not in UNTRAINED:
        raise CheckpointError(f"there is no random network {name!r}{expected(name, UNTRAINED)}")
    return UNTRAINED[name]().eval().requires_grad_(False)


def filled_randomly(generator: StyleGAN3, filters: Mapping[str, Tensor], seed: int) -> StyleGAN3:
    """Fill all weights as an untrained network has them, but turned and moved by w a little."""
    source, made = torch.Generator().manual_seed(seed), generator.config
    for name, value in generator.state_dict().items():
        if name in filters:
            value.copy_(filters[name])
        elif name.endswith("weight"):
            value.copy_(torch.randn(value.shape, generator=source) / (0.01 if ".fc" in name else 1))
        elif name.endswith("affine.bias"):
            value.fill_(1)
        elif name.endswith("magnitude_ema"):
            value.fill_(0.5 + float(torch.rand([], generator=source)))
        elif name.endswith(("bias", "w_avg")):
            value.copy_(torch.randn(value.shape, generator=source) * 0.1)
    place = generator.synthesis_network.input
    place.affine.weight.data.mul_(0.1)
    place.affine.bias.data.copy_(torch.tensor([1.0, 0, 0, 0]))
    place.freqs.copy_(torch.randn(place.freqs.shape, generator=source) * made.input_bandwidth / 3)
    place.phases.copy_(torch.rand(place.phases.shape, generator=source) - 0.5)
    return generator.eval().requires_grad_(False)
