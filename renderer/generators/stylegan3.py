"""StyleGAN3 pickles of NVIDIA's torch code, both configs, T and R."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from torch import Tensor

from renderer.generators.checkpoint import Contents, Format, filled
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import LayerConfig, StyleGAN3Config
from renderer.generators.pickle_machine import Damage, shown
from renderer.generators.stylegan2_ada import clamp, mapping_widths, positive, shown_number

MAX_NUMBER = 1 << 24


def detect(contents: Contents) -> bool:
    """Tell the format by its Fourier features."""
    return "synthesis.input.weight" in contents.state and "mapping.fc0.weight" in contents.state


def load(contents: Contents) -> StyleGAN3:
    """Return the network; raise Damage where its tensors, attributes and constructor do not fit together."""
    config = config_of(contents)
    return filled(lambda: StyleGAN3(config), own_state(contents))


def own_state(contents: Contents) -> dict[str, Tensor]:
    """Return the tensors by our names."""
    state = {re.sub(r"^(mapping|synthesis)\.", r"\1_network.", name): value for name, value in contents.state.items()}
    return {"w_avg" if name == "mapping_network.w_avg" else name: value for name, value in state.items()}


def config_of(contents: Contents) -> StyleGAN3Config:
    """Return the config that tensor shapes, attributes and constructor arguments describe together."""
    conditional = "mapping.embed.weight" in contents.state
    embed, c_dim = contents.shape("mapping.embed.weight", 2) if conditional else (0, 0)
    z_dim = contents.shape("mapping.fc0.weight", 2)[1] - embed
    return checked(contents, made(contents, z_dim, c_dim, embed, contents.shape("mapping.w_avg", 1)[0]))


def made(contents: Contents, z_dim: int, c_dim: int, embed: int, w_dim: int) -> StyleGAN3Config:
    """Return the config of a network with these dimensions of its mapping."""
    dense, given = "mapping.fc0", "synthesis.input"
    try:
        layers = tuple(layer_of(contents, name) for name in layer_names(contents))
        return StyleGAN3Config(
            z_dim=z_dim,
            c_dim=c_dim,
            w_dim=w_dim,
            img_resolution=layers[-1].out_size,
            img_channels=layers[-1].outputs,
            mapping_widths=mapping_widths(contents),
            input_channels=contents.shape("synthesis.input.freqs", 2)[0],
            input_size=square(contents, given, "size"),
            input_rate=positive(number(contents, given, "sampling_rate"), "the sampling rate of its input"),
            input_bandwidth=float(number(contents, given, "bandwidth")),
            layers=layers,
            embed_features=embed,
            mapping_activation=contents.attribute(dense, "activation", "lrelu"),
            mapping_lr_multiplier=positive(contents.attribute(dense, "bias_gain", 0.01), "its mapping learning rate"),
            output_scale=float(contents.attribute("synthesis", "output_scale", 0.25)),
        )
    except (ValueError, TypeError) as error:
        raise Damage(str(error)) from error


def checked(contents: Contents, config: StyleGAN3Config) -> StyleGAN3Config:
    """Return the config; raise Damage where the constructor arguments contradict it."""
    for name in ("z_dim", "c_dim", "w_dim", "img_channels"):
        given, found = contents.kwargs.get(name), getattr(config, name)
        if given is not None and given != found:
            raise Damage(f"its constructor was given {name} {shown_number(given)}, but its tensors have {found}")
    return config


def layer_names(contents: Contents) -> list[str]:
    """Return the layers in the order of the file's own list, or by their numbers where it has none."""
    found = {match[1] for name in contents.state if (match := re.match(r"synthesis\.(L\d{1,3}_\w{1,20})\.", name))}
    listed = contents.attribute("synthesis", "layer_names", None)
    names = sorted(found, key=lambda name: int(name[1:].split("_")[0])) if listed is None else listed
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise Damage("the list of its layers is broken")
    if missing := [name for name in names if name not in found]:
        raise Damage(f"it holds an incomplete network: the layer {shown(missing[0])} is missing")
    return names


def layer_of(contents: Contents, name: str) -> LayerConfig:
    """Return the geometry of a layer, from its attributes and the shapes of its tensors."""
    module = f"synthesis.{name}"
    outputs, inputs, kernel, width = contents.shape(f"{module}.weight", 4)
    if kernel != width:
        raise Damage(f"the layer {name} has a kernel of {kernel} by {width}")
    return LayerConfig(
        name=name,
        inputs=inputs,
        outputs=outputs,
        kernel=kernel,
        in_size=square(contents, module, "in_size"),
        out_size=square(contents, module, "out_size"),
        rate=float(number(contents, module, "out_sampling_rate")),
        up=whole(contents, module, "up_factor"),
        down=whole(contents, module, "down_factor"),
        up_taps=taps(contents, f"{module}.up_filter"),
        down_taps=taps(contents, f"{module}.down_filter"),
        padding=padding(contents, module),
        radial=f"{module}.down_filter" in contents.state and contents.state[f"{module}.down_filter"].ndim == 2,
        is_torgb=contents.attribute(module, "is_torgb", False) is True,
        clamp=clamp(contents.attribute(module, "conv_clamp", None)),
        low_precision=contents.attribute(module, "use_fp16", False) is True,
    )


def taps(contents: Contents, name: str) -> int:
    """Return the length of a filter, 1 where there is none."""
    if name not in contents.state:
        return 1
    shape = contents.state[name].shape
    if len(shape) not in (1, 2) or len(set(shape)) != 1:
        raise Damage(f"{name} has the shape {list(shape)}, expected [K] or [K, K]")
    return int(shape[0])


def number(contents: Contents, module: str, name: str) -> Any:
    """Return a finite number that is an attribute of a module."""
    value = contents.attribute(module, name, None)
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > MAX_NUMBER:
        raise Damage(f"the {name} of {module} is {shown_number(value)}, expected a number")
    return value


def whole(contents: Contents, module: str, name: str) -> int:
    """Return a whole number that is an attribute of a module; one of type float is taken too."""
    value = number(contents, module, name)
    if value != int(value):
        raise Damage(f"the {name} of {module} is {value}, expected a whole number")
    return int(value)


def square(contents: Contents, module: str, name: str) -> int:
    """Return the size of a square feature map, stored as one number or as width and height."""
    value = contents.attribute(module, name, None)
    found = value.tolist() if isinstance(value, np.ndarray) else value
    both = list(found) if isinstance(found, (list, tuple)) else [found]
    if len(both) not in (1, 2) or any(type(each) is not int or each != both[0] for each in both):
        raise Damage(f"the {name} of {module} is not that of a square map")
    return int(both[0])


def padding(contents: Contents, module: str) -> tuple[int, int]:
    """Return the padding before and after both axes, stored for each of them."""
    value = contents.attribute(module, "padding", None)
    if not isinstance(value, list) or len(value) != 4 or any(type(each) is not int for each in value):
        raise Damage(f"the padding of {module} is not made of four whole numbers")
    if value[:2] != value[2:]:
        raise Damage(f"the padding of {module} is not that of a square map")
    return value[0], value[1]


FORMAT = Format("a StyleGAN3 checkpoint", detect, load)
