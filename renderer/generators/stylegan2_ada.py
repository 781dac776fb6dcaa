"""StyleGAN2 pickles of NVIDIA's torch code: stylegan2-ada-pytorch, and the same network in the stylegan3 code."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch import Tensor

from renderer.generators.checkpoint import Contents, Format, filled
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.pickle_machine import Damage, Refusal, shown

ADA_DEFAULTS: dict[str, Any] = {"num_fp16_res": 0, "conv_clamp": None}
SG3_CODE_DEFAULTS: dict[str, Any] = {"num_fp16_res": 4, "conv_clamp": 256}  # synthesis arguments given flat


def detect(contents: Contents) -> bool:
    """Tell the format by its keys."""
    return "synthesis.b4.const" in contents.state and "mapping.fc0.weight" in contents.state


def load(contents: Contents) -> StyleGAN2:
    """Return the network; raise Refusal or Damage where its tensors and constructor do not fit together."""
    config = config_of(contents)
    return filled(lambda: StyleGAN2(config), own_state(contents))


def own_state(contents: Contents) -> dict[str, Tensor]:
    """Return the tensors by our names; the filters are part of the config."""
    state = {}
    for name, value in contents.state.items():
        if not name.endswith("resample_filter"):
            own = re.sub(r"^(mapping|synthesis)\.", r"\1_network.", name)
            state["w_avg" if name == "mapping.w_avg" else own] = value
    return state


def config_of(contents: Contents) -> StyleGAN2Config:
    """Return the config that tensor shapes, attributes and constructor arguments describe together."""
    resolutions = block_resolutions(contents)
    last = f"synthesis.b{resolutions[-1]}"
    widths = mapping_widths(contents)
    c_dim = contents.shape("mapping.embed.weight", 2)[1] if "mapping.embed.weight" in contents.state else 0
    embed = contents.shape("mapping.embed.weight", 2)[0] if c_dim else 0
    conv, dense = "synthesis.b4.conv1", "mapping.fc0"
    given = synthesis_arguments(contents)
    try:
        config = StyleGAN2Config(
            z_dim=contents.shape("mapping.fc0.weight", 2)[1] - embed,
            c_dim=c_dim,
            w_dim=contents.shape("mapping.w_avg", 1)[0],
            img_resolution=resolutions[-1],
            img_channels=contents.shape(f"{last}.torgb.weight", 4)[0],
            channels=tuple(contents.shape(f"synthesis.b{size}.conv1.weight", 4)[0] for size in resolutions),
            mapping_widths=widths,
            embed_features=embed,
            mapping_activation=contents.attribute(dense, "activation", "lrelu"),
            mapping_lr_multiplier=positive(contents.attribute(dense, "bias_gain", 0.01), "its mapping learning rate"),
            architecture=architecture(contents, resolutions),
            activation=contents.attribute(conv, "activation", given.get("activation", "lrelu")),
            conv_clamp=clamp(contents.attribute(conv, "conv_clamp", given["conv_clamp"])),
            use_noise=f"{conv}.noise_const" in contents.state,
            resample_filter=filter_taps(contents),
            num_fp16_res=low_precision_blocks(contents, resolutions, given["num_fp16_res"]),
        )
    except ValueError as error:
        raise Damage(str(error)) from error
    compare(contents, config)
    return config


def compare(contents: Contents, config: StyleGAN2Config) -> None:
    """Raise Damage where the constructor arguments contradict the shapes of the tensors."""
    for name in ("z_dim", "c_dim", "w_dim", "img_resolution", "img_channels"):
        given, found = contents.kwargs.get(name), getattr(config, name)
        if given is not None and given != found:
            raise Damage(f"its constructor was given {name} {shown_number(given)}, but its tensors have {found}")
    given = synthesis_arguments(contents).get("architecture")
    if given is not None and given != config.architecture and config.img_resolution > 4:
        raise Damage(f"its constructor was given {shown(given)} layers, but its tensors are {config.architecture}")


def shown_number(value: Any) -> str:
    """Return a number from a file for a message."""
    return str(value) if type(value) in (int, float) and abs(value) < 1e12 else f"a {type(value).__name__}"


def synthesis_arguments(contents: Contents) -> dict[str, Any]:
    """Return the arguments of the synthesis network over the defaults of the code that wrote the file."""
    nested = contents.kwargs.get("synthesis_kwargs")
    flat = {key: value for key, value in contents.kwargs.items() if not key.endswith("_kwargs")}
    blocks = contents.modules.get("synthesis.b4", {})
    is_sg3_code = not isinstance(nested, dict) and (
        "channel_base" in flat or "fused_modconv_default" in {**flat, **blocks}
    )
    defaults = SG3_CODE_DEFAULTS if is_sg3_code else ADA_DEFAULTS
    return {**defaults, **flat, **(nested if isinstance(nested, dict) else {})}


def block_resolutions(contents: Contents) -> list[int]:
    """Return 4, 8, ... for the blocks that are there."""
    matches = (re.match(r"synthesis\.b(\d{1,6})\.", name) for name in contents.state)
    found = sorted({int(match[1]) for match in matches if match})
    if found != [4 << index for index in range(len(found))]:
        raise Damage(f"it has blocks for {found[:12]} pixels, expected 4, 8, 16 and so on without a gap")
    return found


def mapping_widths(contents: Contents) -> tuple[int, ...]:
    """Return the output width of each mapping layer."""
    layers = [name for name in contents.state if re.fullmatch(r"mapping\.fc\d+\.weight", name)]
    return tuple(contents.shape(f"mapping.fc{index}.weight", 2)[0] for index in range(len(layers)))


def architecture(contents: Contents, resolutions: list[int]) -> Any:
    """Return which of the three architectures the keys belong to."""
    if any(name.endswith(".skip.weight") for name in contents.state):
        return "resnet"
    return "skip" if "synthesis.b4.torgb.weight" in contents.state else "orig"


def positive(value: Any, what: str) -> float:
    """Return a finite positive number from a file."""
    if type(value) not in (int, float) or not math.isfinite(value) or value <= 0:
        raise Damage(f"{what} is {shown_number(value)}, expected a positive number")
    return float(value)


def clamp(value: Any) -> float | None:
    """Return the clamp of the convolutions."""
    return None if value is None else positive(value, "its conv_clamp")


def low_precision_blocks(contents: Contents, resolutions: list[int], default: Any) -> int:
    """Return how many of the highest resolutions were trained in float16."""
    marked = [contents.attribute(f"synthesis.b{size}", "use_fp16", None) for size in resolutions]
    if None not in marked:
        return sum(mark is True for mark in marked)
    return default if type(default) is int and 0 <= default <= len(resolutions) else 0


def filter_taps(contents: Contents) -> tuple[float, ...]:
    """Return the taps of the one separable filter, stored as a kernel [K, K] or, when long, as taps [K]."""
    filters = [value for name, value in contents.state.items() if name.endswith("resample_filter")]
    if not filters:
        return (1, 3, 3, 1)
    stored = filters[0]
    if any(not torch.equal(each, stored) for each in filters):
        raise Refusal("its layers have different resampling filters")
    if stored.ndim not in (1, 2) or not 1 <= stored.numel() <= 4096 or not stored.is_floating_point():
        raise Damage(f"its resampling filter has the shape {list(stored.shape)}")
    kernel = stored.double()
    taps = kernel if kernel.ndim == 1 else kernel.sum(0)
    if kernel.ndim == 2 and not torch.allclose(torch.outer(kernel.sum(1), taps), kernel * kernel.sum(), atol=1e-6):
        raise Refusal("its resampling filter is not separable")
    return tuple(taps.tolist())


FORMAT = Format("a StyleGAN2-ADA checkpoint", detect, load)
