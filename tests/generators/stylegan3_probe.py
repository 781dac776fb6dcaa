"""StyleGAN3 networks with random weights, their checkpoints, and the straightforward form of one layer, for the tests.

Source: Karras et al. 2021, arXiv:2106.12423.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.allowed import Persistent
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import Layer
from renderer.generators.stylegan3_design import design
from renderer.generators.untrained import filled_randomly

CONFIG_T: dict[str, Any] = {"channel_base": 256, "channel_max": 16}
CONFIG_R: dict[str, Any] = {"channel_base": 512, "channel_max": 24, "conv_kernel": 1, "use_radial_filters": True}


def network(resolution: int = 16, seed: int = 0, **arguments: Any) -> StyleGAN3:
    """Return an untrained network with the filters of its design."""
    made, filters = design(resolution, **arguments)
    return filled_randomly(StyleGAN3(made), filters, seed)


def attributes_of(generator: StyleGAN3) -> dict[str, dict[str, Any]]:
    """Return the plain attributes of the modules of a network, as far as they are read, by dotted name."""
    made = generator.config
    found: dict[str, dict[str, Any]] = {
        "synthesis": {
            "layer_names": [layer.name for layer in made.layers],
            "output_scale": made.output_scale,
        },
        "synthesis.input": {
            "size": np.array([made.input_size] * 2),
            "sampling_rate": made.input_rate,
            "bandwidth": made.input_bandwidth,
        },
    }
    for layer in made.layers:
        given = asdict(layer)
        found[f"synthesis.{layer.name}"] = {
            "in_size": np.array([layer.in_size] * 2),
            "out_size": np.array([layer.out_size] * 2),
            "out_sampling_rate": layer.rate,
            "up_factor": layer.up,
            "down_factor": layer.down,
            "padding": [*layer.padding, *layer.padding],
            "conv_clamp": layer.clamp,
            "use_fp16": layer.low_precision,
            "is_torgb": given["is_torgb"],
        }
    for index in range(len(made.mapping_widths)):
        found[f"mapping.fc{index}"] = {"activation": made.mapping_activation, "bias_gain": made.mapping_lr_multiplier}
    return found


def snapshot(generator: StyleGAN3, class_name: str = "Generator", **kwargs: Any) -> Persistent:
    """Return a network as its persistent object in a checkpoint."""
    attributes = attributes_of(generator)
    modules: dict[str, Persistent] = {}

    def module(path: str) -> Persistent:
        if path not in modules:
            state = {"_parameters": {}, "_buffers": {}, "_modules": {}, **attributes.get(path, {})}
            modules[path] = Persistent({"type": "class", "class_name": class_name, "state": state})
            if path:
                above, _, name = path.rpartition(".")
                module(above).state["_modules"][name] = modules[path]
        return modules[path]

    module("").state["_init_kwargs"] = kwargs
    for name, value in generator.state_dict().items():
        place = "mapping.w_avg" if name == "w_avg" else name.replace("_network.", ".")
        above, _, own = place.rpartition(".")
        module(above).state["_buffers" if own.endswith(("avg", "ema", "filter")) else "_parameters"][own] = value
    return modules[""]


def plain_layer(layer: Layer, x: Tensor, w: Tensor) -> Tensor:
    """Return what the paper says a layer does, [N, O, out, out], each sample with its own normalised weight."""
    made, outputs = layer.config, []
    styles = layer.affine(w)
    styles = styles / math.sqrt(made.inputs) if made.is_torgb else styles * styles.square().mean().rsqrt()
    for sample, style in zip(x, styles, strict=True):
        weight = layer.weight
        if not made.is_torgb:
            weight = weight * weight.square().mean(dim=(1, 2, 3), keepdim=True).rsqrt()
        weight = weight * style[None, :, None, None]
        if not made.is_torgb:
            weight = weight * (weight.square().sum(dim=(1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        y = functional.conv2d(sample[None], weight * layer.magnitude_ema.rsqrt(), padding=made.kernel - 1)
        y = y + layer.bias[:, None, None]
        spread = y.new_zeros(1, made.outputs, y.shape[2] * made.up, y.shape[3] * made.up)
        spread[:, :, :: made.up, :: made.up] = y
        y = functional.pad(spread, made.padding * 2)
        y = convolved(y, layer.up_filter) * made.up**2 if made.up_taps > 1 else y
        if not made.is_torgb:
            y = functional.leaky_relu(y, 0.2) * math.sqrt(2)
        y = y if made.clamp is None else y.clamp(-made.clamp, made.clamp)
        y = convolved(y, layer.down_filter) if made.down_taps > 1 else y
        outputs.append(y[:, :, :: made.down, :: made.down])
    return torch.cat(outputs)


def convolved(x: Tensor, taps: Tensor) -> Tensor:
    """Return the true convolution of each map of x [1, C, h, w] by taps [K] or [K, K], without padding."""
    kernel = (torch.outer(taps, taps) if taps.ndim == 1 else taps).flip(0, 1)
    return functional.conv2d(x.transpose(0, 1), kernel[None, None]).transpose(0, 1)
