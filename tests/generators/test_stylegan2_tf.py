"""StyleGAN2 of the TensorFlow code: the reference numbers, and the variants that no fixture has."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of, fixtures, tolerance

from renderer.errors import CheckpointError
from renderer.generators import Generator, convert, load_generator
from renderer.generators.allowed import TFNetwork
from renderer.generators.checkpoint import contents_of
from renderer.generators.detect import open_contents
from renderer.generators.networks.mapping import normalize
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.pickle_machine import Damage, Refusal
from renderer.generators.safe_pickle import read_checkpoint

NAMES = fixtures("sg2tf_")
IMAGES = (
    ("img_const", "w", "const"),
    ("img_none", "w", "none"),
    ("img_psi_const", "w_psi", "const"),
    ("img_mix_const", "w_mix", "const"),
)
Pair = tuple[Generator, dict[str, torch.Tensor]]
SMALL = StyleGAN2Config(8, 3, 12, 16, 3, (10, 8, 6), (9, 12), embed_features=8)


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest) -> Pair:
    return load_generator(FIXTURES / f"{request.param}.pkl"), expected_of(request.param)


def labels(expected: dict[str, torch.Tensor]) -> torch.Tensor | None:
    return expected["c"] if expected["c"].shape[-1] else None


def test_all_fixtures_are_there() -> None:
    assert len(NAMES) == 3


def test_mapping_never_applies_the_truncation_of_the_file(pair: Pair) -> None:
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


@pytest.mark.parametrize(("image", "latent", "noise_mode"), IMAGES)
def test_synthesis(pair: Pair, image: str, latent: str, noise_mode: Any) -> None:
    generator, expected = pair
    wanted = expected[image]
    made = generator.synthesis(expected[latent][: len(wanted)], noise_mode=noise_mode)
    torch.testing.assert_close(made, wanted, atol=tolerance(expected, wanted), rtol=0)


def test_rows_of_a_batch_are_independent(pair: Pair) -> None:
    generator, expected = pair
    alone = torch.cat([generator.synthesis(ws[None]) for ws in expected["w"]])
    bound = tolerance(expected, alone)
    torch.testing.assert_close(generator.synthesis(expected["w"]), alone, atol=bound, rtol=0)


def test_images_are_differentiable(pair: Pair) -> None:
    generator, expected = pair
    ws = expected["w"][:1].clone().requires_grad_()
    generator.synthesis(ws).square().mean().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=(0, 2)) > 0).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_can_fail(name: str) -> None:
    """The decoy in the first place is another network than the third; it must not pass for it."""
    first = read_checkpoint(FIXTURES / f"{name}.pkl")[0]
    decoy, expected = open_contents((first, first, first)), expected_of(name)
    assert (decoy.mapping(expected["z"], labels(expected)) - expected["w"]).abs().max() > 1e-2
    made = decoy.synthesis(expected["w"])[: len(expected["img_const"])]
    assert (made - expected["img_const"]).abs().max() > 100 * tolerance(expected, expected["img_const"])


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_is_bit_exact(name: str, tmp_path: Path) -> None:
    first = load_generator(FIXTURES / f"{name}.pkl")
    convert(FIXTURES / f"{name}.pkl", tmp_path / "a.safetensors")
    second = load_generator(tmp_path / "a.safetensors")
    assert second.config == first.config
    state = second.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in first.state_dict().items())


def network(variables: dict[str, torch.Tensor], **static_kwargs: Any) -> tuple[TFNetwork, ...]:
    """Return the three networks of a pickle, all with these variables."""

    def part(prefix: str) -> TFNetwork:
        made = TFNetwork()
        named = [(name.removeprefix(prefix), value) for name, value in variables.items()]
        own = [(n, v) for (n, v), name in zip(named, variables, strict=True) if prefix and name != n]
        top = [(n, v) for n, v in named if "/" not in n]
        made.set_state({"variables": own if prefix else top, "static_kwargs": static_kwargs, "components": {}})
        return made

    whole = part("")
    whole.state["components"] = {"synthesis": part("synthesis/"), "mapping": part("mapping/")}
    return (whole, whole, whole)


def variables_of(generator: StyleGAN2) -> dict[str, torch.Tensor]:
    """Return the variables that the TensorFlow code would have for a skip network, by the rules turned around."""
    state, found = generator.state_dict(), {"lod": torch.zeros([]), "dlatent_avg": generator.w_avg}
    for name, value in state.items():
        place, _, part = name.removeprefix("synthesis_network.b").partition(".")
        if name.startswith("mapping_network.fc"):
            dense = name.removeprefix("mapping_network.fc").replace(".", "/")
            found[f"mapping/Dense{dense}"] = value.t() if value.ndim == 2 else value
        elif part == "const":
            found["synthesis/4x4/Const/const"] = value[None]
        elif part.endswith("noise_const"):
            index = 0 if place == "4" else 2 * int(math.log2(int(place))) - 5 + int(part[4])
            found[f"synthesis/noise{index}"] = value[None, None]
        elif name.startswith("synthesis_network"):
            layer, _, own = part.partition(".")
            layer = {"conv0": "Conv0_up", "conv1": "Conv" if place == "4" else "Conv1", "torgb": "ToRGB"}[layer]
            own = own.replace("affine.", "mod_")
            value = value.t() if own == "mod_weight" else value - 1 if own == "mod_bias" else value
            value = value.permute(2, 3, 1, 0) if own == "weight" else value
            value = value.flip(0, 1) if (layer, own) == ("Conv0_up", "weight") else value
            found[f"synthesis/{place}x{place}/{layer}/{own}"] = value
    return found


def conditional(way: str) -> tuple[StyleGAN2, dict[str, torch.Tensor]]:
    """Return a conditional network, and its variables with labels embedded in one of the two ways."""
    generator = StyleGAN2(SMALL).randomize(0).eval().requires_grad_(False)
    variables = variables_of(generator)
    variables = {name: v for name, v in variables.items() if "embed" not in name}
    variables[f"mapping/{way}/weight"] = generator.mapping_network.embed.weight.t()
    if way == "LabelEmbed":
        variables["mapping/LabelEmbed/bias"] = generator.mapping_network.embed.bias
    return generator, variables


def test_the_rules_turned_around_give_the_same_network() -> None:
    generator, variables = conditional("LabelEmbed")
    opened = open_contents(network(variables, latent_size=8, label_size=3, dlatent_size=12, num_channels=3))
    assert isinstance(opened, StyleGAN2)
    assert opened.config == SMALL
    state = opened.state_dict()
    for name, value in generator.state_dict().items():
        torch.testing.assert_close(state[name], value, atol=1e-6, rtol=0)


def test_labels_as_before_ada() -> None:
    """Labels times a matrix stand beside raw z, and both are normalised as one vector."""
    generator, variables = conditional("LabelConcat")
    opened = open_contents(network(variables, label_size=3, truncation_psi=0.5))
    assert isinstance(opened, StyleGAN2)
    assert (opened.z_dim, opened.c_dim, opened.config.label_concat) == (8, 3, True)
    source = torch.Generator().manual_seed(1)
    z, c = torch.randn(4, 8, generator=source), torch.rand(4, 3, generator=source)
    x = normalize(torch.cat([z, c @ variables["mapping/LabelConcat/weight"]], dim=1))
    for index in range(2):
        x = generator.mapping_network.get_submodule(f"fc{index}")(x)
    torch.testing.assert_close(opened.mapping(z, c)[:, 3], x, atol=1e-5, rtol=1e-5)
    assert (generator.mapping(z, c)[:, 3] - x).abs().max() > 1e-2


@pytest.mark.parametrize("kernel", [[1, 3, 3, 1], [1, 2, 1], [[1, 2], [1, 2]], 1, None])
def test_resampling_filters(kernel: Any) -> None:
    _, variables = conditional("LabelEmbed")
    opened = open_contents(network(variables, resample_kernel=kernel))
    assert isinstance(opened, StyleGAN2)
    wanted = {"[[1, 2], [1, 2]]": (2, 4), "1": (1,), "None": (1, 3, 3, 1)}.get(str(kernel), kernel)
    assert opened.config.resample_filter == tuple(wanted)


@pytest.mark.parametrize(
    ("change", "problem", "reason"),
    [
        ({"synthesis_func": "G_synthesis_stylegan_revised"}, Refusal, "configs B to D"),
        ({"normalize_latents": False}, Refusal, "latents are not normalised"),
        ({"use_wavelets": True}, Refusal, "given use_wavelets, of which nothing is known"),
        ({"resolution": 64}, Damage, "was given img_resolution 64, but its tensors have 16"),
        ({"latent_size": 9}, Damage, "was given z_dim 9, but its tensors have 8"),
        ({"architecture": "resnet"}, Damage, "was given resnet layers, but its tensors are skip"),
        ({"resample_kernel": ["a"]}, Damage, "resample_kernel is not made of numbers"),
        ({"mapping_lrmul": -1}, Damage, "its mapping learning rate is -1"),
        ({"conv_clamp": -2}, Damage, "its conv_clamp is -2"),
        ({"nonlinearity": "step"}, Damage, "an activation is none of"),
    ],
)
def test_arguments_that_do_not_fit(change: dict[str, Any], problem: type[Exception], reason: str) -> None:
    with pytest.raises(problem, match=reason):
        open_contents(network(conditional("LabelEmbed")[1], **change))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("synthesis/16x16/ToRGB_lod0/weight", torch.zeros(1, 1, 6, 3), "configs B to D"),
        ("synthesis/16x16/Conv0_up/weight", torch.zeros(3, 3), r"has the shape \[3, 3\], expected 4 dimensions"),
        ("synthesis/noise2", torch.zeros(8, 8), "expected 4 dimensions"),
        ("synthesis/noise2", torch.zeros(2, 1, 8, 8), "the first of them 1"),
        ("synthesis/4x4/Const/const", torch.zeros(10, 4, 4), "expected 4 dimensions"),
        ("synthesis/4x4/Conv1/weight", torch.zeros(3, 3, 10, 10), "stand for the same layer"),
        ("mapping/Dense0/weight", torch.zeros(4), "expected 2 dimensions"),
        ("mapping/Extra/weight", torch.zeros(4), "tensors that its network does not use: mapping/Extra/weight"),
    ],
)
def test_variables_that_do_not_fit(name: str, value: torch.Tensor, reason: str) -> None:
    with pytest.raises((Refusal, Damage), match=reason):
        open_contents(network(conditional("LabelEmbed")[1] | {name: value}))


@pytest.mark.parametrize("missing", ["synthesis/noise2", "dlatent_avg", "synthesis/4x4/Conv/mod_weight"])
def test_incomplete_networks(missing: str) -> None:
    variables = conditional("LabelEmbed")[1]
    with pytest.raises(Damage, match="holds an incomplete network"):
        open_contents(network({name: value for name, value in variables.items() if name != missing}))


def test_a_network_without_noise() -> None:
    variables = {name: v for name, v in conditional("LabelEmbed")[1].items() if "noise_strength" not in name}
    opened = open_contents(network(variables, use_noise=False))
    assert isinstance(opened, StyleGAN2)
    assert not opened.config.use_noise


def test_truncated_files_are_one_sentence(tmp_path: Path) -> None:
    content, path = (FIXTURES / "sg2tf_ada_resnet16.pkl").read_bytes(), tmp_path / "model.pkl"
    for length in (3, 100, 5000, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"^[^\n]*$"):
            load_generator(path)


def test_the_file_is_told_by_its_variables() -> None:
    contents = contents_of(read_checkpoint(FIXTURES / "sg2tf_skip32.pkl"))
    assert (contents.container, contents.kwargs["truncation_psi"]) == ("tf", 0.5)
