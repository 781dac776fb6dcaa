"""StyleGAN3 by kernels on a CPU: the numbers of the plain layers, whatever the sizes, batches and threads."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of, fixtures
from stylegan3_probe import network
from torch import Tensor

from renderer.generators import Generator, load_generator, modes
from renderer.generators.kernels.filtered import Filtered
from renderer.generators.networks.filters import downsample, phase_products, upsample
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_kernels import KernelLayer
from renderer.generators.networks.stylegan3_layers import Layer

BASE: dict[str, Any] = {"channel_base": 256, "channel_max": 40, "z_dim": 8, "w_dim": 8, "num_layers": 8}
RADIAL = {"conv_kernel": 1, "use_radial_filters": True}
DESIGNS: dict[str, dict[str, Any]] = {
    "T": BASE,
    "R": BASE | RADIAL,
    "T, odd maps, clamped": BASE | {"margin_size": 7, "conv_clamp": 2, "img_channels": 1},
    "R, 3x3, labels": BASE | {"use_radial_filters": True, "conv_clamp": None, "img_channels": 4, "c_dim": 2},
}


@pytest.fixture(params=DESIGNS)
def generator(request: pytest.FixtureRequest) -> StyleGAN3:
    return made(**DESIGNS[request.param])


@pytest.fixture
def threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def made(resolution: int = 32, **arguments: Any) -> StyleGAN3:
    return network(resolution, **arguments).requires_grad_(False)


def latents(generator: Generator, count: int = 2, seed: int = 3) -> Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(seed))


def plain(generator: Generator, ws: Tensor, **arguments: Any) -> Tensor:
    """Return the images of the plain layers, which are those that have gradients."""
    return generator.synthesis(ws.clone().requires_grad_(), **arguments).detach()


def error(made: Tensor, wanted: Tensor) -> float:
    assert made.shape == wanted.shape
    return float((made - wanted).abs().max() / wanted.abs().max())


def psnr(made: Tensor, wanted: Tensor) -> float:
    levels = [(images * 127.5 + 128).clamp(0, 255).to(torch.uint8).float() for images in (made, wanted)]
    return float(20 * torch.log10(255 / (levels[0] - levels[1]).square().mean().sqrt()))


def refuse(*arguments: Any) -> Tensor:
    raise AssertionError("this is not the way it was to go")


def test_kernels_give_the_numbers_of_the_layers(generator: StyleGAN3) -> None:
    ws = latents(generator)
    images = generator.synthesis(ws)
    assert images.std() > 0.02
    assert error(images, plain(generator, ws)) < 1e-5


@pytest.mark.parametrize("name", fixtures("sg3_"))
def test_trained_weights_go_by_kernels_too(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    generator, ws = load_generator(FIXTURES / f"{name}.pkl"), expected_of(name)["w"]
    wanted = plain(generator, ws)
    monkeypatch.setattr(Layer, "forward", refuse)
    assert error(generator.synthesis(ws), wanted) < 1e-5


@pytest.mark.parametrize("change", [{"conv_kernel": 5}, {"filter_size": 4}, {"lrelu_upsampling": 4}])
def test_what_does_not_fit_goes_by_the_layers(change: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    generator = made(16, **BASE | change)
    monkeypatch.setattr(KernelLayer, "__call__", refuse)
    assert generator.synthesis(latents(generator, 1)).isfinite().all()


@pytest.mark.parametrize("change", ["down_filter", "up_filter", "bias", "weight", "magnitude_ema", "affine.bias"])
def test_every_tensor_counts_and_a_change_is_seen(change: str, generator: StyleGAN3) -> None:
    """The same comparison fails where a tensor has changed, and holds again when the kernels have seen it."""
    ws = latents(generator, 1)
    before = generator.synthesis(ws)
    layer = list(generator.synthesis_network.layers())[-3]
    owner, _, name = change.rpartition(".")
    tensor = getattr(layer.get_submodule(owner), name)
    tensor.copy_(tensor * 1.5 + 0.01)
    assert error(generator.synthesis(ws), plain(generator, ws)) < 1e-5
    assert error(generator.synthesis(ws), before) > 1e-4
    generator.load_state_dict({key: value * 1.1 for key, value in generator.state_dict().items()}, assign=True)
    assert error(generator.synthesis(ws), plain(generator, ws)) < 1e-5


def test_a_frame_has_the_same_bits_in_any_batch(generator: StyleGAN3) -> None:
    ws, moves = latents(generator, 3), torch.eye(3).repeat(3, 1, 1)
    moves[1, 0, 2] = 0.3
    batch = generator.synthesis(ws, transform=moves)
    for row in range(3):
        assert torch.equal(generator.synthesis(ws[row : row + 1], transform=moves[row : row + 1])[0], batch[row])
    assert generator.synthesis(ws[:0]).shape == (0, *batch.shape[1:])


def test_a_frame_has_the_same_bits_by_any_number_of_threads(
    generator: StyleGAN3, threads: Callable[[int], None]
) -> None:
    ws, seen = latents(generator, 1), []
    for count in (1, 2, 3):
        threads(count)
        seen.append(generator.synthesis(ws))
    assert torch.equal(seen[0], seen[1])
    assert torch.equal(seen[0], seen[2])


def test_taps_see_the_maps_of_the_layers_and_change_them(generator: StyleGAN3) -> None:
    ws, maps = latents(generator), {}

    def bend(name: str, x: Tensor) -> Tensor:
        maps.setdefault(name, []).append(x.detach())
        return x.flip(3) * 1.5 if name == "input" else x

    assert error(generator.synthesis(ws, taps=bend), plain(generator, ws, taps=bend)) < 1e-5
    assert tuple(maps) == generator.layer_names
    assert all(error(*pair) < 1e-5 for pair in maps.values())


@pytest.mark.parametrize("size", [5, 64, 71, 130])
@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("shape", ["separable", "kernel", "mirrored kernel"])
def test_filters_of_any_size(size: int, factor: int, shape: str) -> None:
    source = torch.Generator().manual_seed(size)
    up, down = torch.rand(6 * factor, generator=source), torch.rand(12, generator=source) - 0.3
    column = down + down.flip(0) if shape == "mirrored kernel" else down + 0.1
    kernel = down if shape == "separable" else torch.outer(column, down)
    x = torch.randn(-(-2 * size // factor) + 3, -(-2 * size // factor) + 3, 64, generator=source)
    before = 5 - factor
    after = 2 * size + 10 - factor * len(x) - before + len(up) - 1
    phases = [phase_products(up.tolist(), factor, before, phase) for phase in range(factor)]
    taps = torch.tensor([[tap for _, tap in products] for products in phases])
    flipped = kernel.flip(tuple(range(kernel.ndim)))
    made = Filtered(taps, [products[0][0] for products in phases], flipped, 1.0, size)(x)
    raised = upsample(x.permute(2, 0, 1)[None], up.tolist(), factor, before, after)
    active = torch.nn.functional.leaky_relu(raised, 0.2).clamp(-1, 1)
    assert (active.abs() == 1).any()
    assert error(made.permute(2, 0, 1)[None], downsample(active, kernel, 2)) < 1e-5


@pytest.mark.parametrize(("dtype", "units"), [("bf16", "amx_bf16"), ("bf16", "avx512_bf16"), ("fp16", None)])
@pytest.mark.parametrize("name", fixtures("sg3_"))
def test_fast_is_within_45_db_of_exact(
    name: str, dtype: str, units: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    ws = expected_of(name)["w"]
    exact, fast = (load_generator(FIXTURES / f"{name}.pkl", dtype=kind).synthesis(ws) for kind in ("fp32", dtype))
    assert fast.dtype == torch.float32
    assert psnr(fast, exact) >= 45
    assert psnr(exact.roll(1, 3), exact) < 45


@pytest.mark.parametrize(
    ("dtype", "units"), [(torch.bfloat16, "amx_bf16"), (torch.bfloat16, "avx512_bf16"), (torch.float16, None)]
)
def test_fast_is_within_45_db_of_exact_for_random_weights(
    dtype: torch.dtype, units: str | None, generator: StyleGAN3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    ws = latents(generator)
    exact = generator.synthesis(ws)
    level = 0.5 / float(exact.std())
    fast = generator.use_dtype(dtype).synthesis(ws)
    assert psnr(fast * level, exact * level) >= 45


def test_layers_whose_rows_stay_are_run_once(generator: StyleGAN3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep of fine rows has the bits of its frames alone, and runs only what they reach."""
    seen, run = [], KernelLayer.__call__

    def counted(layer: KernelLayer, x: Tensor, w: Tensor) -> Tensor:
        seen.append(layer.config.name)
        return run(layer, x, w)

    monkeypatch.setattr(KernelLayer, "__call__", counted)
    names, film = [layer.name for layer in generator.config.layers], latents(generator, 1).repeat(4, 1, 1)
    film[:, -2:] += torch.arange(4)[:, None, None]
    alone = [copy.deepcopy(generator).synthesis(frame[None]) for frame in film]
    for number, frame in enumerate(film):
        seen.clear()
        assert torch.equal(generator.synthesis(frame[None]), alone[number])
        assert seen == (names if number < 2 else names[-2:])
    seen.clear()
    turned = generator.synthesis(film[3:], transform=torch.diag(torch.tensor([-1.0, -1, 1]))[None])
    assert seen == names
    assert error(turned, alone[3]) > 1e-2
