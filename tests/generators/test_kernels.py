"""The kernels for the CPU against what torch computes in float64."""

from __future__ import annotations

import numba
import pytest
import torch
from torch.nn import functional

from renderer.generators.kernels import vectors
from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.products import PANEL, ROWS, multiply_pairs
from renderer.generators.kernels.raised import add_raised
from renderer.generators.kernels.rows import Rows, in_pairs
from renderer.generators.kernels.shifted import plain
from renderer.generators.kernels.winograd import Colours, Winograd
from renderer.generators.networks import stylegan2_kernels
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.stylegan2_folding import folded, woven
from renderer.generators.networks.stylegan2_kernels import KernelConv, Step, in_turn
from renderer.generators.networks.stylegan2_low import split


def finish_of(channels: int, height: int, width: int, **changes) -> Finish:
    given = {
        "scale": torch.rand(channels) + 0.5,
        "bias": torch.randn(channels),
        "noise": torch.randn(height, width),
        "strength": 0.3,
        "slope": 0.2,
        "limit": 1.5,
    }
    return Finish(**{**given, **changes})


def finished(x: torch.Tensor, finish: Finish) -> torch.Tensor:
    """Return [H, W, O] of a convolved map [O, H, W]."""
    x = x * finish.scale[:, None, None] + finish.noise * finish.strength + finish.bias[:, None, None]
    return functional.leaky_relu(x, finish.slope).clamp(-finish.limit, finish.limit).permute(1, 2, 0)


@pytest.mark.parametrize(
    ("height", "width", "pad"), [(8, 8, 1), (13, 22, 1), (5, 3, 1), (11, 6, 2), (12, 10, 0), (1, 1, 1)]
)
def test_winograd_is_a_convolution(height, width, pad):
    torch.manual_seed(height * width)
    x, style, weight = torch.randn(height, width, 64), torch.rand(64) + 0.5, torch.randn(32, 64, 3, 3) / 24
    truth = functional.conv2d((x * style).permute(2, 0, 1)[None].double(), weight.double(), padding=pad)[0]
    finish = finish_of(32, *truth.shape[1:])
    expected = finished(truth, finish)
    result = Winograd(weight, pad)(x, style, finish)
    assert (result - expected).abs().max() < 1e-5 * truth.abs().max()
    assert (result.roll(1, 0) - expected).abs().max() > 0.1 or height == 1  # the comparison can fail


@pytest.mark.parametrize(("height", "width"), [(37, 33), (61, 70)])  # few tiles, whose channels threads share, and many
def test_colours_are_those_of_the_map_which_need_not_be_kept(height, width):
    x, weight, finish = torch.randn(height, width, 32), torch.randn(64, 32, 3, 3), finish_of(64, height, width)
    kernel, colours = Winograd(weight), torch.randn(3, 64)
    beside, alone = torch.ones(height, width, 3), torch.ones(height, width, 3)
    y = kernel(x, torch.ones(32), finish, Colours(colours, beside))
    assert torch.equal(y, kernel(x, torch.ones(32), finish))
    assert torch.allclose(beside, 1 + y @ colours.T, atol=1e-4)
    assert kernel(x, torch.ones(32), finish, Colours(colours, alone, alone=True)) is None
    assert torch.equal(alone, beside)


@pytest.mark.parametrize(("height", "width"), [(40, 48), (13, 36), (9, 9)])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("pairs", [False, True])
def test_bands_make_up_the_map(height, width, alone, pairs, monkeypatch):
    monkeypatch.setattr(stylegan2_kernels, "WINOGRAD_PIXELS", 1)
    size = (2 * height, 2 * width)
    weights = torch.randn(64, 32, 3, 3), torch.randn(32, 64, 3, 3)
    kernels = KernelConv(weights[0], (0.25, 0.75, 0.75, 0.25), pairs), KernelConv(weights[1], None)
    steps = [
        Step(kernel, torch.rand(inputs) + 0.5, finish_of(outputs, *size))
        for kernel, inputs, outputs in zip(kernels, (32, 64), (64, 32), strict=True)
    ]
    x, colours, made = torch.randn(height, width, 32), torch.randn(3, 32), []
    for limit in (2**40, 2**17, 1):  # no bands, some, and as many as can be
        monkeypatch.setattr(stylegan2_kernels, "BAND_BYTES", limit)
        image = torch.zeros(*size, 3)
        made.append((in_turn(steps, x, Colours(colours, image, alone)), image))
    for y, image in made[1:]:
        assert torch.equal(y, made[0][0]) if not alone else y is None
        assert torch.allclose(image, made[0][1], atol=1e-4)
    assert made[0][1].abs().max() > 1


@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 1), (1, 1), (1, 4, 6, 4, 1, 0.5), (1,)])
def test_an_image_is_raised_as_the_filter_does_it(taps):
    fir, x, y = Fir(taps), torch.randn(1, 3, 7, 5), torch.randn(14, 10, 3)
    expected = y + fir.upsample(x)[0].permute(1, 2, 0)
    add_raised(x[0].permute(1, 2, 0), fir.taps, fir.before, y)
    assert torch.allclose(y, expected, atol=1e-5)


SHAPES = [(8, 8, 32, 64), (5, 7, 64, 32), (1, 1, 32, 32), (40, 20, 32, 32), (9, 33, 64, 96)]


def rounded(x: torch.Tensor, pairs: bool) -> torch.Tensor:
    """Return what a product is made of, in float64."""
    return (x.to(torch.bfloat16) if pairs else x).double()


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(("height", "width", "inputs", "outputs"), SHAPES)
def test_shifted_products_are_a_convolution(height, width, inputs, outputs, pairs):
    x, style, weight = torch.randn(height, width, inputs), torch.rand(inputs), torch.randn(outputs, inputs, 3, 3) / 24
    finish = finish_of(outputs, height, width)
    given = rounded((x * style).permute(2, 0, 1)[None], pairs)
    truth = functional.conv2d(given, rounded(weight, pairs), padding=1)[0]
    kernel = KernelConv(weight, None, pairs)
    result = plain(x, style, kernel.laid_out(), finish, pairs)
    assert (result - finished(truth, finish)).abs().max() < 1e-5


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 1), (1, 1), (1, 4, 6, 4, 1, 0.5), (1,)])
@pytest.mark.parametrize(("height", "width", "inputs", "outputs"), SHAPES)
def test_doubled_is_a_transposed_convolution_and_a_filter(height, width, inputs, outputs, taps, pairs):
    fir, size = Fir(taps), (2 * height, 2 * width)
    x, style, weight = torch.randn(height, width, inputs), torch.rand(inputs), torch.randn(outputs, inputs, 3, 3) / 24
    finish = finish_of(outputs, *size)
    given = rounded((x * style).permute(2, 0, 1)[None], pairs)
    truth = fir.smooth_doubled(functional.conv_transpose2d(given, rounded(weight, pairs).transpose(0, 1), stride=2))[0]
    result = KernelConv(weight, fir.taps, pairs)(x, style, finish)
    assert (result - finished(truth, finish)).abs().max() < 1e-5
    assert (result.roll(1, 1) - finished(truth, finish)).abs().max() > 0.1  # the comparison can fail


@pytest.mark.parametrize("pairs", [False, True])
def test_shares_of_rows_give_the_bits_of_the_whole(pairs):
    x, style, finish = torch.randn(40, 12, 64), torch.rand(64), finish_of(32, 80, 24)
    kernel = KernelConv(torch.randn(32, 64, 3, 3), Fir([1, 3, 3, 1]).taps, pairs)
    whole, y = kernel(x, style, finish), torch.full((80, 24, 32), torch.nan)
    for rows in (range(7), range(7, 8), range(8, 40)):
        kernel.double(Rows(x, 0, 40), style, finish, Rows(y, 0, 80), rows)
    assert torch.equal(y, whole)


def test_pairs_are_multiplied_on_any_machine(monkeypatch):
    monkeypatch.setattr(vectors, "HAS_DOT", False)

    @numba.njit
    def by_two_products(a, b, c):
        multiply_pairs(a, 0, a.shape[1], b, 0, c, 0, PANEL)

    rows, panel = torch.randn(ROWS, 64), torch.randn(64, PANEL)
    pairs = in_pairs(panel.T.contiguous()).T.contiguous()  # a pair lies along the depth
    result = torch.empty(ROWS, PANEL)
    by_two_products(in_pairs(rows).numpy(), pairs.numpy(), result.numpy())
    assert torch.allclose(result.double(), rounded(rows, True) @ rounded(panel, True), atol=1e-4)


def test_a_folded_doubling_is_one_in_two_steps():
    fir = Fir([1, 3, 3, 1])
    x, weight = torch.randn(1, 8, 5, 6, dtype=torch.float64), torch.randn(4, 8, 3, 3, dtype=torch.float64)
    steps = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    both = woven(functional.conv2d(x, split(weight), padding=1))[:, :, :11, :13]
    assert torch.allclose(both, steps)
    assert torch.allclose(woven(functional.conv2d(x, folded(weight, fir.taps), padding=1)), fir.smooth_doubled(steps))
