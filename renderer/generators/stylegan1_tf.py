"""StyleGAN pickles of NVIDIA's TensorFlow code (`stylegan`), read without TensorFlow."""

from __future__ import annotations

import math
from typing import Any

from renderer.generators.checkpoint import Contents, Format
from renderer.generators.layout import Entry, count, gather
from renderer.generators.networks.stylegan1 import StyleGAN1
from renderer.generators.pickle_machine import Damage, Refusal, shown
from renderer.generators.stylegan1 import assembled, block_count, fused, layers, lod_of, unfused, used_images
from renderer.generators.stylegan2_ada import positive, shown_number

FUSED_FROM = 128  # pixels that an upsampling makes from which on it is one transposed convolution, by default
PASSED_OVER = r"(synthesis/)?lod|synthesis/ToRGB_lod\d+/(weight|bias)"  # image layers of lower resolutions
# what our network always does; files say so only if their author chose something else
ALWAYS: dict[str, Any] = {
    "normalize_latents": True,
    "use_wscale": True,
    "use_instance_norm": True,
    "use_pixel_norm": False,
    "use_styles": True,
    "const_input_layer": True,
    "nonlinearity": "lrelu",
    "mapping_nonlinearity": "lrelu",
}


def detect(contents: Contents) -> bool:
    """Tell the format by its variables."""
    return any("/StyleMod/" in name for name in contents.state)


def load(contents: Contents) -> StyleGAN1:
    """Return the network; raise Refusal or Damage where its variables and arguments do not fit together."""
    check_arguments(contents)
    blocks = block_count(count(contents, r"synthesis/\d+x\d+/Conv1/weight") + 1)
    lod = lod_of(contents, ("lod", "synthesis/lod"), blocks)
    state = gather(contents, table(contents, blocks, lod), PASSED_OVER)
    network = assembled(
        state,
        lod=lod,
        blur_filter=blur_taps(contents.kwargs.get("blur_filter", (1, 2, 1))),
        mapping_lr_multiplier=positive(contents.kwargs.get("mapping_lrmul", 0.01), "its mapping learning rate"),
    )
    compare(contents, network)
    return network


def table(contents: Contents, blocks: int, lod: float) -> dict[str, Entry]:
    """Return where each of our tensors stands in the file."""
    entries = {}
    if "dlatent_avg" in contents.state:
        entries["w_avg"] = Entry("dlatent_avg", 1)
    if "mapping/LabelConcat/weight" in contents.state:
        entries["mapping_network.label"] = Entry("mapping/LabelConcat/weight", 2)
    for index in range(count(contents, r"mapping/Dense\d+/weight")):
        entries |= dense(f"mapping_network.fc{index}", f"mapping/Dense{index}")
    has_noise = count(contents, r"synthesis/.*/Noise/weight") > 0
    has_maps = count(contents, r"synthesis/noise\d+") > 0
    for index, resolution, name in layers(blocks):
        own = f"synthesis_network.{name}"
        kind = ("Const", "Conv")[index] if index < 2 else ("Conv0_up", "Conv1")[index % 2]
        source = f"synthesis/{resolution}x{resolution}/{kind}"
        if index == 0:
            entries[f"{own}.value"] = Entry(f"{source}/const", 4, ones=1)
        else:
            is_fused = kind == "Conv0_up" and fuses(contents, resolution)
            entries[f"{own}.weight"] = Entry(f"{source}/weight", 4, change=fused if is_fused else unfused)
        entries[f"{own}.bias"] = Entry(f"{source}/bias", 1)
        entries |= dense(f"{own}.affine", f"{source}/StyleMod")
        if has_noise:
            entries[f"{own}.noise_strength"] = Entry(f"{source}/Noise/weight", 1)
        if has_noise and has_maps:
            entries[f"{own}.noise_const"] = Entry(f"synthesis/noise{index}", 4, ones=2)
    for index in used_images(blocks, lod):
        own, source = f"synthesis_network.b{4 << index}.torgb", f"synthesis/ToRGB_lod{blocks - 1 - index}"
        entries[f"{own}.weight"] = Entry(f"{source}/weight", 4, change=unfused)
        entries[f"{own}.bias"] = Entry(f"{source}/bias", 1)
    return entries


def dense(own: str, source: str) -> dict[str, Entry]:
    """Return where a fully connected layer stands; its weight is [inputs, outputs] there."""
    return {
        f"{own}.weight": Entry(f"{source}/weight", 2, change=lambda weight: weight.t()),
        f"{own}.bias": Entry(f"{source}/bias", 1),
    }


def fuses(contents: Contents, resolution: int) -> bool:
    """Tell whether the upsampling to a resolution is one transposed convolution."""
    rule = contents.kwargs.get("fused_scale", "auto")
    if rule not in ("auto", True, False):
        raise Damage(f"its fused_scale is {shown(rule)}, expected auto, True or False")
    return resolution >= FUSED_FROM if rule == "auto" else bool(rule)


def blur_taps(given: Any) -> tuple[float, ...]:
    """Return the taps of the blur; None and an empty list mean that there is none."""
    if given is None:
        return ()
    numbers = isinstance(given, (list, tuple)) and all(type(tap) in (int, float) for tap in given)
    if not numbers or not all(math.isfinite(tap) for tap in given):
        raise Damage(f"its blur_filter is {shown(given)}, expected a list of numbers")
    return tuple(map(float, given))


def check_arguments(contents: Contents) -> None:
    """Raise Refusal where the network was made in a way that ours has no counterpart of."""
    for name, usual in ALWAYS.items():
        given = contents.kwargs.get(name, usual)
        if given != usual or type(given) is not type(usual):
            value = shown(given) if isinstance(given, str) else shown_number(given)
            value = str(given) if type(given) is bool else value
            raise Refusal(f"its constructor was given {name} {value}; only {usual} is opened")


def compare(contents: Contents, network: StyleGAN1) -> None:
    """Raise Damage where the constructor arguments contradict the shapes of the variables."""
    config = network.config
    found = {
        "resolution": config.img_resolution,
        "num_channels": config.img_channels,
        "latent_size": config.z_dim,
        "dlatent_size": config.w_dim,
        "label_size": config.c_dim,
    }
    for name, number in found.items():
        given = contents.kwargs.get(name)
        if given is not None and given != number:
            raise Damage(f"its constructor was given {name} {shown_number(given)}, but its variables have {number}")


FORMAT = Format("a StyleGAN1 checkpoint of the TensorFlow code", detect, load)
