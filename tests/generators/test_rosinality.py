"""StyleGAN2 of the rosinality code: its own numbers, and all the forms in which its files are passed around."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
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
    z_of_seeds,
)

from renderer.errors import CheckpointError
from renderer.generators import Generator, load_generator
from renderer.generators.detect import open_contents
from renderer.generators.pickle_machine import Damage, Refusal
from renderer.generators.safe_pickle import read_checkpoint
from renderer.latents import truncate

NAMES = ("rosinality_convert64", "rosinality_train32")
State = dict[str, Any]


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest) -> tuple[Generator, dict[str, torch.Tensor]]:
    return load_generator(FIXTURES / f"{request.param}.pt"), expected_of(request.param)


@pytest.fixture
def bare() -> State:
    """Return the bare tensors of a file, as some people pass them on."""
    return dict(read_checkpoint(FIXTURES / "rosinality_train32.pt")["g_ema"])


def test_mapping(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    torch.testing.assert_close(z_of_seeds(expected).float(), expected["z"], atol=0, rtol=0)
    ws = generator.mapping(expected["z"])
    is_w(ws[:, 0], expected, "w")
    assert torch.equal(ws, ws[:, :1].expand_as(ws))
    is_w(truncate(ws, expected["truncation_latent"], float(expected["psi"])), expected, "w_psi")


def test_truncation_is_towards_the_latent_avg_of_the_file() -> None:
    generator, expected = load_generator(FIXTURES / "rosinality_convert64.pt"), expected_of("rosinality_convert64")
    assert torch.equal(generator.w_avg, expected["truncation_latent"][0])
    is_w(generator.mapping(expected["z"], truncation_psi=float(expected["psi"])), expected, "w_psi")


def test_style_mixing(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    ws, index = generator.mapping(expected["z"]), int(expected["inject_index"])
    mixed = torch.cat([ws[:1, :index], ws[1:, index:]], dim=1)
    is_w(mixed, expected, "w_inject")
    if "img_inject_const" in expected:
        close(generator.synthesis(mixed), expected, "img_inject_const")


@pytest.mark.parametrize(
    ("image", "latent", "noise_mode"),
    [
        ("img_const", "w", "const"),
        ("img_none", "w", "none"),
        ("img_psi_const", "w_psi", "const"),
        ("img_mix_const", "w_mix", "const"),
    ],
)
def test_synthesis(pair: tuple[Generator, dict[str, torch.Tensor]], image: str, latent: str, noise_mode: str) -> None:
    generator, expected = pair
    if image not in expected:
        pytest.skip(f"this fixture has no {image}")
    ws = generator.mapping(expected["z"]) if latent == "w" else expected[latent]
    close(generator.synthesis(ws[: len(expected[image])], noise_mode=noise_mode), expected, image)


def test_noise_of_the_user(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    noise = {name: expected[f"noise_{index}"] for index, name in enumerate(generator.layer_names)}
    ws = generator.mapping(expected["z"])[:1]
    close(generator.synthesis(ws, noise=noise), expected, "img_custom_noise")
    close(generator.synthesis(ws, noise=noise, noise_mode="none"), expected, "img_custom_noise")


def test_grey_levels(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    same_grey_levels(generator.synthesis(generator.mapping(expected["z"])), expected["img_const_u8"])


def test_the_comparison_can_fail() -> None:
    """`g` is another network than `g_ema`; opening it must not pass for the right one."""
    loaded, expected = read_checkpoint(FIXTURES / "rosinality_train32.pt"), expected_of("rosinality_train32")
    decoy = open_contents({"g_ema": loaded["g"]})
    ws = decoy.mapping(expected["z"])
    assert (ws[:, 0] - expected["w"]).abs().max() > 1e-2
    made = decoy.synthesis(expected["w_psi"][:1])
    assert (made - expected["img_psi_const"]).abs().max() > 100 * tolerance(expected, expected["img_const"])


def test_without_latent_avg_truncation_is_towards_a_fixed_mean(bare: State) -> None:
    first, second = load_generator(FIXTURES / "rosinality_train32.pt"), open_contents(bare)
    assert torch.equal(first.w_avg, second.w_avg)
    z = torch.from_numpy(np.random.RandomState(0).randn(4096, 64))
    torch.testing.assert_close(first.w_avg, first.mapping(z)[:, 0].mean(dim=0), atol=1e-5, rtol=1e-5)
    assert not first.w_avg.requires_grad


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {"g_ema": state},
        lambda state: {"g": {}, "g_ema": {f"module.{name}": value for name, value in state.items()}},
        lambda state: {"g_ema": {name: value for name, value in state.items() if not name.endswith(".kernel")}},
    ],
)
def test_layouts_and_containers(wrap: Callable[[State], State], legacy: bool, bare: State, tmp_path: Path) -> None:
    torch.save(wrap(bare), tmp_path / "model.pt", _use_new_zipfile_serialization=not legacy)
    first, second = load_generator(FIXTURES / "rosinality_train32.pt"), load_generator(tmp_path / "model.pt")
    assert second.config == first.config
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())


def test_noise_maps_that_are_missing_are_drawn_once_for_all(bare: State) -> None:
    without = {name: value for name, value in bare.items() if not name.startswith("noises.")}
    first, second = open_contents(without), open_contents(without)
    name = "synthesis_network.b32.conv1.noise_const"
    maps = [network.state_dict()[name] for network in (first, second, open_contents(bare))]
    assert torch.equal(maps[0], maps[1])
    assert not torch.equal(maps[0], maps[2])
    assert abs(float(maps[0].std()) - 1) < 0.1
    assert [tuple(value.shape) for key, value in first.state_dict().items() if key.endswith("noise_const")] == [
        (size, size) for size in (4, 8, 8, 16, 16, 32, 32)
    ]


@pytest.mark.parametrize("rows", [None, 1, 8])
def test_latent_avg_comes_once_or_once_a_layer(rows: int | None, bare: State) -> None:
    center = torch.randn(64)
    given = center if rows is None else center.expand(rows, 64).contiguous()
    assert torch.equal(open_contents({"g_ema": bare, "latent_avg": given}).w_avg, center)


@pytest.mark.parametrize("given", [torch.zeros(63), torch.zeros(0, 64), torch.zeros([]), [0.0], torch.zeros(64).long()])
def test_a_latent_avg_that_does_not_fit_is_refused(given: Any, bare: State) -> None:
    with pytest.raises(Damage, match="its latent_avg"):
        open_contents({"g_ema": bare, "latent_avg": given})


def changed(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[State], object]:
    return lambda state: state.update({name: change(state[name])})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda state: state.pop("convs.3.conv.weight"), r"incomplete network: convs\.3\.conv\.weight is missing"),
        (lambda state: state.pop("to_rgb1.bias"), r"incomplete network: to_rgb1\.bias is missing"),
        (lambda state: state.pop("noises.noise_4"), r"incomplete network: noises\.noise_4 is missing"),
        (lambda state: state.update(extra=torch.zeros(1)), "tensors that its network does not use: extra"),
        (changed("conv1.noise.weight", lambda v: v.repeat(2)), r"conv1\.noise\.weight has the shape \[2\], expected"),
        (changed("conv1.conv.weight", lambda v: v[0]), "has the shape .* expected 5 dimensions"),
        (changed("convs.0.noise.weight", lambda v: v.long()), "is of type torch.int64"),
        (changed("to_rgbs.1.conv.weight", lambda v: v[:, :2]), r"b16\.torgb\.weight has the shape"),
        (changed("style.4.weight", lambda v: v[:9]), "has the shape"),
        (changed("input.input", lambda v: v[:0]), r"input\.input has the shape"),
    ],
)
def test_files_that_do_not_fit_together(damage: Callable[[State], object], message: str, bare: State) -> None:
    damage(bare)
    with pytest.raises(Damage, match=message):
        open_contents({"g_ema": bare})


def test_other_filters_are_read_off_the_file(bare: State) -> None:
    kernel = torch.outer(torch.tensor([1.0, 2, 2, 1]), torch.tensor([1.0, 2, 2, 1])) / 9
    bare.update({name: kernel for name in bare if name.endswith(".kernel")})
    assert open_contents(bare).config.resample_filter == pytest.approx((1, 2, 2, 1))
    bare["convs.0.conv.blur.kernel"] = kernel * 2
    with pytest.raises(Refusal, match="different resampling filters"):
        open_contents(bare)


def test_a_small_file_cannot_ask_for_large_noise(bare: State) -> None:
    """Noise maps of 8192 pixels that a file merely does not have would take 700 MB."""
    state = {name: value for name, value in bare.items() if not name.startswith("noises.")}
    for index in range(3, 11):
        state |= {name.replace("to_rgbs.2", f"to_rgbs.{index}"): v for name, v in bare.items() if "to_rgbs.2." in name}
        for half in (0, 1):
            source, target = "convs.5.", f"convs.{2 * index + half}."
            state |= {name.replace(source, target): value for name, value in bare.items() if source in name}
    with pytest.raises(Refusal, match="drawn up to 2048 pixels only, not 4096"):
        open_contents(state)
    state |= {name.replace("to_rgbs.2", "to_rgbs.11"): v for name, v in bare.items() if "to_rgbs.2." in name}
    with pytest.raises(Damage, match="image layers for 13 resolutions"):
        open_contents(state)


@pytest.mark.parametrize("name", NAMES)
def test_promises(name: str, tmp_path: Path) -> None:
    path = FIXTURES / f"{name}.pt"
    round_trip(path, tmp_path)
    cut_files_are_refused(path, tmp_path)
    differentiable(load_generator(path))
    rows_are_independent(load_generator(path))


def test_a_checkpoint_says_which_file_is_broken(tmp_path: Path, bare: State) -> None:
    bare.pop("conv1.conv.weight")
    torch.save({"g_ema": bare}, tmp_path / "model.pt")
    with pytest.raises(
        CheckpointError, match=r"model\.pt: broken: it holds an incomplete network: conv1\.conv\.weight"
    ):
        load_generator(tmp_path / "model.pt")
