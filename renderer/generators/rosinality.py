"""StyleGAN2 checkpoints of the rosinality code (`stylegan2-pytorch`), from training or converted from TensorFlow.

The network is ours of StyleGAN2 with skip connections, without labels and clamp; only the names differ.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from renderer.generators.checkpoint import Contents, Format, filled
from renderer.generators.layout import Entry, count, drawn_noise, gather, mean_w, plain_taps
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.pickle_machine import Damage

KERNELS = r".*\.kernel"  # the same filter in every layer; its gain of 4 is part of our upsampling
MAX_BLOCKS = 12


def detect(contents: Contents) -> bool:
    """Tell the format by its keys."""
    return "convs.0.conv.weight" in contents.state


def load(contents: Contents) -> StyleGAN2:
    """Return the network; raise Refusal or Damage where its tensors do not fit together.

    Noise maps that the file lacks are drawn from fixed seeds. Without `latent_avg` truncation is towards the mean of
    4096 fixed z, as the code does it with random ones. The learning rate of the mapping, which no file states, is
    the 0.01 of the code.
    """
    resolutions = [4 << index for index in range(block_count(contents))]
    state = gather(contents, table(contents, resolutions), rf"{KERNELS}|latent_avg")
    layers = [name for name in state if name.endswith(".noise_strength")]
    for index, name in enumerate(layers):
        map_name = name.replace("noise_strength", "noise_const")
        if map_name not in state:
            state[map_name] = drawn_noise(index, resolutions[(index + 1) // 2])
    config = config_of(contents, state, resolutions)
    center = latent_avg(contents.whole, config.w_dim)
    state["w_avg"] = torch.zeros(config.w_dim) if center is None else center
    generator = filled(lambda: StyleGAN2(config), state)
    if center is None:
        generator.w_avg.copy_(mean_w(generator.mapping_network, config.z_dim))
    return generator


def block_count(contents: Contents) -> int:
    """Return how many resolutions there are from 4 pixels up: one more than image layers in `to_rgbs`."""
    blocks = 1 + count(contents, r"to_rgbs\.\d+\.conv\.weight")
    if blocks > MAX_BLOCKS:
        raise Damage(f"it has image layers for {blocks} resolutions, more than the {MAX_BLOCKS} a network can have")
    return blocks


def table(contents: Contents, resolutions: list[int]) -> dict[str, Entry]:
    """Return where each of our tensors stands in the file."""
    entries = {"synthesis_network.b4.const": Entry("input.input", 4, ones=1)}
    for index in range(count(contents, r"style\.\d+\.weight")):  # style.0 is the normalisation
        entries[f"mapping_network.fc{index}.weight"] = Entry(f"style.{index + 1}.weight", 2)
        entries[f"mapping_network.fc{index}.bias"] = Entry(f"style.{index + 1}.bias", 1)
    convolutions = {"b4.conv1": "conv1"}
    images = {"b4.torgb": "to_rgb1"}
    for index, size in enumerate(resolutions[1:]):
        convolutions |= {f"b{size}.conv0": f"convs.{2 * index}", f"b{size}.conv1": f"convs.{2 * index + 1}"}
        images[f"b{size}.torgb"] = f"to_rgbs.{index}"
    has_maps = count(contents, r"noises\..*") > 0
    for index, (name, source) in enumerate(convolutions.items()):
        own = f"synthesis_network.{name}"
        entries |= modulated(own, source)
        entries[f"{own}.bias"] = Entry(f"{source}.activate.bias", 1)
        entries[f"{own}.noise_strength"] = Entry(f"{source}.noise.weight", 1, ones=1)
        if has_maps:
            entries[f"{own}.noise_const"] = Entry(f"noises.noise_{index}", 4, ones=2)
    for name, source in images.items():
        own = f"synthesis_network.{name}"
        entries |= modulated(own, source)
        entries[f"{own}.bias"] = Entry(f"{source}.bias", 4, ones=1, change=lambda bias: bias.flatten())
    return entries


def modulated(own: str, source: str) -> dict[str, Entry]:
    """Return where the weight [1, O, I, k, k] of a convolution and the layer that modulates it stand."""
    return {
        f"{own}.weight": Entry(f"{source}.conv.weight", 5, ones=1),
        f"{own}.affine.weight": Entry(f"{source}.conv.modulation.weight", 2),
        f"{own}.affine.bias": Entry(f"{source}.conv.modulation.bias", 1),
    }


def config_of(contents: Contents, state: dict[str, Tensor], resolutions: list[int]) -> StyleGAN2Config:
    """Return the config that the shapes of our tensors describe."""
    depth = sum(name.startswith("mapping_network.") for name in state) // 2
    if depth == 0:
        raise Damage("it holds an incomplete network: style.1.weight is missing")
    widths = tuple(len(state[f"mapping_network.fc{index}.weight"]) for index in range(depth))
    kernels = {name: value for name, value in contents.state.items() if name.endswith(".kernel")}
    try:
        return StyleGAN2Config(
            z_dim=state["mapping_network.fc0.weight"].shape[1],
            c_dim=0,
            w_dim=widths[-1],
            img_resolution=resolutions[-1],
            img_channels=len(state["synthesis_network.b4.torgb.weight"]),
            channels=tuple(len(state[f"synthesis_network.b{size}.conv1.weight"]) for size in resolutions),
            mapping_widths=widths,
            resample_filter=plain_taps(kernels, (1, 3, 3, 1)),
        )
    except ValueError as error:
        raise Damage(str(error)) from error


def latent_avg(whole: Any, w_dim: int) -> Tensor | None:
    """Return the centre of truncation [w_dim] beside the network, given as [w_dim] or one a layer; None without one.

    Where the layers have different ones, it is their mean.
    """
    value = whole.get("latent_avg") if isinstance(whole, dict) else None
    if value is None:
        return None
    if not isinstance(value, Tensor) or not value.is_floating_point() or value.ndim not in (1, 2):
        raise Damage("its latent_avg is no tensor of one or two dimensions")
    if value.shape[-1] != w_dim or len(value) == 0:
        raise Damage(f"its latent_avg has the shape {list(value.shape)}, expected [{w_dim}] or [num_ws, {w_dim}]")
    rows = value.reshape(-1, w_dim)
    return rows[0] if bool((rows == rows[0]).all()) else rows.mean(dim=0)


FORMAT = Format("a StyleGAN2 checkpoint of the rosinality code", detect, load)
