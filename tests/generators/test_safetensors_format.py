"""Our own checkpoint files: bit-exact, and foreign or broken ones refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from checkpoint_probe import FIXTURES, STYLEGAN2, expected_of

from renderer.errors import CheckpointError
from renderer.generators import convert, load_generator, load_safetensors, save_safetensors

ABOUT = {"format_version": 1, "family": "stylegan2", "config": {}}


def header_with(**changes: Any) -> dict[str, str]:
    return {"latentreel": json.dumps(ABOUT | changes)}


@pytest.fixture
def converted(tmp_path: Path) -> Path:
    target = tmp_path / "model.safetensors"
    convert(FIXTURES / "sg2ada_cond32.pkl", target)
    return target


@pytest.mark.parametrize("name", STYLEGAN2)
def test_round_trip_is_bit_exact(name: str, tmp_path: Path) -> None:
    first = load_generator(FIXTURES / f"{name}.pkl")
    convert(FIXTURES / f"{name}.pkl", tmp_path / "a.safetensors")
    second = load_generator(tmp_path / "a.safetensors")
    assert second.config == first.config
    state = second.state_dict()
    assert all(torch.equal(value, state[key]) for key, value in first.state_dict().items())
    ws = expected_of(name)["w"]
    assert torch.equal(first.synthesis(ws), second.synthesis(ws))
    save_safetensors(second, tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.safetensors", "b.safetensors"]


def rewritten(path: Path, header: dict[str, str], change: Any = None) -> Path:
    state = safetensors.torch.load_file(path)
    if change is not None:
        change(state)
    safetensors.torch.save_file(state, path, header)
    return path


def header_of(path: Path) -> dict[str, str]:
    with safetensors.safe_open(path, "pt") as opened:
        return dict(opened.metadata())


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({}, "refused: it is a safetensors file of another program"),
        ({"format": "pt"}, "refused: it is a safetensors file of another program"),
        (header_with(format_version=9), "refused: its format version is 9, expected 1"),
        (header_with(family="stylegan"), "refused: its family is 'stylegan'; did you mean 'stylegan"),
        (header_with(family="zzz"), "refused: its family is 'zzz'; known are stylegan"),
        (header_with(), "broken: its z_dim is wrong: Field required"),
        (header_with(config=[]), "broken: its config is wrong"),
        ({"latentreel": "["}, "broken: the description of its network is no JSON object"),
        ({"latentreel": "[" * 100_000}, "broken: the description of its network is no JSON object"),
    ],
)
def test_foreign_files_are_refused(header: dict[str, str], reason: str, converted: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_generator(rewritten(converted, header))
    assert str(caught.value).startswith(f"{converted}: {reason}")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"img_resolution": 64}, "4 blocks do not lead to 64 pixels"),
        ({"channels": [10**9] * 4}, "a dimension of the network is larger than"),
        ({"channels": [10**6] * 4}, "has the shape .* expected .1000000"),
        ({"w_dim": 63}, "the mapping ends in 64 features"),
        ({"conv_clamp": -1}, "the clamp is -1"),
        ({"architecture": "tower"}, "its architecture is wrong"),
        ({"resample_filter": []}, "the resampling filter has no finite sum"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(change: dict[str, Any], reason: str, converted: Path) -> None:
    about = json.loads(header_of(converted)["latentreel"])
    header = header_with(config=about["config"] | change)
    with pytest.raises(CheckpointError, match=reason):
        load_generator(rewritten(converted, header))


def test_tensors_that_do_not_fit_are_refused(converted: Path) -> None:
    header = header_of(converted)
    with pytest.raises(CheckpointError, match="incomplete network: w_avg is missing"):
        load_generator(rewritten(converted, header, lambda state: state.pop("w_avg")))
    with pytest.raises(CheckpointError, match=r"w_avg has the shape .3., expected .64."):
        load_generator(rewritten(converted, header, lambda state: state.update(w_avg=torch.zeros(3))))
    whole = {"w_avg": torch.zeros(64, dtype=torch.int64)}
    with pytest.raises(CheckpointError, match=r"w_avg is of type torch\.int64"):
        load_generator(rewritten(converted, header, lambda state: state.update(whole)))
    extra = {"w_avg": torch.zeros(64), "extra": torch.zeros(1)}
    with pytest.raises(CheckpointError, match="tensors that its network does not use: extra"):
        load_generator(rewritten(converted, header, lambda state: state.update(extra)))


@pytest.mark.parametrize("length", [0, 5, 9, 10, 500, -1])
def test_broken_files_are_one_sentence(length: int, converted: Path) -> None:
    converted.write_bytes(converted.read_bytes()[:length])
    with pytest.raises(CheckpointError) as caught:
        load_generator(converted)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_written(tmp_path: Path) -> None:
    generator = load_generator(FIXTURES / "sg2ada_orig32.pkl")
    with pytest.raises(CheckpointError, match="cannot be written"):
        save_safetensors(generator, tmp_path / "nowhere" / "a.safetensors")
    with pytest.raises(CheckpointError, match=r"converted to \.safetensors files only"):
        convert(FIXTURES / "sg2ada_orig32.pkl", tmp_path / "a.pt")
    with pytest.raises(CheckpointError, match="a bloom generator has no weights to save"):
        convert("bloom", tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_loading_does_not_hold_the_file(converted: Path) -> None:
    generator = load_safetensors(converted)
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    with converted.open("r+b") as stream:
        stream.write(b"\0" * converted.stat().st_size)
    assert all(torch.equal(value, before[name]) for name, value in generator.state_dict().items())
