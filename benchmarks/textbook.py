"""StyleGAN2 as the papers and the usual codes write it down: the peer that our synthesis is measured against.

Every sample gets its own weights, in one grouped convolution; maps are NCHW; an upsampling is a transposed convolution,
the filter behind it a depthwise convolution; noise, bias, activation and gain are operations of their own; the image is
upsampled by zeros between its pixels. It computes with the weights of a network of ours, so that both make one picture.

Source: Karras et al. 2019, arXiv:1912.04958, section 2.2 and appendix B; written from the paper.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleConv, ToRGB


def modulated_conv(x: Tensor, weight: Tensor, styles: Tensor, demodulate: bool, up: bool) -> Tensor:
    """Convolve each sample of x [N, I, h, w] with its own weight: [O, I, k, k] scaled by its styles [I]."""
    count, inputs, height, width = x.shape
    w = weight[None] * styles[:, None, :, None, None]  # [N, O, I, k, k]
    if demodulate:
        w = w * (w.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    x = x.reshape(1, count * inputs, height, width)
    if up:
        w = w.transpose(1, 2).reshape(count * inputs, -1, *weight.shape[2:])
        x = functional.conv_transpose2d(x, w, stride=2, groups=count)
    else:
        x = functional.conv2d(x, w.flatten(0, 1), padding=weight.shape[2] // 2, groups=count)
    return x.reshape(count, -1, *x.shape[2:])


def filtered(x: Tensor, taps: tuple[float, ...], before: int, after: int) -> Tensor:
    """Filter each map of x [N, C, h, w] by taps along both axes, as one depthwise convolution, with the gain of 4."""
    line = x.new_tensor(taps)
    kernel = torch.outer(line, line).flip(0, 1) * (4 / line.sum().square())
    x = functional.pad(x, (before, after, before, after))
    return functional.conv2d(x, kernel.expand(x.shape[1], 1, -1, -1), groups=x.shape[1])


def activated(x: Tensor, bias: Tensor, network: StyleGAN2, slope: float = 0.2, gain: float = math.sqrt(2)) -> Tensor:
    """Add the bias, activate, multiply by the gain and clamp, one after the other."""
    x = x + bias.reshape(1, -1, 1, 1)
    if slope != 1:
        x = functional.leaky_relu(x, slope)
    if gain != 1:
        x = x * gain
    clamp = network.config.conv_clamp
    return x if clamp is None else x.clamp(-clamp, clamp)


def convolved(network: StyleGAN2, layer: StyleConv, x: Tensor, w: Tensor) -> Tensor:
    """Do one layer."""
    taps, up = network.config.resample_filter, layer.fir is not None
    x = modulated_conv(x, layer.weight, layer.affine(w), True, up)
    if up:
        x = filtered(x, taps, (len(taps) + 1) // 2 - 1, len(taps) // 2 - 1)
    x = x + layer.noise_const * layer.noise_strength
    return activated(x, layer.bias, network)


def upsampled(image: Tensor, taps: tuple[float, ...]) -> Tensor:
    """Double the size of an image, by zeros between its pixels and the filter."""
    count, channels, height, width = image.shape
    spread = functional.pad(image.reshape(count, channels, height, 1, width, 1), (0, 1, 0, 0, 0, 1))
    margins = (len(taps) + 1) // 2, len(taps) // 2 - 1
    return filtered(spread.reshape(count, channels, 2 * height, 2 * width), taps, *margins)


def colours(network: StyleGAN2, layer: ToRGB, x: Tensor, w: Tensor) -> Tensor:
    """Return what a map adds to the image."""
    styles = layer.affine(w) * layer.gain
    return activated(modulated_conv(x, layer.weight, styles, False, False), layer.bias, network, slope=1, gain=1)


@torch.no_grad()
def synthesis(network: StyleGAN2, ws: Tensor) -> Tensor:
    """Return images [N, C, R, R] of ws [N, num_ws, w_dim], with the constant noise; skip architecture, leaky ReLU."""
    config = network.config
    assert (config.architecture, config.activation, config.use_noise) == ("skip", "lrelu", True)
    x = network.get_parameter("synthesis_network.b4.const").repeat(len(ws), 1, 1, 1)
    image: Tensor | None = None
    for block, row in network.synthesis_network.routed():
        layers = [block.conv1] if block.resolution == 4 else [block.conv0, block.conv1]
        for index, layer in enumerate(layers):
            x = convolved(network, layer, x, ws[:, row + index])
        rgb = colours(network, block.torgb, x, ws[:, row + len(layers)])
        image = rgb if image is None else upsampled(image, config.resample_filter) + rgb
    assert image is not None
    return image
