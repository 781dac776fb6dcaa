"""The kernels for the CPU against what torch computes in float64."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.smooth import smooth
from renderer.generators.kernels.winograd import Winograd
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.stylegan2_folding import folded, woven
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


def test_strips_make_up_the_map_and_need_not_be_kept():
    x, weight, finish = torch.randn(37, 33, 32), torch.randn(32, 32, 3, 3), finish_of(32, 37, 33)
    kernel, seen = Winograd(weight), torch.full((37, 33, 32), torch.nan)
    whole = kernel(x, torch.ones(32), finish)

    def see(top: int, strip: torch.Tensor) -> None:
        seen[top : top + len(strip)] = strip

    assert kernel(x, torch.ones(32), finish, see, keep=False) is None
    assert torch.equal(seen, whole)


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
    assert (smooth(x, taps, before, finish) - truth).abs().max() < 1e-5


def test_a_folded_doubling_is_one_in_two_steps():
    fir = Fir([1, 3, 3, 1])
    x, weight = torch.randn(1, 8, 5, 6, dtype=torch.float64), torch.randn(4, 8, 3, 3, dtype=torch.float64)
    steps = functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    both = woven(functional.conv2d(x, split(weight), padding=1))[:, :, :11, :13]
    assert torch.allclose(both, steps)
    assert torch.allclose(woven(functional.conv2d(x, folded(weight, fir.taps), padding=1)), fir.smooth_doubled(steps))
