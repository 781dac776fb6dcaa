"""What our StyleGAN2 offers beyond the reference numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of
from torch.nn import functional

from renderer.errors import LatentreelError, PluginError
from renderer.generators import load_generator, modes
from renderer.generators.networks.fir import Fir
from renderer.generators.networks.mapping import ACTIVATIONS, activate
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config, modulated


def config(**changes: Any) -> StyleGAN2Config:
    options: dict[str, Any] = {
        "z_dim": 8,
        "c_dim": 0,
        "w_dim": 12,
        "img_resolution": 16,
        "img_channels": 3,
        "channels": (10, 8, 6),
        "mapping_widths": (9, 12),
    }
    return StyleGAN2Config(**options | changes)


def network(**changes: Any) -> StyleGAN2:
    return StyleGAN2(config(**changes)).randomize(0).eval().requires_grad_(False)


def latents(generator: StyleGAN2, count: int = 2) -> torch.Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(3))


def test_images_are_differentiable_in_every_row_of_ws() -> None:
    generator = load_generator(FIXTURES / "sg2ada_uncond64.pkl")
    ws = expected_of("sg2ada_uncond64")["w"][:1].clone().requires_grad_()
    generator.synthesis(ws).square().mean().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=(0, 2)) > 0).all()
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in generator.parameters())


def test_gradients_are_those_of_finite_differences() -> None:
    generator = network().double()
    ws, source = latents(generator, 1).double(), torch.Generator().manual_seed(5)
    step = torch.randn(ws.shape, generator=source, dtype=torch.float64) * 1e-5
    image = torch.randn(1, 3, 16, 16, generator=source, dtype=torch.float64)
    ws.requires_grad_()
    (generator.synthesis(ws) * image).sum().backward()
    with torch.no_grad():
        ahead, behind = ((generator.synthesis(ws + sign * step) * image).sum() for sign in (1, -1))
        assert ws.grad is not None
        torch.testing.assert_close((ahead - behind) / 2, (ws.grad * step).sum(), rtol=1e-4, atol=0)


@pytest.mark.parametrize("up", [False, True])
def test_modulated_convolution_is_the_one_of_the_paper(up: bool) -> None:
    """Modulate and demodulate each sample's own weight, and convolve by it."""
    source = torch.Generator().manual_seed(0)
    x, style = torch.randn(3, 6, 8, 8, generator=source), torch.randn(3, 6, generator=source)
    weight = torch.randn(5, 6, 3, 3, generator=source)
    own = weight[None] * style[:, None, :, None, None]
    own = own * (own.square().sum(dim=(2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    fir = Fir((1, 3, 3, 1)) if up else None
    if up:
        kernel = torch.tensor([1.0, 3, 3, 1])
        kernel = torch.outer(kernel, kernel) / 16
        zeros = torch.zeros(3, 6, 16, 16)
        zeros[:, :, ::2, ::2] = x
        wanted = [functional.conv_transpose2d(x[i : i + 1], own[i].transpose(0, 1), stride=2) for i in range(3)]
        smooth = functional.conv2d(
            functional.pad(torch.cat(wanted).reshape(15, 1, 17, 17), (1, 1, 1, 1)), kernel[None, None]
        )
        expected = smooth.reshape(3, 5, 16, 16)
    else:
        expected = torch.cat([functional.conv2d(x[i : i + 1], own[i], padding=1) for i in range(3)])
    torch.testing.assert_close(modulated(x, weight, style, fir), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("taps", [(1,), (1, 1), (1, 2, 1), (1, 3, 3, 1), (0.1, 0.7, 0.2), (1, 2, 3, 4, 5, 6)])
def test_filters_of_any_length(taps: tuple[float, ...]) -> None:
    """Upsampling is zero insertion and a true convolution; its mean stays, asymmetric taps are not mirrored."""
    fir, x = Fir(taps), torch.zeros(1, 1, 8, 8)
    x[..., 4, 4] = 1
    made = fir.upsample(x)
    assert made.shape == (1, 1, 16, 16)
    assert abs(float(made.sum()) - 4) < 1e-5
    kernel = torch.tensor(taps) * 2 / sum(taps)
    row = made[0, 0].sum(0) / 2
    first = int(row.nonzero()[0])
    assert first == 8 + (len(taps) + 1) // 2 - (len(taps) - 1)
    torch.testing.assert_close(row[first : first + len(taps)], kernel, atol=1e-6, rtol=0)
    assert fir.smooth_doubled(torch.zeros(1, 1, 17, 17)).shape == (1, 1, 16, 16)


@pytest.mark.parametrize("architecture", ["skip", "resnet", "orig"])
@pytest.mark.parametrize("taps", [(1, 3, 3, 1), (1, 2, 1), (1,)])
def test_architectures_and_filters_run(architecture: str, taps: tuple[float, ...]) -> None:
    generator = network(architecture=architecture, resample_filter=taps, img_channels=1)
    assert generator.synthesis(latents(generator)).shape == (2, 1, 16, 16)
    assert len(generator.layer_resolutions) == generator.num_ws == 6


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_keep_gain_and_clamp(name: str) -> None:
    x = torch.linspace(-9, 9, 50)
    assert activate(x, name, gain=math.sqrt(0.5), clamp=2).abs().max() <= 2 * math.sqrt(0.5) + 1e-6
    generator = network(activation=name, mapping_activation=name)
    assert generator.synthesis(generator.mapping(torch.randn(1, 8))).isfinite().all()


def test_labels_of_a_wrong_shape_are_one_sentence() -> None:
    generator = load_generator(FIXTURES / "sg2ada_cond32.pkl")
    z = torch.zeros(2, 64) + 1
    assert generator.c_dim == 5
    with pytest.raises(LatentreelError, match=r"needs class labels of shape \[2, 5\]; none are given"):
        generator.mapping(z)
    with pytest.raises(LatentreelError, match=r"of shape \[2, 5\]; they have the shape \[2, 4\]"):
        generator.mapping(z, torch.zeros(2, 4))
    with pytest.raises(LatentreelError, match=r"they have the shape \[1, 5\]"):
        generator.mapping(z, torch.zeros(1, 5))
    plain = network()
    with pytest.raises(LatentreelError, match=r"given to a network that takes none"):
        plain.mapping(torch.zeros(2, 8), torch.zeros(2, 3))
    with pytest.raises(LatentreelError, match=r"z has the shape \[2, 7\], expected \[N, 8\]"):
        plain.mapping(torch.zeros(2, 7))
    with pytest.raises(LatentreelError, match=r"ws has the shape \[2, 5, 12\], expected \[N, 6, 12\]"):
        plain.synthesis(torch.zeros(2, 5, 12))


def test_inputs_are_not_changed() -> None:
    generator = load_generator(FIXTURES / "sg2ada_cond32.pkl")
    expected = expected_of("sg2ada_cond32")
    z, c, ws = (expected[name].clone() for name in ("z", "c", "w"))
    state = {name: value.clone() for name, value in generator.state_dict().items()}
    noise = {"b8.conv0": torch.ones(8, 8)}
    generator.mapping(z, c, 0.5, 3)
    generator.synthesis(ws, noise=noise, taps=lambda _, x: x * 2)
    assert torch.equal(z, expected["z"])
    assert torch.equal(c, expected["c"])
    assert torch.equal(ws, expected["w"])
    assert torch.equal(noise["b8.conv0"], torch.ones(8, 8))
    assert all(torch.equal(value, state[name]) for name, value in generator.state_dict().items())


def test_noise_by_layer_name() -> None:
    generator = network()
    assert generator.layer_names == ("b4.conv1", "b8.conv0", "b8.conv1", "b16.conv0", "b16.conv1")
    ws = latents(generator)
    const = {name: generator.get_buffer(f"synthesis_network.{name}.noise_const") for name in generator.layer_names}
    plain = generator.synthesis(ws)
    assert torch.equal(generator.synthesis(ws, noise_mode="none", noise=const), plain)
    each = {name: value.expand(2, 1, *value.shape) for name, value in const.items()}
    assert torch.equal(generator.synthesis(ws, noise_mode="random", noise=each), plain)
    zero = {name: torch.zeros_like(value) for name, value in const.items()}
    assert torch.equal(generator.synthesis(ws, noise=zero), generator.synthesis(ws, noise_mode="none"))
    assert not torch.equal(generator.synthesis(ws, noise_mode="random"), plain)
    with pytest.raises(LatentreelError, match=r"no layer 'b8.conv'; did you mean 'b8.conv1'\?|'b8.conv0'\?"):
        generator.synthesis(ws, noise={"b8.conv": torch.zeros(8, 8)})
    with pytest.raises(LatentreelError, match=r"noise for b8.conv0 has the shape \[4, 4\], expected \[8, 8\]"):
        generator.synthesis(ws, noise={"b8.conv0": torch.zeros(4, 4)})


def test_a_network_without_noise() -> None:
    generator = network(use_noise=False)
    assert not any("noise" in name for name in generator.state_dict())
    ws = latents(generator)
    assert torch.equal(generator.synthesis(ws, noise_mode="random"), generator.synthesis(ws))


def test_taps_see_every_layer_and_change_it() -> None:
    generator, seen = network(), {}
    ws = latents(generator)

    def watch(name: str, x: torch.Tensor) -> torch.Tensor:
        seen[name] = tuple(x.shape)
        return x

    assert torch.equal(generator.synthesis(ws, taps=watch), generator.synthesis(ws))
    assert list(seen) == list(generator.feature_maps) == ["b4.const", *generator.layer_names]
    assert seen["b8.conv0"] == (2, 8, 8, 8)
    bent = generator.synthesis(ws, taps=lambda name, x: x.flip(3) if name == "b16.conv1" else x)
    assert not torch.equal(bent, generator.synthesis(ws))
    with pytest.raises(
        PluginError, match=r"a tap on b4.const returns the shape \[2, 10, 4, 2\], expected \[2, 10, 4, 4\]"
    ):
        generator.synthesis(ws, taps=lambda _, x: x[..., :2])


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize("name", ["sg2ada_fp16clamp32", "sg2ada_resnet32", "sg2ada_cond32"])
def test_low_precision_stays_near(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes, "bf16_units", lambda: "amx_bf16")  # kernels do not take so few channels
    exact, low = load_generator(FIXTURES / f"{name}.pkl"), load_generator(FIXTURES / f"{name}.pkl", dtype=dtype)
    expected = expected_of(name)
    image, other = exact.synthesis(expected["w"]), low.synthesis(expected["w"])
    assert other.dtype == torch.float32
    assert low.mapping(expected["z"], expected.get("c") if low.c_dim else None).dtype == torch.float32
    assert not torch.equal(image, other)
    error = (image - other).square().mean().sqrt() / image.square().mean().sqrt()
    assert error < (0.02 if dtype == "bf16" else 0.003)


def test_large_styles_do_not_overflow_half_precision() -> None:
    generator = network(img_resolution=32, channels=(10, 8, 6, 6)).use_dtype(torch.float16)
    assert generator.synthesis(latents(generator) * 1e4, noise_mode="none").isfinite().sum() > 0
    x = torch.randn(1, 6, 8, 8).half()
    assert modulated(x, torch.randn(5, 6, 3, 3) * 1e4, torch.randn(1, 6) * 1e4).isfinite().all()


def test_each_frame_of_a_batch_stands_for_itself() -> None:
    generator = network()
    ws = latents(generator, 4)
    one = torch.cat([generator.synthesis(row[None]) for row in ws])
    torch.testing.assert_close(generator.synthesis(ws), one, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"img_resolution": 32}, "3 blocks do not lead to 32 pixels"),
        ({"mapping_widths": ()}, "not positive"),
        ({"mapping_widths": (9, 13)}, "the mapping ends in 13"),
        ({"c_dim": 3}, "3 labels do not go with"),
        ({"channels": (0, 1, 1)}, "not positive"),
        ({"activation": "gelu"}, "an activation is none of"),
        ({"resample_filter": (1, -1)}, "no finite sum"),
        ({"conv_clamp": math.nan}, "the clamp is nan"),
    ],
)
def test_impossible_configs(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        config(**changes)
