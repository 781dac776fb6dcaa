"""StyleGAN3 networks made from constructor arguments, and the straightforward form of one layer, for the tests.

Source: Karras et al. 2021, arXiv:2106.12423, section 3.2 and appendix C (flexible layer specifications).
"""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import scipy.signal
import scipy.special
import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.allowed import Persistent
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import Layer, LayerConfig, StyleGAN3Config

CONFIG_T: dict[str, Any] = {"channel_base": 256, "channel_max": 16}
CONFIG_R: dict[str, Any] = {"channel_base": 512, "channel_max": 24, "conv_kernel": 1, "use_radial_filters": True}


def low_pass(taps: int, cutoff: float, width: float, rate: float, radial: bool) -> Tensor | None:
    """Return a Kaiser-windowed low-pass filter of `taps` taps, or None where one tap is asked for."""
    if taps == 1:
        return None
    if not radial:
        return torch.from_numpy(scipy.signal.firwin(taps, cutoff, width=width, fs=rate)).float()
    places = (np.arange(taps) - (taps - 1) / 2) / rate
    radius = np.hypot(*np.meshgrid(places, places))
    beta = scipy.signal.kaiser_beta(scipy.signal.kaiser_atten(taps, width / (rate / 2)))
    window = np.kaiser(taps, beta)
    kernel = scipy.special.j1(2 * cutoff * np.pi * radius) / (np.pi * radius) * np.outer(window, window)
    return torch.from_numpy(kernel / kernel.sum()).float()


def design(
    resolution: int,
    *,
    channel_base: int = 32768,
    channel_max: int = 512,
    num_layers: int = 14,
    num_critical: int = 2,
    first_cutoff: float = 2,
    first_stopband: float = 2**2.1,
    last_stopband_rel: float = 2**0.3,
    margin_size: int = 10,
    output_scale: float = 0.25,
    num_fp16_res: int = 4,
    conv_kernel: int = 3,
    filter_size: int = 6,
    lrelu_upsampling: int = 2,
    use_radial_filters: bool = False,
    conv_clamp: float | None = 256,
    z_dim: int = 64,
    c_dim: int = 0,
    w_dim: int = 64,
    img_channels: int = 3,
    mapping_layers: int = 2,
) -> tuple[StyleGAN3Config, dict[str, Tensor]]:
    """Return the config that constructor arguments stand for, and the filters by their names in our state."""
    last = resolution / 2
    exponents = np.minimum(np.arange(num_layers + 1) / (num_layers - num_critical), 1)
    cutoffs = first_cutoff * (last / first_cutoff) ** exponents
    stopbands = first_stopband * (last * last_stopband_rel / first_stopband) ** exponents
    rates = np.exp2(np.ceil(np.log2(np.minimum(stopbands * 2, resolution))))
    widths = np.maximum(stopbands, rates / 2) - cutoffs
    sizes = [int(rate) + 2 * margin_size for rate in rates[:-2]] + [resolution] * 2
    channels = [int(x) for x in np.rint(np.minimum(channel_base / 2 / cutoffs, channel_max))]
    channels[-1] = img_channels
    layers, filters = [], {}
    for index in range(num_layers + 1):
        past = max(index - 1, 0)
        is_torgb, is_critical = index == num_layers, index >= num_layers - num_critical
        between = max(rates[past], rates[index]) * (1 if is_torgb else lrelu_upsampling)
        up, down = round(between / rates[past]), round(between / rates[index])
        up_taps = filter_size * up if up > 1 and not is_torgb else 1
        down_taps = filter_size * down if down > 1 and not is_torgb else 1
        kernel = 1 if is_torgb else conv_kernel
        total = (sizes[index] - 1) * down + 1 - (sizes[past] + kernel - 1) * up + up_taps + down_taps - 2
        name = f"L{index}_{sizes[index]}_{channels[index]}"
        radial = use_radial_filters and not is_critical
        found = {
            "up_filter": low_pass(up_taps, cutoffs[past], widths[past] * 2, between, False),
            "down_filter": low_pass(down_taps, cutoffs[index], widths[index] * 2, between, radial),
        }
        filters |= {f"synthesis_network.{name}.{key}": taps for key, taps in found.items() if taps is not None}
        layers.append(
            LayerConfig(
                name=name,
                inputs=channels[past],
                outputs=channels[index],
                kernel=kernel,
                in_size=sizes[past],
                out_size=sizes[index],
                rate=float(rates[index]),
                up=up,
                down=down,
                up_taps=up_taps,
                down_taps=down_taps,
                padding=((total + up) // 2, total - (total + up) // 2),
                radial=radial and down_taps > 1,
                is_torgb=is_torgb,
                clamp=conv_clamp,
                low_precision=bool(rates[index] * 2**num_fp16_res > resolution),
            )
        )
    made = StyleGAN3Config(
        z_dim=z_dim,
        c_dim=c_dim,
        w_dim=w_dim,
        img_resolution=resolution,
        img_channels=img_channels,
        mapping_widths=(w_dim,) * mapping_layers,
        input_channels=channels[0],
        input_size=sizes[0],
        input_rate=float(rates[0]),
        input_bandwidth=float(cutoffs[0]),
        layers=tuple(layers),
        embed_features=w_dim if c_dim else 0,
        output_scale=output_scale,
    )
    return made, filters


def network(resolution: int = 16, seed: int = 0, **arguments: Any) -> StyleGAN3:
    """Return an untrained network with the filters of its design."""
    made, filters = design(resolution, **arguments)
    return filled_randomly(StyleGAN3(made), filters, seed)


def filled_randomly(generator: StyleGAN3, filters: dict[str, Tensor], seed: int) -> StyleGAN3:
    """Fill all weights as an untrained network has them, but turned and moved by w a little."""
    source, made = torch.Generator().manual_seed(seed), generator.config
    for name, value in generator.state_dict().items():
        if name in filters:
            value.copy_(filters[name])
        elif name.endswith("weight"):
            value.copy_(torch.randn(value.shape, generator=source) / (0.01 if ".fc" in name else 1))
        elif name.endswith("affine.bias"):
            value.fill_(1)
        elif name.endswith("magnitude_ema"):
            value.fill_(0.5 + float(torch.rand([], generator=source)))
        elif name.endswith(("bias", "w_avg")):
            value.copy_(torch.randn(value.shape, generator=source) * 0.1)
    place = generator.synthesis_network.input
    place.affine.weight.data.mul_(0.1)
    place.affine.bias.data.copy_(torch.tensor([1.0, 0, 0, 0]))
    place.freqs.copy_(torch.randn(place.freqs.shape, generator=source) * made.input_bandwidth / 3)
    place.phases.copy_(torch.rand(place.phases.shape, generator=source) - 0.5)
    return generator.eval().requires_grad_(False)


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
