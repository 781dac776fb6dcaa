"""How near the fast modes of StyleGAN2 are to exact: PSNR of the pictures as they are written, in uint8.

    python -m benchmarks.fast_quality [64 128 256] [--dtype bf16 --dtype fp16] [--seeds 3]

The goal is 45 dB. Weights are random, or like trained ones: heavy-tailed scales of inputs and outputs, biases, noise.
A picture is brought to a standard deviation of 0.5 first, which is about that of trained networks' pictures; those of
random ones are far beyond white and black. On a CPU without units for it, low precision is slow but the same numbers.
"""

from __future__ import annotations

import argparse
import math

import torch
from torch import Tensor

from renderer.generators.load import DTYPES
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.untrained import stylegan2
from renderer.levels import to_uint8

GOAL = 45.0
SPREAD = 0.5  # standard deviation of a picture in -1..1


def trained_like(network: StyleGAN2, seed: int) -> StyleGAN2:
    """Give a network scales over two orders of magnitude, biases, and noise that is seen."""
    source = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=source)

    for name, value in network.named_parameters():
        if name.endswith(("conv0.weight", "conv1.weight")):
            value.mul_(torch.exp(0.8 * normal(len(value), 1, 1, 1)) * torch.exp(0.8 * normal(1, value.shape[1], 1, 1)))
        elif name.endswith(("conv0.bias", "conv1.bias")):
            value.copy_(0.3 * normal(*value.shape))
        elif name.endswith("affine.bias"):
            value.copy_(1 + 0.3 * normal(*value.shape))
        elif name.endswith("noise_strength"):
            value.fill_(0.1 * math.exp(float(normal(1))))
    return network


def psnr(one: Tensor, two: Tensor) -> float:
    """Return the peak signal-to-noise ratio of two pictures in -1..1 after rounding to uint8, in dB."""
    first, second = (torch.from_numpy(to_uint8(picture.clone())).double() for picture in (one, two))
    return float(10 * torch.log10(255**2 / (first - second).square().mean().clamp_min(1e-12)))


@torch.no_grad()
def measure(network: StyleGAN2, dtype: str, seeds: int) -> list[float]:
    """Return the PSNR of some seeds' pictures."""
    found = []
    for seed in range(seeds):
        z = torch.randn(1, network.z_dim, generator=torch.Generator().manual_seed(seed))
        ws = network.mapping(z, truncation_psi=0.7)
        exact = network.use_dtype(torch.float32).synthesis(ws)
        fast = network.use_dtype(DTYPES[dtype]).synthesis(ws)
        scale = SPREAD / exact.std()
        found.append(psnr(exact * scale, fast * scale))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("resolutions", nargs="*", type=int, default=[64, 128, 256])
    parser.add_argument("--dtype", action="append", choices=["bf16", "fp16"])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'px':>5} {'weights':14} {'dtype':6} {'worst dB':>9} {'mean dB':>9}")
    for resolution in options.resolutions:
        for weights in ("random", "trained-like"):
            network = stylegan2(resolution).eval().requires_grad_(False)
            network = trained_like(network, 5) if weights == "trained-like" else network
            for dtype in options.dtype or ["bf16", "fp16"]:
                found = measure(network, dtype, options.seeds)
                short = "" if min(found) >= GOAL else f"  below {GOAL:g}"
                mean = sum(found) / len(found)
                print(f"{resolution:5} {weights:14} {dtype:6} {min(found):9.1f} {mean:9.1f}{short}", flush=True)


if __name__ == "__main__":
    main()
