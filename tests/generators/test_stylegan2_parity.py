"""The reference implementation's numbers, on small networks with random weights."""

from __future__ import annotations

import pytest
import torch
from checkpoint_probe import FIXTURES, STYLEGAN2, expected_of, tolerance

from renderer.generators import Generator, load_generator
from renderer.generators.checkpoint import contents_of
from renderer.generators.detect import open_contents
from renderer.generators.safe_pickle import read_checkpoint

CASES = (
    ("img_const", "w", "const"),
    ("img_none", "w", "none"),
    ("img_psi_const", "w_psi", "const"),
    ("img_mix_const", "w_mix", "const"),
)


@pytest.fixture(scope="module", params=STYLEGAN2)
def pair(request: pytest.FixtureRequest) -> tuple[Generator, dict[str, torch.Tensor]]:
    return load_generator(FIXTURES / f"{request.param}.pkl"), expected_of(request.param)


def labels(expected: dict[str, torch.Tensor]) -> torch.Tensor | None:
    return expected["c"] if "c" in expected and expected["c"].shape[-1] else None


def test_all_fixtures_are_there() -> None:
    assert len(STYLEGAN2) == 6


def test_mapping(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    bound = 1e-5 * float(expected["w"].abs().max())
    z, c = expected["z"], labels(expected)
    cut = float(expected["psi_cut"]), int(expected["cutoff"])
    for name, ws in (
        ("w", generator.mapping(z, c)),
        ("w_psi", generator.mapping(z, c, float(expected["psi"]))),
        ("w_psi_cut", generator.mapping(z, c, *cut)),
    ):
        torch.testing.assert_close(ws, expected[name], atol=bound, rtol=0)


@pytest.mark.parametrize(("image", "latent", "noise_mode"), CASES)
def test_synthesis(pair: tuple[Generator, dict[str, torch.Tensor]], image: str, latent: str, noise_mode: str) -> None:
    generator, expected = pair
    if image not in expected:
        pytest.skip(f"this fixture has no {image}")
    wanted = expected[image]
    made = generator.synthesis(expected[latent][: len(wanted)], noise_mode=noise_mode)
    torch.testing.assert_close(made, wanted, atol=tolerance(expected, wanted), rtol=0)


def test_grey_levels(pair: tuple[Generator, dict[str, torch.Tensor]]) -> None:
    generator, expected = pair
    made = (generator.synthesis(expected["w"]) * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    difference = (made.int() - expected["img_const_u8"].int()).abs()
    assert int(difference.max()) <= 1
    assert float((difference > 0).float().mean()) < 1e-3


def test_unconditional_seed_is_the_mapping_of_random_state() -> None:
    expected = expected_of("sg2ada_uncond64")
    import numpy as np

    z = np.random.RandomState(0).randn(1, 64)
    assert np.array_equal(z[0], expected["z"][0].numpy())


@pytest.mark.parametrize("name", STYLEGAN2)
def test_the_comparison_can_fail(name: str) -> None:
    """The decoy `G` is another network than `G_ema`; opening it must not pass for the right one."""
    loaded = read_checkpoint(FIXTURES / f"{name}.pkl")
    decoy = open_contents({"G_ema": loaded["G"]})
    expected = expected_of(name)
    ws = decoy.mapping(expected["z"], labels(expected))
    assert (ws - expected["w"]).abs().max() > 1e-2
    made = decoy.synthesis(expected["w"])[: len(expected["img_const"])]
    assert (made - expected["img_const"]).abs().max() > 100 * tolerance(expected, expected["img_const"])


def test_the_clamp_is_applied_in_float32_too() -> None:
    generator, expected = load_generator(FIXTURES / "sg2ada_fp16clamp32.pkl"), expected_of("sg2ada_fp16clamp32")
    assert generator.config.conv_clamp == 1.0
    assert generator.config.num_fp16_res == 3  # the four asked for, less 4x4, which stays in float32
    without = open_contents(read_checkpoint(FIXTURES / "sg2ada_fp16clamp32.pkl"))
    object.__setattr__(without.config, "conv_clamp", None)
    for layer in without.modules():
        if hasattr(layer, "clamp"):
            layer.clamp = None
    off = (without.synthesis(expected["w"])[: len(expected["img_const"])] - expected["img_const"]).abs().max()
    assert abs(float(off) - float(expected["effect_of_clamp"])) < 0.5


@pytest.mark.parametrize(
    ("name", "clamp", "blocks"), [("sg3repo_sg2_32", 256, 3), ("sg2ada_uncond64", None, 0), ("sg2ada_orig32", None, 0)]
)
def test_the_defaults_of_each_code_version(name: str, clamp: float | None, blocks: int) -> None:
    config = load_generator(FIXTURES / f"{name}.pkl").config
    assert (config.conv_clamp, config.num_fp16_res) == (clamp, blocks)


@pytest.mark.parametrize(("name", "clamp"), [("sg3repo_sg2_32", 256), ("sg2ada_uncond64", None)])
def test_the_defaults_hold_where_attributes_are_missing(name: str, clamp: float | None) -> None:
    from renderer.generators.stylegan2_ada import config_of

    contents = contents_of(read_checkpoint(FIXTURES / f"{name}.pkl"))
    contents.modules.clear()
    assert config_of(contents).conv_clamp == clamp


def test_the_rows_of_ws_stand_for_resolutions() -> None:
    rows = {name: load_generator(FIXTURES / f"{name}.pkl").layer_resolutions for name in STYLEGAN2}
    assert rows["sg2ada_uncond64"] == (4, 4, 8, 8, 16, 16, 32, 32, 64, 64)
    assert rows["sg2ada_orig32"] == rows["sg2ada_resnet32"] == (4, 8, 8, 16, 16, 32, 32, 32)
