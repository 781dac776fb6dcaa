"""StyleGAN checkpoints of the InterFaceGAN code (`.pth`), and what all layouts of StyleGAN share."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from renderer.generators.checkpoint import Contents, Format, filled
from renderer.generators.layout import Entry, count, drawn_noise, gather, mean_w, plain_taps
from renderer.generators.networks.stylegan1 import StyleGAN1, StyleGAN1Config
from renderer.generators.pickle_machine import Damage, Refusal, shown

MAX_BLOCKS = 12
# model-specific coefficients, the filter that is part of the config, and the image layers of lower resolutions
PASSED_OVER = r"truncation\.truncation|synthesis\.lod|.*\.blur\.kernel|synthesis\.output\d+\.(conv\.weight|bias)"


def detect(contents: Contents) -> bool:
    """Tell the format by its keys."""
    return "synthesis.layer0.first_layer" in contents.state


def load(contents: Contents) -> StyleGAN1:
    """Return the network; raise Refusal or Damage where its tensors do not fit together."""
    blocks = block_count(count(contents, r"synthesis\.layer\d+\.epilogue\.bias") // 2)
    lod = lod_of(contents, ("synthesis.lod",), blocks)
    state = gather(contents, table(contents, blocks, lod), PASSED_OVER)
    return assembled(state, lod=lod, blur_filter=blur_taps(contents))


def block_count(found: int) -> int:
    """Return how many resolutions there are from 4 pixels up; raise Damage for a number no network has."""
    if not 1 <= found <= MAX_BLOCKS:
        raise Damage(f"it has layers for {found} resolutions, expected 1 to {MAX_BLOCKS}")
    return found


def layers(blocks: int) -> Iterator[tuple[int, int, str]]:
    """Yield the index, the resolution and our name of each layer: b4.const, b4.conv1, b8.conv0, b8.conv1, ..."""
    for index in range(2 * blocks):
        resolution = 4 << index // 2
        yield index, resolution, f"b{resolution}.{'const' if index == 0 else f'conv{index % 2}'}"


def used_images(blocks: int, lod: float) -> list[int]:
    """Return the indices of the blocks whose image layer is used."""
    return sorted({blocks - 1 - math.floor(lod), blocks - 1 - math.ceil(lod)})


def table(contents: Contents, blocks: int, lod: float) -> dict[str, Entry]:
    """Return where each of our tensors stands in the file."""
    entries = {}
    if "truncation.w_avg" in contents.state:
        entries["w_avg"] = Entry("truncation.w_avg", 1)
    for index in range(count(contents, r"mapping\.dense\d+\.linear\.weight")):
        entries[f"mapping_network.fc{index}.weight"] = Entry(f"mapping.dense{index}.linear.weight", 2)
        entries[f"mapping_network.fc{index}.bias"] = Entry(f"mapping.dense{index}.wscale.bias", 1)
    has_maps = count(contents, r".*\.apply_noise\.noise") > 0
    for index, _, name in layers(blocks):
        own, source = f"synthesis_network.{name}", f"synthesis.layer{index}"
        if index == 0:
            entries[f"{own}.value"] = Entry(f"{source}.first_layer", 4, ones=1)
        elif f"{source}.weight" in contents.state:
            entries[f"{own}.weight"] = Entry(f"{source}.weight", 4, change=fused)
        else:
            entries[f"{own}.weight"] = Entry(f"{source}.conv.weight", 4)
        entries[f"{own}.bias"] = Entry(f"{source}.epilogue.bias", 1)
        entries[f"{own}.affine.weight"] = Entry(f"{source}.epilogue.style_mod.dense.linear.weight", 2)
        entries[f"{own}.affine.bias"] = Entry(f"{source}.epilogue.style_mod.dense.wscale.bias", 1)
        entries[f"{own}.noise_strength"] = Entry(f"{source}.epilogue.apply_noise.weight", 1)
        if has_maps:
            entries[f"{own}.noise_const"] = Entry(f"{source}.epilogue.apply_noise.noise", 4, ones=2)
    for index in used_images(blocks, lod):
        entries[f"synthesis_network.b{4 << index}.torgb.weight"] = Entry(f"synthesis.output{index}.conv.weight", 4)
        entries[f"synthesis_network.b{4 << index}.torgb.bias"] = Entry(f"synthesis.output{index}.bias", 1)
    return entries


def unfused(weight: Tensor) -> Tensor:
    """Return a convolution weight [kh, kw, I, O] of TensorFlow as [O, I, kh, kw]."""
    return weight.permute(3, 2, 0, 1)


def fused(weight: Tensor) -> Tensor:
    """Return the weight [kh, kw, I, O] of an upsampling that is one transposed convolution as [O, I, kh, kw].

    It is that of a convolution after repeating each pixel, mirrored along both axes.
    """
    return unfused(weight).flip(2, 3)


def lod_of(contents: Contents, where: tuple[str, ...], blocks: int) -> float:
    """Return how many doublings the network still lacks, by the first name of these that there is; 0 without one."""
    name = next((name for name in where if name in contents.state), None)
    if name is None:
        return 0.0
    value = contents.state[name]
    if value.numel() != 1:
        raise Damage(f"{shown(name)} has the shape {list(value.shape)}, expected one number")
    lod = float(value)
    if not 0 <= lod <= blocks - 1:
        raise Damage(f"its lod is {lod:.6g}, expected 0 to {blocks - 1}")
    return lod


def blur_taps(contents: Contents) -> tuple[float, ...]:
    """Return the taps of the one separable blur, stored once a channel as [C, 1, K, K] or once as [1, 1, K, K]."""
    kernels: dict[str, Tensor] = {}
    for name, value in contents.state.items():
        if re.fullmatch(r".*\.(blur|intermediate)\.kernel", name):
            if value.ndim != 4 or value.numel() == 0 or value.shape[1] != 1:
                raise Damage(f"{shown(name)} has the shape {list(value.shape)}, expected [C, 1, K, K]")
            if not bool((value == value[:1]).all()):
                raise Refusal("its channels are blurred by different filters")
            kernels[name] = value[0, 0]
    return plain_taps(kernels, (1, 2, 1))


def assembled(state: dict[str, Tensor], **options: Any) -> StyleGAN1:
    """Return a network with these tensors, by our names; raise Damage where they do not fit together.

    options  of StyleGAN1Config, those that shapes do not tell.
    Noise maps that the file lacks are drawn from fixed seeds; without `w_avg` truncation is towards the mean of
    4096 fixed z.
    """
    config = config_of(state, options)
    if config.use_noise:
        for index, resolution, name in layers(len(config.channels)):
            if f"synthesis_network.{name}.noise_const" not in state:
                state[f"synthesis_network.{name}.noise_const"] = drawn_noise(index, resolution)
    has_center = "w_avg" in state
    if not has_center and config.c_dim:
        raise Damage("it has labels but no dlatent_avg, the centre of truncation")
    state.setdefault("w_avg", torch.zeros(config.w_dim))
    network = filled(lambda: StyleGAN1(config), state)
    if not has_center:
        network.w_avg.copy_(mean_w(network.mapping_network, config.z_dim))
    return network


def config_of(state: dict[str, Tensor], options: dict[str, Any]) -> StyleGAN1Config:
    """Return the config that the shapes of our tensors describe."""
    depth = sum(name.startswith("mapping_network.fc") for name in state) // 2
    if depth == 0:
        raise Damage("it holds an incomplete network: there is no mapping")
    widths = tuple(len(state[f"mapping_network.fc{index}.weight"]) for index in range(depth))
    label = state.get("mapping_network.label")  # [c_dim, z_dim]
    blocks = sum(name.endswith(".conv1.weight") for name in state)
    images = next(value for name, value in state.items() if name.endswith(".torgb.weight"))
    try:
        return StyleGAN1Config(
            z_dim=state["mapping_network.fc0.weight"].shape[1] - (0 if label is None else label.shape[1]),
            c_dim=0 if label is None else len(label),
            w_dim=widths[-1],
            img_resolution=4 << (blocks - 1),
            img_channels=len(images),
            channels=tuple(len(state[f"synthesis_network.b{4 << i}.conv1.weight"]) for i in range(blocks)),
            mapping_widths=widths,
            use_noise=any(name.endswith(".noise_strength") for name in state),
            **options,
        )
    except ValueError as error:
        raise Damage(str(error)) from error


FORMAT = Format("a StyleGAN1 checkpoint of the InterFaceGAN code", detect, load)
