"""Synthesis of StyleGAN3 in ours and in the textbook form, paired in one run, with the error of ours over it.

    python -m benchmarks.stylegan3 [T R] [--resolution 256] [--rounds 3] [--kept]

With --kept the allocator is told to keep freed pages, for all forms.

The textbook form gives each sample a weight of its own, puts zeros between the samples before it filters them, and
keeps the whole map of the raised sampling rate. `plain` is what we do where the kernels do not fit, and with gradients.
The goals at 256 pixels: ours in a tenth of the time of the textbook form for T, with an error of 1e-5 at most.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, before torch is imported

import torch
from torch import Tensor
from torch.nn import functional

from renderer.generators.modes import bf16_units
from renderer.generators.networks.stylegan2_layers import Pass
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_kernels import Given
from renderer.generators.networks.stylegan3_layers import Layer
from renderer.generators.untrained import untrained
from renderer.pages import keep_pages

Form = Callable[[StyleGAN3, Tensor], Tensor]
REPEATS = 3  # of ours, for each of the others
LARGEST_ERROR = 1e-5  # of the largest value of the picture


def textbook(generator: StyleGAN3, ws: Tensor) -> Tensor:
    """Return images [N, C, H, W] in the textbook form."""
    x = generator.synthesis_network.input(ws[:, 0])
    for row, layer in enumerate(generator.synthesis_network.layers(), start=1):
        x = textbook_layer(layer, x, ws[:, row])
    return x * generator.config.output_scale


def textbook_layer(layer: Layer, x: Tensor, w: Tensor) -> Tensor:
    """Return [N, O, out_size, out_size] of x [N, I, in_size, in_size] and w [N, w_dim]."""
    made, style, count = layer.config, layer.affine(w), len(x)
    weight = layer.weight[None]
    if made.is_torgb:
        weight = weight / math.sqrt(made.inputs) * style[:, None, :, None, None]
    else:
        weight = weight * weight.square().mean(dim=(2, 3, 4), keepdim=True).rsqrt()
        weight = weight * (style * style.square().mean().rsqrt())[:, None, :, None, None]
        weight = weight * (weight.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    weight = (weight * layer.magnitude_ema.rsqrt()).flatten(0, 1)
    x = functional.conv2d(x.flatten(0, 1)[None], weight, padding=made.kernel - 1, groups=count)
    x = x.unflatten(1, (count, made.outputs))[0] + layer.bias[:, None, None]
    if not made.is_torgb:
        x = raised(x, layer.up_filter, made.up, made.padding)
        x = functional.leaky_relu(x, 0.2) * math.sqrt(2)
    x = x if made.clamp is None else x.clamp(-made.clamp, made.clamp)
    return x if made.is_torgb else convolved(x, layer.down_filter)[:, :, :: made.down, :: made.down]


def raised(x: Tensor, taps: Tensor, factor: int, padding: tuple[int, int]) -> Tensor:
    """Return x with zeros put between its samples, padded, and filtered."""
    spread = x.new_zeros(*x.shape[:2], x.shape[2] * factor, x.shape[3] * factor)
    spread[:, :, ::factor, ::factor] = x
    return convolved(functional.pad(spread, padding * 2), taps * factor)


def convolved(x: Tensor, taps: Tensor) -> Tensor:
    """Return each map of x convolved by taps [K] along both axes, or a kernel [K, K], without padding."""
    kernel = taps.flip(tuple(range(taps.ndim))).expand(x.shape[1], 1, *taps.shape)
    if taps.ndim == 2:
        return functional.conv2d(x, kernel, groups=x.shape[1])
    x = functional.conv2d(x, kernel[:, :, :, None], groups=x.shape[1])
    return functional.conv2d(x, kernel[:, :, None, :], groups=x.shape[1])


def plain(generator: StyleGAN3, ws: Tensor) -> Tensor:
    """Return images by our layers without kernels."""
    return generator.by_layers(Given(ws, None, Pass("const", {}, None), None)) * generator.config.output_scale


def latents(generator: StyleGAN3, source: torch.Generator) -> Tensor:
    """Return random ws [1, num_ws, w_dim]."""
    return torch.randn(1, generator.num_ws, generator.w_dim, generator=source)


def timed(function: Callable[[], Tensor]) -> float:
    """Return the seconds that one call takes."""
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


@torch.no_grad()
def measure(config: str, resolution: int, rounds: int) -> None:
    """Print the times of one config; raise SystemExit where ours gives other numbers."""
    generator, low = (untrained(f"stylegan3-{config.lower()}:{resolution}") for _ in range(2))
    assert isinstance(generator, StyleGAN3)
    source = torch.Generator().manual_seed(0)
    forms: dict[str, Form] = {"textbook": textbook, "plain": plain, "ours": StyleGAN3.synthesis}
    if bf16_units():
        forms["ours, fast"] = lambda _, ws: low.use_dtype(torch.bfloat16).synthesis(ws)

    def once(form: Form) -> float:
        """Return the seconds of a picture of its own: what two pictures share is made once."""
        return timed(lambda: form(generator, latents(generator, source)))

    first, ws = once(forms["ours"]), latents(generator, source)
    wanted = textbook(generator, ws)
    error = float((generator.synthesis(ws) - wanted).abs().max() / wanted.abs().max())
    times: dict[str, list[float]] = {name: [] for name in forms}
    for _ in range(rounds):
        for name, form in forms.items():
            times[name] += [once(form) for _ in range(REPEATS if name.startswith("ours") else 1)]
    print(f"StyleGAN3-{config} at {resolution}: error {error:.1e}; the first frame took {first:.1f} s")
    for name, found in times.items():
        best, middle = min(found), statistics.median(found)
        gain = min(times["textbook"]) / best
        print(f"    {name:11} best {best * 1e3:7.0f} ms, median {middle * 1e3:7.0f} ms, {gain:5.1f} times the textbook")
    if not error <= LARGEST_ERROR:
        raise SystemExit(f"the error is larger than {LARGEST_ERROR}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("configs", nargs="*", default=["T", "R"], choices=["T", "R"])
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kept", action="store_true", help="tell the allocator to keep freed pages")
    given = parser.parse_args()
    if given.kept:
        keep_pages()
    for config in given.configs:
        measure(config, given.resolution, given.rounds)
