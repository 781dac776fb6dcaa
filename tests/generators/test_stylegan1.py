"""The first StyleGAN: the reference's numbers in two layouts, a third by construction, and what only ours can say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of, tolerance
from network_promises import (
    close,
    cut_files_are_refused,
    differentiable,
    is_w,
    round_trip,
    rows_are_independent,
    same_grey_levels,
    some_ws,
    z_of_seeds,
)
from torch.nn import functional

from renderer.errors import CheckpointError, LatentreelError
from renderer.generators import Generator, convert, load_generator, save_safetensors
from renderer.generators.networks.stylegan1 import StyleGAN1, StyleGAN1Config, StyleLayer
from renderer.generators.networks.stylegan2_layers import Pass

FILES = ("sg1_32_interfacegan.pth", "sg1_128_interfacegan.pth", "sg1_128_tf.pkl")


def name_of_file(file: str) -> str:
    return "_".join(file.split("_")[:2])


@pytest.fixture(scope="module", params=FILES)
def pair(request: pytest.FixtureRequest) -> tuple[Generator, dict[str, torch.Tensor]]:
    return load_generator(FIXTURES / request.param), expected_of(name_of_file(request.param))


def config(**changes: Any) -> StyleGAN1Config:
    options: dict[str, Any] = {
        "z_dim": 8,
        "c_dim": 0,
        "w_dim": 12,
        "img_resolution": 16,
        "img_channels": 3,
        "channels": (10, 8, 6),
        "mapping_widths": (9, 12),
    }
    return StyleGAN1Config(**options | changes)


def network(**changes: Any) -> StyleGAN1:
    return StyleGAN1(config(**changes)).randomize(0).eval().requires_grad_(False)


def test_mapping(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    torch.testing.assert_close(z_of_seeds(expected).float(), expected["z"], atol=0, rtol=0)
    is_w(generator.mapping(expected["z"])[:, 0], expected, "w")
    assert torch.equal(generator.w_avg, expected["w_avg"])
    psi = float(expected["psi_cut"])
    is_w(generator.mapping(expected["z"], None, psi, int(expected["cutoff"])), expected, "w_psi_cut")
    is_w(generator.mapping(expected["z"], None, psi), expected, "w_psi_all")


def test_z_of_any_length_is_the_same_picture(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    """InterFaceGAN first scales z to the norm of sqrt(512); the mapping normalises it anyway."""
    generator, expected = pair
    z = expected["z"] / expected["z"].norm(dim=1, keepdim=True) * 512**0.5
    is_w(generator.mapping(z)[:, 0], expected, "w")


@pytest.mark.parametrize(
    ("image", "latent", "noise_mode"),
    [
        ("img_const", "w", "const"),
        ("img_none", "w", "none"),
        ("img_psi_cut_const", "w_psi_cut", "const"),
        ("img_mix_const", "w_mix", "const"),
    ],
)
def test_synthesis(pair: tuple[Generator, dict[str, torch.Tensor]], image: str, latent: str, noise_mode: str) -> None:
    generator, expected = pair
    ws = generator.mapping(expected["z"]) if latent == "w" else expected[latent]
    key = image if image in expected else f"{image}_crop"
    made = generator.synthesis(ws[: len(expected[key])], noise_mode=noise_mode)
    if key.endswith("_crop"):
        y, x, height, width = expected["crop_mix_yx" if "mix" in key else "crop_yx"].tolist()
        made = made[:, :, y : y + height, x : x + width]
    close(made, expected, key)


def test_grey_levels(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    grey = expected["img_const_u8_interfacegan"]
    same_grey_levels(generator.synthesis(generator.mapping(expected["z"]))[: len(grey)], grey)


def test_the_comparison_can_fail() -> None:
    """An upsampling that is not mirrored, a swapped style or another noise is far outside of the tolerance."""
    expected = expected_of("sg1_128")
    bound = 20 * tolerance(expected, expected["img_const"])
    for change in ("fused", "style", "noise"):
        generator = load_generator(FIXTURES / "sg1_128_interfacegan.pth")
        layer = generator.get_submodule("synthesis_network.b128.conv0")
        if change == "fused":
            layer.weight.copy_(layer.weight.flip(2, 3))
        elif change == "style":
            layer.affine.weight.copy_(layer.affine.weight.roll(len(layer.bias), 0))
        else:
            layer.noise_const.copy_(layer.noise_const.t().clone())
        made = generator.synthesis(generator.mapping(expected["z"])[:1])
        assert (made - expected["img_const"]).abs().max() > bound, change


def test_both_layouts_are_the_same_network() -> None:
    first, second = (load_generator(FIXTURES / f"sg1_128_{end}") for end in ("interfacegan.pth", "tf.pkl"))
    assert first.config == second.config
    state = second.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in first.state_dict().items())


def test_rows_and_layers() -> None:
    generator = load_generator(FIXTURES / "sg1_32_interfacegan.pth")
    assert generator.family == "stylegan1"
    assert generator.num_ws == 8
    assert generator.layer_resolutions == (4, 4, 8, 8, 16, 16, 32, 32)
    assert generator.layer_names[:3] == ("b4.const", "b4.conv1", "b8.conv0")
    assert len(generator.layer_names) == 8


def test_upsampling_is_repeating_convolving_and_blurring() -> None:
    layer = StyleLayer("b8.conv0", 5, 7, 8, True, config())
    source = torch.Generator().manual_seed(1)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(7, 5, 3, 3, generator=source))
    x = torch.randn(2, 5, 4, 4, generator=source)
    twice = x.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
    plain = functional.conv2d(twice, layer.weight * (2 / 45) ** 0.5, padding=1)
    taps = torch.tensor([1.0, 2, 1])
    blur = (torch.outer(taps, taps) / 16).expand(7, 1, 3, 3)
    torch.testing.assert_close(layer.convolve(x), functional.conv2d(plain, blur, padding=1, groups=7))
    unblurred = StyleLayer("b8.conv0", 5, 7, 8, True, config(blur_filter=()))
    unblurred.weight = layer.weight
    torch.testing.assert_close(unblurred.convolve(x), plain)


def test_a_style_scales_and_shifts_what_is_normalised() -> None:
    layer = StyleLayer("b4.const", None, 6, 4, False, config())
    source = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=source))
    w = torch.randn(1, 12, generator=source)
    x = layer(None, w, Pass("none", {}, None))
    style = functional.linear(w, layer.affine.weight / 12**0.5, layer.affine.bias)[0]
    torch.testing.assert_close(x.mean(dim=(2, 3))[0], style[6:])
    torch.testing.assert_close(x.std(dim=(2, 3), correction=0)[0], (style[:6] + 1).abs())


@pytest.mark.parametrize("lod", [0.0, 0.25, 1.0, 1.5, 2.0])
def test_a_network_saved_while_it_grew(lod: float) -> None:
    """Between two resolutions the picture is the mean of both, weighted by how far the new one is in."""
    whole = network(lod=lod)
    ws = some_ws(whole, 2)
    seen: dict[str, torch.Tensor] = {}
    made = whole.synthesis(ws, taps=lambda name, x: seen.setdefault(name, x))
    assert made.shape == (2, 3, 16, 16)
    assert [name for name in seen if name.startswith("b16")] == (["b16.conv0", "b16.conv1"] if lod < 1 else [])
    pictures = []
    for missing in sorted({int(lod), -int(-lod // 1)}):
        block = whole.synthesis_network[f"b{16 >> missing}"]
        picture = block.torgb(seen[f"b{16 >> missing}.conv1"])
        pictures.append(picture.repeat_interleave(1 << missing, 2).repeat_interleave(1 << missing, 3))
    part = lod % 1
    expected = pictures[0] if len(pictures) == 1 else pictures[0] * (1 - part) + pictures[1] * part
    torch.testing.assert_close(made, expected)


def test_taps_see_every_layer_and_change_the_picture() -> None:
    generator, seen = network(), list[str]()

    def note(name: str, x: torch.Tensor) -> torch.Tensor:
        seen.append(name)
        return x * 2 if name == "b8.conv1" else x

    ws = some_ws(generator, 1)
    made = generator.synthesis(ws, taps=note)
    assert seen == list(generator.layer_names)
    assert not torch.equal(made, generator.synthesis(ws))


def test_noise_of_the_user() -> None:
    generator = load_generator(FIXTURES / "sg1_32_interfacegan.pth")
    ws, state = some_ws(generator, 2), generator.state_dict()
    own = {name: state[f"synthesis_network.{name}.noise_const"] for name in generator.layer_names}
    assert torch.equal(generator.synthesis(ws, noise=own, noise_mode="none"), generator.synthesis(ws))
    each = {name: value[None, None].repeat(2, 1, 1, 1) for name, value in own.items()}
    assert torch.equal(generator.synthesis(ws, noise=each), generator.synthesis(ws))
    torch.manual_seed(0)
    first = generator.synthesis(ws, noise_mode="random")
    assert not torch.equal(first, generator.synthesis(ws, noise_mode="random"))
    with pytest.raises(LatentreelError, match=r"no layer 'b4.conv0'; did you mean 'b"):
        generator.synthesis(ws, noise={"b4.conv0": own["b4.const"]})
    with pytest.raises(LatentreelError, match=r"noise for b8.conv1 has the shape \[4, 4\], expected \[8, 8\]"):
        generator.synthesis(ws, noise={"b8.conv1": own["b4.const"]})
    with pytest.raises(LatentreelError, match=r"ws has the shape \[2, 7, 48\], expected \[N, 8, 48\]"):
        generator.synthesis(ws[:, :7])
    with pytest.raises(LatentreelError, match=r"z has the shape \[1, 7\], expected \[N, 48\]"):
        generator.mapping(torch.zeros(1, 7))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"img_resolution": 32}, "3 blocks do not lead to 32 pixels"),
        ({"channels": (10**9, 1, 1)}, "larger than"),
        ({"channels": (0, 1, 1)}, "not positive"),
        ({"mapping_widths": (9,)}, "the mapping ends in 9 features, expected w_dim 12"),
        ({"lod": 2.5}, "its lod is 2.5, expected 0 to 2"),
        ({"lod": float("nan")}, "its lod is nan"),
        ({"norm_eps": 0.0}, "no sensible number"),
        ({"blur_filter": (1, 1)}, "no odd number of taps"),
        ({"blur_filter": (1, 0, -1)}, "no finite sum other than 0"),
    ],
)
def test_configs_that_make_no_network(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        config(**changes)


@pytest.mark.parametrize("file", FILES)
def test_promises(file: str, tmp_path: Path) -> None:
    path = FIXTURES / file
    round_trip(path, tmp_path)
    cut_files_are_refused(path, tmp_path)
    differentiable(load_generator(path))
    rows_are_independent(load_generator(path))


def test_labels_and_growth_survive_safetensors(tmp_path: Path) -> None:
    first = network(c_dim=4, lod=1.5, blur_filter=(), use_noise=False)
    save_safetensors(first, tmp_path / "a.safetensors")
    second = load_generator(tmp_path / "a.safetensors")
    assert second.config == first.config
    z, c = torch.randn(2, 8), torch.eye(4)[:2]
    assert torch.equal(first.mapping(z, c), second.mapping(z, c))
    assert torch.equal(first.synthesis(some_ws(first, 1)), second.synthesis(some_ws(first, 1)))
    with pytest.raises(LatentreelError, match="needs class labels"):
        second.mapping(z)
    with pytest.raises(CheckpointError, match=r"converted to \.safetensors files only"):
        convert(tmp_path / "a.safetensors", tmp_path / "a.pth")
