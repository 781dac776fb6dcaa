"""A StyleGAN2 wide enough for the kernels, small enough for tests; its weights are like trained ones, or random."""

from __future__ import annotations

import torch

from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config

DIM = 64


def wide_network(resolution: int = 128, seed: int = 0, **changes) -> StyleGAN2:
    """Return a network of 64 channels, 32 at its highest resolution: heavy-tailed scales, biases and noise."""
    count = resolution.bit_length() - 2
    config = StyleGAN2Config(
        z_dim=DIM,
        c_dim=0,
        w_dim=DIM,
        img_resolution=resolution,
        img_channels=3,
        channels=(64,) * (count - 1) + (32,),
        mapping_widths=(DIM, DIM),
        **changes,
    )
    network = StyleGAN2(config).randomize(seed)
    source = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if "conv" in name and name.endswith(".weight") and "affine" not in name:
                spread = torch.randn(len(value), value.shape[1], 1, 1, generator=source)
                value.mul_(torch.exp(0.5 * spread))
            if name.endswith(("conv0.bias", "conv1.bias")):
                value.copy_(0.3 * torch.randn(value.shape, generator=source))
            if name.endswith("noise_strength"):
                value.fill_(0.1)
            if "torgb.weight" in name:
                value.mul_(0.3)
    return network.eval().requires_grad_(False)


def some_ws(network: StyleGAN2, count: int = 1, seed: int = 0) -> torch.Tensor:
    """Return ws [count, num_ws, w_dim] of a seed."""
    z = torch.randn(count, network.z_dim, generator=torch.Generator().manual_seed(seed))
    return network.mapping(z, truncation_psi=0.7)


def by_formula(network: StyleGAN2, ws: torch.Tensor, **inputs) -> torch.Tensor:
    """Return the images by the plain formula, which is what runs where gradients are asked for."""
    watched = ws.clone().requires_grad_(True)
    return network.synthesis(watched, **inputs).detach()


def worst(images: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the largest error, as a share of the largest value."""
    return float((images - truth).abs().max() / truth.abs().max())


def psnr(images: torch.Tensor, truth: torch.Tensor) -> float:
    """Return the peak signal-to-noise ratio in dB of what both are as uint8."""
    first, second = ((part.mul(127.5) + 128).clamp(0, 255).to(torch.uint8).double() for part in (images, truth))
    return float(10 * torch.log10(255**2 / (first - second).square().mean().clamp_min(1e-12)))
