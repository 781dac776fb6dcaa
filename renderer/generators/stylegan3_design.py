"""The layers that the constructor arguments of StyleGAN3's training stand for, with their filters.

Checkpoints hold both; this is for networks that are made and not loaded.
Source: Karras et al. 2021, arXiv:2106.12423, section 3.2 and appendix C (flexible layer specifications).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.signal
import scipy.special
import torch
from numpy.typing import NDArray
from torch import Tensor

from renderer.generators.networks.stylegan3_layers import LayerConfig, StyleGAN3Config

Filters = dict[str, Tensor]  # by their names in our state


@dataclass(frozen=True)
class Design:
    """Hold the arguments of the constructor, by the names and with the defaults of NVIDIA's code.

    num_critical       layers at the end whose filters cut at the limit of their rate.
    first_cutoff, first_stopband  periods per image width of the first layer.
    last_stopband_rel  the last stopband over the last cutoff, which is half the resolution.
    margin_size        samples around the image on each side.
    filter_size        taps for each sample.
    lrelu_upsampling   how many times its rate a map is activated at.
    """

    resolution: int
    channel_base: int = 32768
    channel_max: int = 512
    num_layers: int = 14
    num_critical: int = 2
    first_cutoff: float = 2
    first_stopband: float = 2**2.1
    last_stopband_rel: float = 2**0.3
    margin_size: int = 10
    output_scale: float = 0.25
    num_fp16_res: int = 4
    conv_kernel: int = 3
    filter_size: int = 6
    lrelu_upsampling: int = 2
    use_radial_filters: bool = False
    conv_clamp: float | None = 256
    z_dim: int = 64
    c_dim: int = 0
    w_dim: int = 64
    img_channels: int = 3
    mapping_layers: int = 2

    def build(self) -> tuple[StyleGAN3Config, Filters]:
        """Return the config and the filters of all layers."""
        bands = Bands.of(self)
        made = [layer(self, bands, index) for index in range(self.num_layers + 1)]
        config = StyleGAN3Config(
            z_dim=self.z_dim,
            c_dim=self.c_dim,
            w_dim=self.w_dim,
            img_resolution=self.resolution,
            img_channels=self.img_channels,
            mapping_widths=(self.w_dim,) * self.mapping_layers,
            input_channels=bands.channels[0],
            input_size=bands.sizes[0],
            input_rate=float(bands.rates[0]),
            input_bandwidth=float(bands.cutoffs[0]),
            layers=tuple(config for config, _ in made),
            embed_features=self.w_dim if self.c_dim else 0,
            output_scale=self.output_scale,
        )
        return config, {name: taps for _, filters in made for name, taps in filters.items()}


def design(resolution: int, **arguments: Any) -> tuple[StyleGAN3Config, Filters]:
    """Return the config and the filters that constructor arguments, those of `Design`, stand for."""
    return Design(resolution, **arguments).build()


@dataclass(frozen=True)
class Bands:
    """Hold the cutoffs, rates, transition widths, sizes and channels of all layers, by their numbers."""

    cutoffs: NDArray[np.float64]
    rates: NDArray[np.float64]
    widths: NDArray[np.float64]
    sizes: list[int]
    channels: list[int]

    @classmethod
    def of(cls, made: Design) -> Bands:
        """Return the bands of a design: cutoffs and stopbands grow by steps of the same factor up to the limit."""
        last = made.resolution / 2
        exponents = np.minimum(np.arange(made.num_layers + 1) / (made.num_layers - made.num_critical), 1)
        cutoffs = made.first_cutoff * (last / made.first_cutoff) ** exponents
        stopbands = made.first_stopband * (last * made.last_stopband_rel / made.first_stopband) ** exponents
        rates = np.exp2(np.ceil(np.log2(np.minimum(stopbands * 2, made.resolution))))
        widths = np.maximum(stopbands, rates / 2) - cutoffs
        sizes = [int(rate) + 2 * made.margin_size for rate in rates[:-2]] + [made.resolution] * 2
        channels = [int(x) for x in np.rint(np.minimum(made.channel_base / 2 / cutoffs, made.channel_max))]
        return cls(cutoffs, rates, widths, sizes, [*channels[:-1], made.img_channels])


def layer(made: Design, bands: Bands, index: int) -> tuple[LayerConfig, Filters]:
    """Return the config and the filters of one layer."""
    past = max(index - 1, 0)
    is_torgb, is_critical = index == made.num_layers, index >= made.num_layers - made.num_critical
    between = max(bands.rates[past], bands.rates[index]) * (1 if is_torgb else made.lrelu_upsampling)
    up, down = round(between / bands.rates[past]), round(between / bands.rates[index])
    up_taps, down_taps = (made.filter_size * by if by > 1 and not is_torgb else 1 for by in (up, down))
    kernel, radial = 1 if is_torgb else made.conv_kernel, made.use_radial_filters and not is_critical
    size, given = bands.sizes[index], bands.sizes[past]
    total = (size - 1) * down + 1 - (given + kernel - 1) * up + up_taps + down_taps - 2
    name = f"L{index}_{size}_{bands.channels[index]}"
    filters = {
        "up_filter": low_pass(up_taps, bands.cutoffs[past], bands.widths[past] * 2, between, False),
        "down_filter": low_pass(down_taps, bands.cutoffs[index], bands.widths[index] * 2, between, radial),
    }
    config = LayerConfig(
        name=name,
        inputs=bands.channels[past],
        outputs=bands.channels[index],
        kernel=kernel,
        in_size=given,
        out_size=size,
        rate=float(bands.rates[index]),
        up=up,
        down=down,
        up_taps=up_taps,
        down_taps=down_taps,
        padding=((total + up) // 2, total - (total + up) // 2),
        radial=radial and down_taps > 1,
        is_torgb=is_torgb,
        clamp=made.conv_clamp,
        low_precision=bool(bands.rates[index] * 2**made.num_fp16_res > made.resolution),
    )
    return config, {f"synthesis_network.{name}.{key}": taps for key, taps in filters.items() if taps is not None}


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
