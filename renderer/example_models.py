"""Two tiny networks of random weights, for examples of effects that want a model with weights, or two."""

from __future__ import annotations

from pathlib import Path

from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.safetensors_format import save_safetensors

MODELS = ("model.safetensors", "other.safetensors")
SIDE = 64


def write_models(folder: Path) -> None:
    """Write a StyleGAN2 of 64 pixels, and another of the same shape."""
    for seed, name in enumerate(MODELS):
        config = StyleGAN2Config(
            z_dim=32,
            c_dim=0,
            w_dim=32,
            img_resolution=SIDE,
            img_channels=3,
            channels=(32,) * 5,
            mapping_widths=(32, 32),
        )
        network = StyleGAN2(config).randomize(seed)
        for part, parameter in network.named_parameters():  # untrained networks are noisy and too bright by far
            layer, _, kind = part.rpartition(".")
            parameter.data.mul_(0.1 if kind == "noise_strength" else 0.2 if layer.endswith("torgb") else 1)
        save_safetensors(network, folder / name)
