"""StyleGAN3: the reference numbers, other configs by their design, transforms, and files that do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of, fixtures, tolerance
from stylegan3_probe import CONFIG_R, CONFIG_T, network, plain_layer, snapshot

from renderer.errors import CheckpointError, LatentreelError
from renderer.generators import Generator, convert, load_generator, modes, save_safetensors
from renderer.generators.detect import open_contents
from renderer.generators.networks.filters import upsample
from renderer.generators.networks.stylegan2_layers import Pass
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.pickle_machine import Damage
from renderer.generators.safe_pickle import read_checkpoint
from renderer.generators.stylegan3_design import design

NAMES = fixtures("sg3_")
IMAGES = (
    ("img_const", "w", None),
    ("img_mix_const", "w_mix", None),
    ("img_transformed", "w", "transform_inv"),
    ("img_transform_scale", "w", "transform_scale"),
)
SMALL: dict[str, Any] = {"channel_base": 64, "channel_max": 10, "z_dim": 7, "w_dim": 9}
OTHERS: tuple[dict[str, Any], ...] = (
    SMALL,
    SMALL | {"conv_kernel": 1, "use_radial_filters": True, "img_channels": 4},
    SMALL | {"conv_kernel": 5, "num_layers": 5, "num_critical": 1, "margin_size": 6, "filter_size": 4},
    SMALL | {"lrelu_upsampling": 4, "num_layers": 6, "first_cutoff": 1.5, "first_stopband": 5, "img_channels": 1},
    SMALL | {"use_radial_filters": True, "last_stopband_rel": 1.1, "conv_clamp": 0.5, "output_scale": 1},
    SMALL | {"conv_clamp": None, "c_dim": 3, "mapping_layers": 3, "num_critical": 0, "margin_size": 3},
)
Pair = tuple[StyleGAN3, dict[str, torch.Tensor]]


@pytest.fixture(scope="module", params=NAMES)
def pair(request: pytest.FixtureRequest) -> Pair:
    generator = load_generator(FIXTURES / f"{request.param}.pkl")
    assert isinstance(generator, StyleGAN3)
    return generator, expected_of(request.param)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Maps this small are done before further threads have begun."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def latents(generator: Generator, count: int = 2, seed: int = 3) -> torch.Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(seed))


def motion(degrees: float, x: float, y: float) -> torch.Tensor:
    """Return where each point looks, [3, 3], for a picture turned by degrees and then moved by x, y image widths."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return torch.tensor([[c, s, x], [-s, c, y], [0, 0, 1]], dtype=torch.float64).inverse().float()


def test_all_fixtures_are_there() -> None:
    assert len(NAMES) == 2


def test_mapping(pair: Pair) -> None:
    generator, expected = pair
    bound = 1e-5 * float(expected["w"].abs().max())
    cut = float(expected["psi_cut"]), int(expected["cutoff"])
    for name, ws in (
        ("w", generator.mapping(expected["z"])),
        ("w_psi", generator.mapping(expected["z"], None, float(expected["psi"]))),
        ("w_psi_cut", generator.mapping(expected["z"], None, *cut)),
    ):
        torch.testing.assert_close(ws, expected[name], atol=bound, rtol=0)


@pytest.mark.parametrize(("image", "latent", "transform"), IMAGES)
def test_synthesis(pair: Pair, image: str, latent: str, transform: str | None) -> None:
    generator, expected = pair
    wanted = expected[image]
    given = None if transform is None else expected[transform][None]
    made = generator.synthesis(expected[latent][: len(wanted)], transform=given)
    torch.testing.assert_close(made, wanted, atol=tolerance(expected, wanted), rtol=0)


def test_grey_levels(pair: Pair) -> None:
    generator, expected = pair
    made = (generator.synthesis(expected["w"]) * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
    difference = (made.int() - expected["img_const_u8"].int()).abs()
    assert int(difference.max()) <= 1
    assert float((difference > 0).float().mean()) < 1e-3


def test_fourier_features(pair: Pair) -> None:
    generator, expected = pair
    made = generator.synthesis_network.input(expected["w"][:1, 0])[:, :4]
    torch.testing.assert_close(made, expected["input_features_ch0_3"], atol=1e-5, rtol=0)


def test_the_transform_of_the_reference_is_how_a_picture_moves(pair: Pair) -> None:
    _, expected = pair
    made = motion(float(expected["rotate_deg"]), *expected["translate"].tolist())
    torch.testing.assert_close(made, expected["transform_inv"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_the_comparison_can_fail(name: str) -> None:
    """The decoy `G` is another network than `G_ema`; opening it must not pass for the right one."""
    decoy, expected = open_contents({"G_ema": read_checkpoint(FIXTURES / f"{name}.pkl")["G"]}), expected_of(name)
    assert (decoy.mapping(expected["z"]) - expected["w"]).abs().max() > 1e-2
    made = decoy.synthesis(expected["w"])[: len(expected["img_const"])]
    assert (made - expected["img_const"]).abs().max() > 100 * tolerance(expected, expected["img_const"])


@pytest.mark.parametrize(("name", "arguments"), [("sg3_t64", CONFIG_T), ("sg3_r64", CONFIG_R)])
def test_the_design_from_arguments_is_that_of_the_files(name: str, arguments: dict[str, Any]) -> None:
    generator, (made, filters) = load_generator(FIXTURES / f"{name}.pkl"), design(64, **arguments)
    assert isinstance(generator, StyleGAN3)
    assert generator.config == made
    state = generator.state_dict()
    assert {key for key in state if key.endswith("filter")} == set(filters)
    assert all(torch.allclose(state[key], taps, atol=1e-6, rtol=0) for key, taps in filters.items())


@pytest.mark.parametrize("arguments", OTHERS, ids=range(len(OTHERS)))
def test_layers_are_those_of_the_paper(arguments: dict[str, Any]) -> None:
    """Each layer agrees with the plain form of it: each sample's own weight, zeros put in, whole convolutions."""
    generator, run = network(16, **arguments), Pass("const", {}, None)
    ws = latents(generator)
    x = generator.synthesis_network.input(ws[:, 0])
    for row, layer in enumerate(generator.synthesis_network.layers(), start=1):
        wanted = plain_layer(layer, x, ws[:, row])
        made = layer(x, ws[:, row], run)
        assert made.shape == wanted.shape == (2, layer.config.outputs, layer.config.out_size, layer.config.out_size)
        torch.testing.assert_close(made, wanted, atol=2e-5 * max(1.0, float(wanted.abs().max())), rtol=0)
        x = wanted
    torch.testing.assert_close(generator.synthesis(ws), x * generator.config.output_scale, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("arguments", OTHERS, ids=range(len(OTHERS)))
def test_any_design_goes_through_a_checkpoint(arguments: dict[str, Any], tmp_path: Path) -> None:
    generator = network(16, **arguments)
    opened = open_contents({"G": None, "G_ema": snapshot(generator, z_dim=7, c_dim=arguments.get("c_dim", 0))})
    assert isinstance(opened, StyleGAN3)
    assert opened.config == generator.config
    save_safetensors(opened, tmp_path / "a.safetensors")
    again = load_generator(tmp_path / "a.safetensors").state_dict()
    assert all(torch.equal(value, again[name]) for name, value in generator.state_dict().items())


@pytest.mark.parametrize("name", NAMES)
def test_round_trip_is_bit_exact(name: str, tmp_path: Path) -> None:
    first = load_generator(FIXTURES / f"{name}.pkl")
    convert(FIXTURES / f"{name}.pkl", tmp_path / "a.safetensors")
    second = load_generator(tmp_path / "a.safetensors")
    assert second.config == first.config
    ws = expected_of(name)["w"]
    assert torch.equal(first.synthesis(ws), second.synthesis(ws))
    save_safetensors(second, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


@pytest.mark.parametrize("taps", [1, 2, 5, 12])
@pytest.mark.parametrize("factor", [1, 2, 3])
@pytest.mark.parametrize("before", [-7, 0, 4])
@pytest.mark.parametrize("after", [-4, 0, 9])
def test_upsampling_is_zeros_and_a_convolution(taps: int, factor: int, before: int, after: int) -> None:
    source = torch.Generator().manual_seed(0)
    x, kernel = torch.randn(2, 3, 9, 8, generator=source), torch.rand(taps, generator=source)
    spread = torch.zeros(2, 3, 9 * factor, 8 * factor)
    spread[:, :, ::factor, ::factor] = x
    if min(spread.shape[2:]) + before + after < taps:
        return
    padded = torch.nn.functional.pad(spread, (before, after) * 2)
    kernel_2d = torch.outer(kernel, kernel).flip(0, 1).expand(3, 1, -1, -1)
    wanted = torch.nn.functional.conv2d(padded, kernel_2d, groups=3)
    made = upsample(x, kernel.tolist(), factor, before, after)
    torch.testing.assert_close(made, wanted, atol=1e-5, rtol=0)


def test_each_frame_has_its_own_transform(pair: Pair) -> None:
    generator, expected = pair
    moves = torch.stack([motion(0, 0, 0), motion(30, 0.1, -0.2)])
    made = generator.synthesis(expected["w"], transform=moves)
    alone = [generator.synthesis(expected["w"][i : i + 1], transform=moves[i : i + 1]) for i in range(2)]
    torch.testing.assert_close(made, torch.cat(alone), atol=tolerance(expected, made), rtol=0)
    plain = generator.synthesis(expected["w"])
    torch.testing.assert_close(made[0], plain[0], atol=tolerance(expected, plain), rtol=0)
    assert (made[1] - plain[1]).abs().max() > 0.05
    both = generator.synthesis(expected["w"], transform=moves[1:])
    torch.testing.assert_close(both[1], made[1], atol=tolerance(expected, made), rtol=0)


def test_features_move_by_whole_pixels() -> None:
    """A picture moved by k samples is the same features, k columns further."""
    generator = network(16, **SMALL)
    place, rate = generator.synthesis_network.input, generator.config.input_rate
    w = torch.zeros(1, generator.w_dim)
    still, moved = place(w), place(w, motion(0, 3 / rate, -2 / rate)[None])
    torch.testing.assert_close(moved[:, :, :-2, 3:], still[:, :, 2:, :-3], atol=1e-4, rtol=0)
    turned = place(w, motion(90, 0, 0)[None])
    torch.testing.assert_close(turned, still.rot90(1, (2, 3)), atol=1e-4, rtol=0)


def test_rows_of_a_batch_are_independent(pair: Pair) -> None:
    generator, expected = pair
    alone = torch.cat([generator.synthesis(ws[None]) for ws in expected["w"]])
    loud = torch.stack([expected["w"][0], 30 * expected["w"][1]])
    bound = tolerance(expected, alone)
    torch.testing.assert_close(generator.synthesis(expected["w"]), alone, atol=bound, rtol=0)
    torch.testing.assert_close(generator.synthesis(loud)[0], alone[0], atol=bound, rtol=0)


def test_images_are_differentiable_in_every_row_of_ws(pair: Pair) -> None:
    generator, expected = pair
    ws, still = expected["w"][:1].clone().requires_grad_(), generator.synthesis(expected["w"][:1])
    image = generator.synthesis(ws)
    torch.testing.assert_close(image, still, atol=tolerance(expected, still), rtol=0)
    image.square().mean().backward()
    assert ws.grad is not None
    assert (ws.grad.abs().amax(dim=(0, 2)) > 0).all()


def test_gradients_are_those_of_finite_differences() -> None:
    generator = network(16, **SMALL, num_layers=4, use_radial_filters=True).double()
    ws, source = latents(generator, 1).double(), torch.Generator().manual_seed(5)
    step = torch.randn(ws.shape, generator=source, dtype=torch.float64) * 1e-6
    image = torch.randn(1, 3, 16, 16, generator=source, dtype=torch.float64)
    ws.requires_grad_()
    (generator.synthesis(ws) * image).sum().backward()
    with torch.no_grad():
        ahead, behind = ((generator.synthesis(ws + sign * step) * image).sum() for sign in (1, -1))
        assert ws.grad is not None
        torch.testing.assert_close((ahead - behind) / 2, (ws.grad * step).sum(), rtol=1e-4, atol=0)


def test_noise_is_accepted_and_ignored(pair: Pair) -> None:
    generator, expected = pair
    ws = expected["w"][:1]
    assert torch.equal(generator.synthesis(ws, noise_mode="random"), generator.synthesis(ws, noise_mode="none"))
    assert torch.equal(generator.synthesis(ws, noise={"b4.conv1": torch.ones(4, 4)}), generator.synthesis(ws))


def test_taps_see_every_layer_and_change_it() -> None:
    generator, seen = network(16, **SMALL), {}
    ws = latents(generator)

    def watch(name: str, x: torch.Tensor) -> torch.Tensor:
        seen[name] = tuple(x.shape)
        return x

    assert torch.equal(generator.synthesis(ws, taps=watch), generator.synthesis(ws))
    assert tuple(seen) == generator.layer_names
    assert (seen["input"], len(seen)) == ((2, 10, 36, 36), generator.num_ws - 1)
    bent = generator.synthesis(ws, taps=lambda name, x: x * 0 if name == "input" else x)
    assert not torch.equal(bent, generator.synthesis(ws))


def test_labels() -> None:
    generator = network(16, **SMALL, c_dim=3)
    z = torch.randn(2, 7, generator=torch.Generator().manual_seed(1))
    ws = generator.mapping(z, torch.eye(3)[:2])
    assert (ws[0] - generator.mapping(z, torch.eye(3)[1:])[0]).abs().max() > 1e-2
    soft = generator.mapping(z, torch.tensor([[0.5, 0.5, 0], [0, 1, 0]]))
    torch.testing.assert_close(soft[1], ws[1])
    with pytest.raises(LatentreelError, match=r"needs class labels of shape \[2, 3\]"):
        generator.mapping(z)


def test_wrong_shapes_are_one_sentence() -> None:
    generator = network(16, **SMALL)
    with pytest.raises(LatentreelError, match=r"ws has the shape \[1, 3, 9\], expected \[N, 16, 9\]"):
        generator.synthesis(torch.zeros(1, 3, 9))
    with pytest.raises(LatentreelError, match=r"transform has the shape \[3, 3\], expected \[2, 3, 3\]"):
        generator.synthesis(latents(generator), transform=torch.eye(3))


def test_rows_and_bands(pair: Pair) -> None:
    generator, _ = pair
    assert generator.layer_resolutions == (16,) * 5 + (32,) * 4 + (64,) * 7
    assert generator.layer_bands == ("coarse",) * 6 + ("middle",) * 5 + ("fine",) * 5


@pytest.mark.parametrize(
    ("name", "dtype", "units"),
    [("sg3_t64", "bf16", "amx_bf16"), ("sg3_r64", "bf16", "avx512_bf16"), ("sg3_t64", "fp16", None)],
)
def test_lower_precision_is_close(name: str, dtype: str, units: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(modes, "bf16_units", lambda: units)
    expected = expected_of(name)
    made = load_generator(FIXTURES / f"{name}.pkl", dtype=dtype).synthesis(expected["w"][:1])
    assert made.dtype == torch.float32
    error = (made - expected["img_const"]).square().mean().sqrt() / expected["img_const"].std()
    assert 1e-5 < error < (0.05 if dtype == "bf16" else 0.01)


def change_attribute(module: str, **changes: Any) -> Callable[[Any], None]:
    def change(root: Any) -> None:
        for name in module.split(".") if module else ():
            root = root.state["_modules"][name]
        root.state.update(changes)

    return change


L0, L1 = "synthesis.L0_36_10", "synthesis.L1_36_10"


@pytest.mark.parametrize(
    ("module", "changes", "reason"),
    [
        (L0, {"up_factor": None}, "the up_factor of .* is a NoneType, expected a number"),
        (L0, {"up_factor": 2.5}, "is 2.5, expected a whole number"),
        (L0, {"up_factor": 3}, "does not lead from 36 to 36 pixels"),
        (L0, {"up_factor": 100}, "too large"),
        (L0, {"down_factor": 0}, "not positive"),
        (L0, {"padding": [1, 2, 3, 4]}, "not that of a square map"),
        (L0, {"padding": "none"}, "not made of four whole numbers"),
        (L0, {"in_size": np.array([36, 35])}, "not that of a square map"),
        (L0, {"in_size": 1 << 40, "out_size": 1 << 40}, "is too large"),
        (L1, {"in_size": 38, "padding": [7, 6, 7, 6]}, "does not go on from 10 channels of 36 pixels"),
        (L0, {"conv_clamp": -1}, "conv_clamp is -1"),
        (L0, {"out_sampling_rate": math.inf}, "expected a number"),
        ("synthesis.input", {"bandwidth": 8}, "the bandwidth of its input"),
        ("synthesis", {"layer_names": ["L0_36_10"]}, "tensors that its network does not use"),
        ("synthesis", {"layer_names": ["L0_36_10"] * 2}, "the same name"),
        ("synthesis", {"layer_names": ["L9_9_9"]}, "incomplete network: the layer L9_9_9"),
        ("synthesis", {"layer_names": [0]}, "the list of its layers is broken"),
        ("synthesis", {"output_scale": "big"}, "could not convert"),
        ("mapping.fc0", {"activation": "step"}, "an activation is none of"),
        ("", {"_init_kwargs": {"w_dim": 10}}, "was given w_dim 10, but its tensors have 9"),
    ],
)
def test_attributes_that_do_not_fit(module: str, changes: dict[str, Any], reason: str) -> None:
    root = snapshot(network(16, **SMALL))
    change_attribute(module, **changes)(root)
    with pytest.raises(Damage, match=reason):
        open_contents({"G_ema": root})


@pytest.mark.parametrize("name", [f"{L0}.up_filter", f"{L1}.weight", "synthesis.input.freqs", "mapping.w_avg"])
def test_incomplete_networks(name: str) -> None:
    root = snapshot(network(16, **SMALL))
    module, _, own = name.rpartition(".")
    place = root
    for part in module.split("."):
        place = place.state["_modules"][part]
    for group in ("_parameters", "_buffers"):
        place.state[group].pop(own, None)
    with pytest.raises(Damage, match=r"incomplete|without a filter|does not lead"):
        open_contents({"G_ema": root})


def test_layers_go_by_the_list_or_by_their_numbers() -> None:
    generator = network(16, **SMALL)
    root = snapshot(generator)
    change_attribute("synthesis", layer_names=None)(root)
    opened = open_contents({"G_ema": root})
    assert isinstance(opened, StyleGAN3)
    assert opened.config.layers == generator.config.layers


@pytest.mark.parametrize("name", NAMES)
def test_truncated_files_are_one_sentence(name: str, tmp_path: Path) -> None:
    content, path = (FIXTURES / f"{name}.pkl").read_bytes(), tmp_path / "model.pkl"
    for length in (3, 100, 5000, len(content) - 1):
        path.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"^[^\n]*$"):
            load_generator(path)
