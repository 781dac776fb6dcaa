"""Every way of running StyleGAN2 against the plain formula, and what must hold for each of them."""

from __future__ import annotations

import pytest
import torch

from benchmarks.fast_quality import measure, trained_like
from renderer.generators import modes
from renderer.generators.networks import stylegan2_kernels
from renderer.generators.networks.prefix import Prefix
from renderer.generators.networks.stylegan2 import Block
from renderer.generators.untrained import stylegan2
from tests.generators.wide_network import by_formula, psnr, some_ws, wide_network, worst


@pytest.fixture(autouse=True)
def large_maps_are_small(monkeypatch):
    """Let maps of these small networks go the way of large ones."""
    monkeypatch.setattr(stylegan2_kernels, "WINOGRAD_PIXELS", 16 * 16)


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("clamp", [None, 4.0])
def test_exact_is_the_formula(architecture, clamp):
    network = wide_network(architecture=architecture, conv_clamp=clamp)
    ws = some_ws(network, 2)
    truth = by_formula(network, ws)
    assert worst(network.synthesis(ws), truth) < 1e-5
    assert worst(network.synthesis(ws.flip(0)), truth) > 0.1  # the comparison can fail


@pytest.mark.parametrize("changes", [{"activation": "linear"}, {"activation": "swish"}, {"use_noise": False}])
def test_exact_is_the_formula_of_other_networks(changes):
    network = wide_network(64, **changes)
    ws = some_ws(network)
    assert worst(network.synthesis(ws), by_formula(network, ws)) < 1e-5


def test_exact_takes_wide_pictures_and_given_noise():
    network = wide_network(64).extended(64, 112)
    ws, grain = some_ws(network, 2), torch.randn(2, 1, 64, 112)
    given = {"noise": {"b64.conv1": grain}}
    truth = by_formula(network, ws, **given)
    assert truth.shape == (2, 3, 64, 112)
    assert worst(network.synthesis(ws, **given), truth) < 1e-5
    assert worst(network.synthesis(ws), truth) > 1e-4


@pytest.mark.parametrize(
    ("units", "dtype"), [(None, torch.float32), ("avx512_bf16", torch.bfloat16), ("amx_bf16", torch.bfloat16)]
)
def test_a_row_of_a_batch_is_the_row_alone(monkeypatch, units, dtype):
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    network = wide_network(64).use_dtype(dtype)
    ws = some_ws(network, 3)
    three = network.synthesis(ws)
    assert torch.equal(three, network.synthesis(ws))
    assert torch.equal(three[1:2], network.synthesis(ws[1:2])) or units == "amx_bf16"
    assert psnr(three[1:2], network.synthesis(ws[1:2])) > 45


@pytest.mark.parametrize(
    ("units", "dtype"), [("amx_bf16", torch.bfloat16), ("avx512_bf16", torch.bfloat16), (None, torch.float16)]
)
@pytest.mark.parametrize("seed", [0, 5])
def test_fast_is_45_db_from_exact(monkeypatch, units, dtype, seed):
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    network = wide_network(64, seed)
    ws = some_ws(network, seed=seed)
    exact = network.synthesis(ws)
    fast = network.use_dtype(dtype).synthesis(ws)
    assert fast.dtype == torch.float32
    assert not torch.equal(fast, exact)
    assert psnr(fast, exact) > 45
    assert psnr(some_ws(network, seed=9).new_zeros(exact.shape), exact) < 20  # the comparison can fail


@pytest.mark.parametrize("units", ["amx_bf16", "avx512_bf16"])
@pytest.mark.parametrize("seed", range(3))
def test_fast_is_45_db_from_exact_where_scales_span_two_orders_of_magnitude(monkeypatch, units, seed):
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    with torch.no_grad():
        network = trained_like(stylegan2(64), seed)
    assert min(measure(network, "bf16", 2)) > 45


def test_weights_that_change_are_prepared_anew():
    network = wide_network(64)
    ws = some_ws(network)
    before = network.synthesis(ws)
    with torch.no_grad():
        weight = network.get_parameter("synthesis_network.b64.conv1.weight")
        weight.mul_(torch.linspace(0.5, 2, 32)[:, None, None])
    after = network.synthesis(ws)
    assert worst(after, by_formula(network, ws)) < 1e-5
    assert worst(after, before) > 1e-3


def test_taps_see_and_change_what_the_kernels_make():
    network = wide_network(64)
    ws, seen = some_ws(network), []

    def tap(name, x):
        seen.append((name, tuple(x.shape)))
        return x * 0.5 if name == "b64.conv1" else x

    halved = network.synthesis(ws, taps=tap)
    assert [name for name, _ in seen] == list(network.feature_maps)
    assert seen[-1] == ("b64.conv1", (1, 32, 64, 64))
    assert worst(halved, by_formula(network, ws, taps=tap)) < 1e-5


def steps_taken(monkeypatch) -> list[int]:
    taken, forward = [], Block.forward

    def counted(self, *rest):
        taken.append(self.resolution)
        return forward(self, *rest)

    monkeypatch.setattr(Block, "forward", counted)
    return taken


def test_what_does_not_change_is_not_made_again(monkeypatch):
    network = wide_network(64)
    still, other = some_ws(network), some_ws(network, seed=3)
    taken, pictures = steps_taken(monkeypatch), []
    for way in (0.0, 0.25, 0.5, 0.75):
        ws = still.clone()
        ws[:, 6:] = torch.lerp(still, other, way)[:, 6:]  # b32.conv1's row and following
        pictures.append(network.synthesis(ws))
    assert taken == [4, 8, 16, 32, 64] * 2 + [32, 64] * 2
    network.prefix = Prefix()
    assert torch.equal(network.synthesis(ws), pictures[-1])
    assert not torch.equal(pictures[1], pictures[2])


@pytest.mark.parametrize("change", ["noise", "weight", "dtype", "row"])
def test_what_changes_is_made_again(monkeypatch, change):
    network = wide_network(64)
    ws, given = some_ws(network), {"b4.conv1": torch.zeros(4, 4)}
    for _ in range(3):
        network.synthesis(ws, noise=given)
    taken = steps_taken(monkeypatch)
    network.synthesis(ws, noise=given)
    assert taken == [64]
    taken.clear()
    if change == "noise":
        given = {"b4.conv1": torch.ones(4, 4)}
    elif change == "weight":
        with torch.no_grad():
            network.get_parameter("synthesis_network.b4.const").add_(1)
    elif change == "dtype":
        network.use_dtype(torch.bfloat16)
    else:
        ws = ws.clone()
        ws[:, 0] += 0.1
    picture = network.synthesis(ws, noise=given)
    assert taken == [4, 8, 16, 32, 64]
    network.prefix = Prefix()
    assert torch.equal(picture, network.synthesis(ws, noise=given))


def test_random_noise_is_never_kept(monkeypatch):
    network = wide_network(64)
    ws, taken = some_ws(network), steps_taken(monkeypatch)
    first, second = (network.synthesis(ws, noise_mode="random") for _ in range(2))
    assert taken == [4, 8, 16, 32, 64] * 2
    assert not torch.equal(first, second)


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's own, when it imports its compiler
@pytest.mark.timeout(900)  # two minutes on a quiet machine
def test_compiled_is_45_db_from_exact():
    network = wide_network(16)
    ws = some_ws(network)
    exact = network.synthesis(ws)
    network.use_dtype(torch.bfloat16).use_compiler()
    network.warm_up(1)
    compiled = network.synthesis(ws)
    assert network.compiled
    assert psnr(compiled, exact) > 45
    assert torch.equal(compiled, network.synthesis(ws))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_gpu_makes_the_same_picture(dtype):
    network = wide_network(64)
    ws = some_ws(network, 2)
    truth = by_formula(network, ws)
    picture = network.to("cuda").use_dtype(dtype).synthesis(ws.cuda()).cpu()
    assert psnr(picture, truth) > 45
