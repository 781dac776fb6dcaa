"""The decoder in a file of encoder4editing as a generator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from checkpoint_probe import FIXTURES, expected_of, tolerance
from network_promises import close, cut_files_are_refused, differentiable, round_trip, rows_are_independent

from renderer.errors import CheckpointError
from renderer.generators import load_generator
from renderer.generators.checkpoint import contents_of
from renderer.generators.detect import open_contents
from renderer.generators.e4e import part
from renderer.generators.safe_pickle import read_checkpoint

PATH = FIXTURES / "e4e_32.pt"


def test_the_decoder_renders_codes() -> None:
    generator, expected = load_generator(PATH), expected_of("e4e_32")
    close(generator.synthesis(expected["w"]), expected, "img_const")
    rebuilt = expected["codes"] + expected["latent_avg"]
    torch.testing.assert_close(rebuilt, expected["w"], atol=1e-5 * float(expected["w"].abs().max()), rtol=0)
    close(generator.synthesis(rebuilt), expected, "img_const")


def test_truncation_is_towards_the_latent_avg() -> None:
    generator, expected = load_generator(PATH), expected_of("e4e_32")
    assert torch.equal(generator.w_avg, expected["latent_avg"][0])
    ws = generator.mapping(torch.randn(1, generator.z_dim), truncation_psi=0)
    assert torch.equal(ws[0], expected["latent_avg"])


def test_the_comparison_can_fail() -> None:
    """Another layer routing, noise or network is far outside of the tolerance."""
    generator, expected = load_generator(PATH), expected_of("e4e_32")
    bound = 100 * tolerance(expected, expected["img_const"])
    for ws, noise_mode in ((expected["w"].flip(1), "const"), (expected["w"], "none"), (expected["codes"], "const")):
        assert (generator.synthesis(ws, noise_mode=noise_mode) - expected["img_const"]).abs().max() > bound


def test_rows_of_latent_avg_that_differ_are_averaged() -> None:
    loaded = dict(read_checkpoint(PATH))
    loaded["latent_avg"] = torch.arange(8.0)[:, None] + torch.zeros(17)
    assert torch.equal(open_contents(loaded).w_avg, torch.full((17,), 3.5))
    del loaded["latent_avg"]
    assert open_contents(loaded).w_avg.abs().max() > 0


def test_the_encoder_is_within_reach() -> None:
    contents = contents_of(read_checkpoint(PATH))
    encoder = part(contents, "encoder")
    assert encoder.shape("input_layer.0.weight", 4)[1:] == (3, 3, 3)
    assert encoder.whole["opts"]["encoder_type"] == "Encoder4Editing"
    assert encoder.whole["latent_avg"].shape == (8, 17)


def test_a_file_without_a_whole_decoder_says_so(tmp_path: Path) -> None:
    loaded = dict(read_checkpoint(PATH))
    state = loaded["state_dict"]
    first = {name: value for name, value in state.items() if name != "decoder.convs.0.conv.weight"}
    torch.save({**loaded, "state_dict": first}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match=r"incomplete: decoder\.convs\.0\.conv\.weight is missing"):
        load_generator(tmp_path / "model.pt")
    second = {name: value for name, value in state.items() if name != "decoder.convs.1.conv.weight"}
    torch.save({**loaded, "state_dict": second}, tmp_path / "model.pt")
    with pytest.raises(CheckpointError, match=r"incomplete network: convs\.1\.conv\.weight is missing"):
        load_generator(tmp_path / "model.pt")


def test_promises(tmp_path: Path) -> None:
    round_trip(PATH, tmp_path)
    cut_files_are_refused(PATH, tmp_path)
    differentiable(load_generator(PATH))
    rows_are_independent(load_generator(PATH))
