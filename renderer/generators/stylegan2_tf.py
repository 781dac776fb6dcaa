"""StyleGAN2 pickles of NVIDIA's TensorFlow code, stylegan2 and stylegan2-ada, read without TensorFlow.

The variables are renamed, and brought to the orientation that torch convolves in; from there on the file is read
as one of the torch code.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from renderer.generators import stylegan2_ada
from renderer.generators.checkpoint import Contents, Format, filled
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.pickle_machine import Damage, Refusal, shown

CONFIGS_B_TO_D = "a StyleGAN2 network of the configs B to D (progressive growing); only E and F are opened"
LAYERS = {"Conv": "conv1", "Conv0_up": "conv0", "Conv1": "conv1", "ToRGB": "torgb", "Skip": "skip"}
PARTS = {"weight": "weight", "bias": "bias", "mod_weight": "affine.weight", "mod_bias": "affine.bias"}
SIZES = {
    "latent_size": "z_dim",
    "label_size": "c_dim",
    "dlatent_size": "w_dim",
    "resolution": "img_resolution",
    "num_channels": "img_channels",
}
SYNTHESIS = {
    "architecture": "architecture",
    "nonlinearity": "activation",
    "num_fp16_res": "num_fp16_res",
    "conv_clamp": "conv_clamp",
}
READ_OFF_SHAPES = {"fmap_base", "fmap_decay", "fmap_min", "fmap_max", "mapping_layers", "mapping_fmaps", "label_fmaps"}
WITHOUT_EFFECT = {  # on one image at full resolution, whose truncation the scene decides
    *("truncation_psi", "truncation_cutoff", "truncation_psi_val", "truncation_cutoff_val", "dlatent_avg_beta"),
    *("style_mixing_prob", "structure", "conditioning", "fused_modconv", "w_avg_beta", "dtype", "randomize_noise"),
    *("is_training", "is_validation", "return_dlatents", "is_template_graph", "mapping_func", "force_clean_graph"),
    *("use_noise", "dlatent_broadcast", "func_name"),
}


def detect(contents: Contents) -> bool:
    """Tell the format by its variables; StyleGAN1's, which has a constant too, by its style modulation."""
    return "synthesis/4x4/Const/const" in contents.state and "synthesis/4x4/Const/StyleMod/weight" not in contents.state


def load(contents: Contents) -> StyleGAN2:
    """Return the network; raise Refusal for variants with other layers, Damage where variables do not fit together."""
    check_arguments(contents)
    torch_like = converted(contents)
    label_concat = "mapping/LabelConcat/weight" in contents.state
    config = replace(stylegan2_ada.config_of(torch_like), label_concat=label_concat)
    return filled(lambda: StyleGAN2(config), stylegan2_ada.own_state(torch_like))


def check_arguments(contents: Contents) -> None:
    """Raise Refusal for a network that these arguments make another than the one built here."""
    given = contents.kwargs
    progressive = any("ToRGB_lod" in name for name in contents.state)
    if progressive or given.get("synthesis_func", "G_synthesis") not in ("G_synthesis", "G_synthesis_stylegan2"):
        raise Refusal(f"it is {CONFIGS_B_TO_D}")
    if "synthesis/4x4/Conv/mod_weight" not in contents.state:
        raise Damage("it holds an incomplete network: synthesis/4x4/Conv/mod_weight is missing")
    known = {*SIZES, *SYNTHESIS, *READ_OFF_SHAPES, *WITHOUT_EFFECT}
    known |= {"mapping_lrmul", "mapping_nonlinearity", "resample_kernel", "normalize_latents", "synthesis_func"}
    for name in given:
        if name not in known:
            raise Refusal(f"its constructor was given {shown(name)}, of which nothing is known here")
    if given.get("normalize_latents", True) is not True:
        raise Refusal("its latents are not normalised")


def converted(contents: Contents) -> Contents:
    """Return the contents as the torch code would have written them."""
    given = contents.kwargs
    pairs = [(name, value) for name, value in map(renamed, contents.state.items()) if name]
    state = dict(pairs)
    if len(state) < len(pairs):
        raise Damage("two of its variables stand for the same layer")
    if "mapping/LabelConcat/weight" in contents.state:
        state |= label_concat(state["mapping.embed.weight"])
    state |= noise_maps(contents, state)
    kernel = given.get("resample_kernel")
    if kernel is not None:
        state["synthesis.b4.resample_filter"] = taps(kernel)
    lr_multiplier = given.get("mapping_lrmul", 0.01)
    dense = {"activation": given.get("mapping_nonlinearity", "lrelu"), "bias_gain": lr_multiplier}
    synthesis = {ours: given[theirs] for theirs, ours in SYNTHESIS.items() if theirs in given}
    sizes: dict[str, Any] = {ours: given[theirs] for theirs, ours in SIZES.items() if theirs in given}
    return Contents(state, "tf", sizes | {"synthesis_kwargs": synthesis}, {"mapping.fc0": dense}, whole=contents.whole)


def renamed(variable: tuple[str, Tensor]) -> tuple[str, Tensor]:
    """Return a variable by its name in the torch code and in that orientation; "" stands for none."""
    name, value = variable
    if name == "dlatent_avg":
        return "mapping.w_avg", value
    if match := re.fullmatch(r"mapping/(Dense\d{1,3}|LabelEmbed|LabelConcat)/(weight|bias)", name):
        layer = match[1].replace("Dense", "fc") if match[1].startswith("Dense") else "embed"
        return f"mapping.{layer}.{match[2]}", turned(name, value) if match[2] == "weight" else value
    if name == "synthesis/4x4/Const/const":
        return "synthesis.b4.const", first(name, value, 4)
    match = re.fullmatch(r"synthesis/(\d{1,6})x\1/(\w{1,20})/(\w{1,20})", name)
    if match and match[2] in LAYERS and match[3] in {*PARTS, "noise_strength"}:
        own = f"synthesis.b{match[1]}.{LAYERS[match[2]]}.{PARTS.get(match[3], match[3])}"
        return own, oriented(name, match[2], match[3], value)
    if name == "lod" or re.fullmatch(r"synthesis/noise\d{1,3}", name):
        return "", value
    return name, value  # `filled` says which variables it has no use for


def oriented(name: str, layer: str, part: str, value: Tensor) -> Tensor:
    """Return a variable of a convolution as torch has it."""
    if part == "weight":
        if value.ndim != 4:
            raise Damage(f"{name} has the shape {list(value.shape)}, expected 4 dimensions")
        value = value.flip(0, 1) if layer == "Conv0_up" else value
        return value.permute(3, 2, 0, 1).contiguous()  # [kh, kw, I, O] to [O, I, kh, kw]
    if part == "mod_weight":
        return turned(name, value)
    return value + 1 if part == "mod_bias" else value


def turned(name: str, value: Tensor) -> Tensor:
    """Return a matrix [inputs, outputs] as [outputs, inputs]."""
    if value.ndim != 2:
        raise Damage(f"{name} has the shape {list(value.shape)}, expected 2 dimensions")
    return value.t().contiguous()


def first(name: str, value: Tensor, dims: int) -> Tensor:
    """Return the only item of a batch."""
    if value.ndim != dims or value.shape[0] != 1:
        raise Damage(f"{name} has the shape {list(value.shape)}, expected {dims} dimensions, the first of them 1")
    return value[0]


def label_concat(weight: Tensor) -> dict[str, Tensor]:
    """Return the embedding of labels [embed, c_dim] of the code before ADA, which has neither gain nor bias.

    The gain that an embedding gets here is taken out of the weight, [embed, c_dim].
    """
    return {
        "mapping.embed.weight": weight * math.sqrt(weight.shape[1]),
        "mapping.embed.bias": weight.new_zeros(weight.shape[0]),
    }


def noise_maps(contents: Contents, state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the noise maps of the layers that have a noise strength, each [R, R]."""
    found = {}
    for name in state:
        if match := re.fullmatch(r"(synthesis\.b(\d+)\.conv([01]))\.noise_strength", name):
            index = 2 * (int(match[2]).bit_length() - 1) - 5 + int(match[3])
            stored = f"synthesis/noise{index}"
            contents.shape(stored, 4)
            found[f"{match[1]}.noise_const"] = first(stored, first(stored, contents.state[stored], 4), 3)
    return found


def taps(kernel: Any) -> Tensor:
    """Return the resampling filter, given as a list of taps or of rows."""
    rows = kernel if isinstance(kernel, (list, tuple)) else [kernel]
    flat = [item for row in rows for item in (row if isinstance(row, (list, tuple)) else [row])]
    if len(flat) > 4096 or any(type(item) not in (int, float) for item in flat):
        raise Damage("its resample_kernel is not made of numbers")
    return torch.tensor(rows, dtype=torch.float32)


FORMAT = Format("a StyleGAN2 checkpoint of the TensorFlow code", detect, load)
