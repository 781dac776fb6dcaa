"""The kernels for the CPU against what torch computes in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.raised import add_raised
from renderer.generators.kernels.smooth import Planes, smooth
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
    ("height", "width", "pad", "phases"),
    [(8, 8, 1, 1), (13, 22, 1, 1), (5, 3, 1, 2), (9, 17, 1, 2), (11, 6, 2, 1), (12, 10, 0, 1), (1, 1, 1, 1)],
)
def test_winograd_is_a_convolution(height, width, pad, phases):
    torch.manual_seed(height * width)
    x, style, weight = torch.randn(height, width, 64), torch.rand(64) + 0.5, torch.randn(32 * phases**2, 64, 3, 3) / 24
    truth = functional.conv2d((x * style).permute(2, 0, 1)[None].double(), weight.double(), padding=pad)
    truth = woven(truth)[0] if phases == 2 else truth[0]
    finish = finish_of(32, *truth.shape[1:])
    expected = finished(truth, finish)
    result = Winograd(weight, pad, phases)(x, style, finish)
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
def test_bands_make_up_the_map(height, width, alone, monkeypatch):
    monkeypatch.setattr(stylegan2_kernels, "WINOGRAD_PIXELS", 1)
    monkeypatch.setattr(stylegan2_kernels, "FOLDED_PIXELS", 1)
    size = (2 * height, 2 * width)
    weights = torch.randn(64, 32, 3, 3), torch.randn(32, 64, 3, 3)
    kernels = KernelConv(weights[0], (0.25, 0.75, 0.75, 0.25)), KernelConv(weights[1], None)
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


@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 1), (1, 1), (1, 4, 6, 4, 1, 0.5)])
def test_smooth_is_a_filter(taps):
    taps = [tap / sum(taps) for tap in taps]
    before = (len(taps) + 1) // 2 - 1
    x, finish = torch.randn(9, 13, 64), finish_of(64, 8, 12)
    kernel = torch.tensor(taps, dtype=torch.float64)
    kernel = (kernel[:, None] * kernel).expand(64, 1, -1, -1)
    after = [side - 1 + len(taps) - before - length for side, length in ((8, 9), (12, 13))]
    padded = functional.pad(x.permute(2, 0, 1).double(), (before, after[1], before, after[0]))
    truth = finished(functional.conv2d(padded[None], kernel, groups=64)[0], finish)
    rows = [x[parity::2].flatten(0, 1) for parity in range(2)]
    planes = Planes(torch.stack([functional.pad(one, (0, 0, 0, 5 * 13 - len(one))) for one in rows]), 9, 13)
    for given in (Planes(x.flatten(0, 1)[None], 9, 13), planes):
        assert (smooth(given, taps, before, finish) - truth).abs().max() < 1e-5


def test_a_folded_doubling_is_one_in_two_steps():
    fir = Fir([1, 3, 3, 1])
    x, weight = torch.randn(1, 8, 5, 6, dtype=torch.float64), torch.randn(4, 8, 3, 3, dtype=torch.float64)
    steps = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    both = woven(functional.conv2d(x, split(weight), padding=1))[:, :, :11, :13]
    assert torch.allclose(both, steps)
    assert torch.allclose(woven(functional.conv2d(x, folded(weight, fir.taps), padding=1)), fir.smooth_doubled(steps))
