"""Files of the first StyleGAN: what else they may hold, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint_probe import FIXTURES
from network_promises import round_trip, some_ws
from torch.nn import functional

from renderer.generators import load_generator
from renderer.generators.allowed import TFNetwork
from renderer.generators.detect import open_contents
from renderer.generators.networks.stylegan1 import StyleGAN1
from renderer.generators.pickle_machine import Damage, Refusal
from renderer.generators.safe_pickle import read_checkpoint

State = dict[str, Any]
TF_FILE = FIXTURES / "sg1_128_tf.pkl"


@pytest.fixture
def torch_state() -> State:
    return dict(read_checkpoint(FIXTURES / "sg1_32_interfacegan.pth"))


def tf_network(**arguments: Any) -> TFNetwork:
    """Return `Gs` of the TF fixture with other constructor arguments."""
    network = read_checkpoint(TF_FILE)[2]
    network.state["static_kwargs"].update(arguments)
    return network


def opened(network: TFNetwork) -> StyleGAN1:
    generator = open_contents((network, network, network))
    assert isinstance(generator, StyleGAN1)
    return generator


def variables(network: TFNetwork, part: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = (network.state["components"][part] if part else network).state["variables"]
    return found


def test_lod_may_be_missing(torch_state: State) -> None:
    whole = open_contents(dict(torch_state))
    del torch_state["synthesis.lod"]
    assert open_contents(torch_state).config == whole.config


@pytest.mark.parametrize("lod", [1.0, 0.5])
def test_lod_of_the_file_counts(lod: float, torch_state: State) -> None:
    torch_state["synthesis.lod"] = torch.tensor(lod)
    generator = open_contents(torch_state)
    assert generator.config.lod == lod
    image = generator.synthesis(some_ws(generator, 1))
    assert image.shape == (1, 3, 32, 32)
    coarse = image[:, :, ::2, ::2].repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.equal(image, coarse) == (lod == 1)


def test_truncation_coefficients_of_the_file_are_passed_over(torch_state: State) -> None:
    torch_state["truncation.truncation"] = torch.zeros(1, 8, 1)
    assert open_contents(torch_state).mapping(torch.ones(1, 48)).std() > 0


def test_parts_that_are_missing_are_the_same_every_time(torch_state: State) -> None:
    del torch_state["truncation.w_avg"]
    less = {name: value for name, value in torch_state.items() if not name.endswith("apply_noise.noise")}
    first, second = open_contents(less), open_contents(less)
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in first.state_dict().items())
    z = torch.from_numpy(np.random.RandomState(0).randn(4096, 48))
    torch.testing.assert_close(first.w_avg, first.mapping(z)[:, 0].mean(dim=0), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda s: s.pop("synthesis.layer3.conv.weight"), r"network: synthesis\.layer3\.conv\.weight is missing"),
        (lambda s: s.pop("synthesis.output3.bias"), r"network: synthesis\.output3\.bias is missing"),
        (lambda s: s.update(extra=torch.zeros(1)), "that its network does not use: extra"),
        (lambda s: s.update({"synthesis.lod": torch.tensor(9.0)}), "its lod is 9, expected 0 to 3"),
        (lambda s: s.update({"synthesis.lod": torch.tensor(float("nan"))}), "its lod is nan"),
        (lambda s: s.update({"synthesis.lod": torch.zeros(2)}), "expected one number"),
        (lambda s: s.update({"synthesis.layer2.blur.kernel": torch.zeros(3)}), r"expected \[C, 1, K, K\]"),
        (lambda s: s.update({"synthesis.layer3.epilogue.bias": torch.zeros(3)}), r"has the shape \[3\], expected"),
        (lambda s: [s.pop(name) for name in list(s) if name.startswith("mapping.")], "there is no mapping"),
        (lambda s: [s.pop(name) for name in list(s) if ".epilogue.bias" in name], "layers for 0 resolutions"),
    ],
)
def test_files_that_do_not_fit_together(damage: Callable[[State], object], message: str, torch_state: State) -> None:
    damage(torch_state)
    with pytest.raises(Damage, match=message):
        open_contents(torch_state)


def test_z_may_have_another_width_than_w(torch_state: State) -> None:
    torch_state["mapping.dense0.linear.weight"] = torch.randn(48, 47)
    generator = open_contents(torch_state)
    assert (generator.z_dim, generator.w_dim) == (47, 48)
    assert generator.mapping(torch.ones(2, 47)).shape == (2, 8, 48)


def test_channels_blurred_differently_are_refused(torch_state: State) -> None:
    torch_state["synthesis.layer2.blur.kernel"] = torch_state["synthesis.layer2.blur.kernel"].clone()
    torch_state["synthesis.layer2.blur.kernel"][0] *= 2
    with pytest.raises(Refusal, match="its channels are blurred by different filters"):
        open_contents(torch_state)


def test_the_decoy_of_the_tf_file_is_another_network() -> None:
    loaded = read_checkpoint(TF_FILE)
    with pytest.raises(Damage):
        open_contents((loaded[2], loaded[1], loaded[0]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"use_pixel_norm": True}, "given use_pixel_norm True; only False is opened"),
        ({"use_styles": False}, "given use_styles False; only True is opened"),
        ({"nonlinearity": "relu"}, "given nonlinearity relu; only lrelu is opened"),
        ({"fused_scale": "sometimes"}, "its fused_scale is sometimes"),
        ({"blur_filter": "abc"}, "its blur_filter is abc"),
        ({"blur_filter": [1, 1]}, "no odd number of taps"),
        ({"mapping_lrmul": 0}, "its mapping learning rate is 0"),
        ({"resolution": 256}, "was given resolution 256, but its variables have 128"),
        ({"label_size": 3}, "was given label_size 3, but its variables have 0"),
    ],
)
def test_arguments_that_do_not_fit(arguments: State, message: str) -> None:
    with pytest.raises((Refusal, Damage), match=message):
        opened(tf_network(**arguments))


def test_fused_upsampling_is_a_mirrored_one() -> None:
    """Only from 128 pixels on by default, everywhere or nowhere if the constructor was told so."""
    weights = {}
    for rule in ("auto", True, False):
        generator = opened(tf_network(fused_scale=rule))
        state = generator.state_dict()
        weights[rule] = [state[f"synthesis_network.b{size}.conv0.weight"] for size in (64, 128)]
    assert torch.equal(weights["auto"][0], weights[False][0])
    assert torch.equal(weights["auto"][1], weights[True][1])
    for index in range(2):
        assert torch.equal(weights[True][index], weights[False][index].flip(2, 3))


def test_the_transposed_convolution_of_the_fused_form() -> None:
    """Shift the kernel by one pixel in four ways, add these up, and convolve transposed."""
    generator = opened(tf_network(blur_filter=None))
    stored = dict(variables(read_checkpoint(TF_FILE)[2], "synthesis"))["128x128/Conv0_up/weight"].value
    kernel = torch.from_numpy(stored).permute(2, 3, 0, 1) * (2 / (9 * stored.shape[2])) ** 0.5  # [I, O, 3, 3]
    wide = functional.pad(kernel, (1, 1, 1, 1))
    wide = wide[:, :, 1:, 1:] + wide[:, :, :-1, 1:] + wide[:, :, 1:, :-1] + wide[:, :, :-1, :-1]
    x = torch.randn(1, stored.shape[2], 8, 8)
    made = generator.get_submodule("synthesis_network.b128.conv0").convolve(x)
    torch.testing.assert_close(made, functional.conv_transpose2d(x, wide, stride=2, padding=1))


def test_the_lod_of_the_whole_goes_before_that_of_its_part() -> None:
    network = tf_network()
    variables(network)[:] = [(name, 1.0 if name == "lod" else value) for name, value in variables(network)]
    assert opened(network).config.lod == 1


def test_a_network_without_noise() -> None:
    network = tf_network(use_noise=False)
    inner = variables(network, "synthesis")
    inner[:] = [(name, value) for name, value in inner if "oise" not in name]
    generator = opened(network)
    assert not generator.config.use_noise
    ws = some_ws(generator, 1)
    assert torch.equal(generator.synthesis(ws), generator.synthesis(ws, noise_mode="random"))


def test_labels_join_z_before_it_is_normalised() -> None:
    """By construction: no reference had labels."""
    network, source = tf_network(label_size=4), np.random.RandomState(5)
    label, first = source.randn(4, 40).astype("f4"), source.randn(80, 40).astype("f4") * 100
    inner = variables(network, "mapping")
    inner[:] = [(name, first if name == "Dense0/weight" else value) for name, value in inner]
    inner.append(("LabelConcat/weight", label))
    generator = opened(network)
    assert (generator.z_dim, generator.c_dim) == (40, 4)
    z, c = source.randn(2, 40), np.array([[0, 1, 0, 0], [0.5, 0, 0, 0.5]])
    x = np.concatenate([z, c @ label], axis=1)
    x /= np.sqrt((x**2).mean(axis=1, keepdims=True) + 1e-8)
    for index in range(8):
        stored = [dict(inner)[f"Dense{index}/{part}"] for part in ("weight", "bias")]
        weight, bias = (getattr(value, "value", value) for value in stored)
        x = x @ weight * (0.01 * np.sqrt(2 / len(weight))) + bias * 0.01
        x = np.where(x > 0, x, 0.2 * x)
    made = generator.mapping(torch.from_numpy(z), torch.from_numpy(c))[:, 0]
    torch.testing.assert_close(made, torch.from_numpy(x).float(), atol=1e-4, rtol=1e-4)


def as_lernapparat(state: State) -> State:
    """Write the tensors of an InterFaceGAN file in the layout of the lernapparat code."""
    made: State = {}
    for name, value in state.items():
        parts = name.split(".")
        if parts[0] == "mapping":
            made[f"g_mapping.{parts[1]}.{parts[-1]}"] = value
        elif parts[1].startswith("layer"):
            index = int(parts[1].removeprefix("layer"))
            size = 4 << index // 2
            block = f"g_synthesis.blocks.{size}x{size}"
            conv = (block, f"{block}.conv")[index] if index < 2 else f"{block}.{('conv0_up', 'conv1')[index % 2]}"
            rest = ".".join(parts[2:])
            style = f"{block}.epi{index % 2 + 1}"
            renamed = {
                "first_layer": f"{block}.const",
                "conv.weight": f"{conv}.weight",
                "weight": f"{conv}.weight",
                "blur.kernel": f"{conv}.intermediate.kernel",
                "epilogue.bias": f"{conv}.bias",
                "epilogue.apply_noise.weight": f"{style}.top_epi.noise.weight",
                "epilogue.style_mod.dense.linear.weight": f"{style}.style_mod.lin.weight",
                "epilogue.style_mod.dense.wscale.bias": f"{style}.style_mod.lin.bias",
            }
            if rest in renamed:
                value = value.permute(3, 2, 0, 1) if rest == "weight" else value
                made[renamed[rest]] = value[:1].clone() if rest == "blur.kernel" else value.clone()
    last = max(int(name.split(".")[1].removeprefix("output")) for name in state if ".output" in name)
    made["g_synthesis.torgb.weight"] = state[f"synthesis.output{last}.conv.weight"]
    made["g_synthesis.torgb.bias"] = state[f"synthesis.output{last}.bias"]
    return made


@pytest.mark.parametrize("name", ["sg1_32", "sg1_128"])
def test_the_lernapparat_layout_by_construction(name: str, tmp_path: Path) -> None:
    """The same weights, written in that layout, are the same network and picture; no real file was compared."""
    file = FIXTURES / f"{name}_interfacegan.pth"
    first = load_generator(file)
    torch.save(as_lernapparat(read_checkpoint(file)), tmp_path / "model.pt")
    second = load_generator(tmp_path / "model.pt")
    assert second.config.norm_eps == 1e-5
    theirs = second.state_dict()
    for key, value in first.state_dict().items():
        is_own = key.endswith("noise_const") or key == "w_avg"  # their files have neither
        assert is_own or torch.equal(value, theirs[key]), key
    ws = some_ws(first, 1)
    noise = {name: first.state_dict()[f"synthesis_network.{name}.noise_const"] for name in first.layer_names}
    made = second.synthesis(ws, noise=noise)
    torch.testing.assert_close(made, first.synthesis(ws), atol=5e-3, rtol=0)  # they add 1e-5 to variances, not 1e-8
    for layer in second.modules():
        if hasattr(layer, "up"):
            layer.config = first.config
    assert torch.equal(second.synthesis(ws, noise=noise), first.synthesis(ws))
    round_trip(tmp_path / "model.pt", tmp_path)
