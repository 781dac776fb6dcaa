"""A file of latents comes back as it was written, and is a latent source."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer import LatentFileError
from renderer.inversion.result import Result, read_result, write_result
from renderer.timeline.files import latents_of


def some_result():
    noise = {"b4.conv1": torch.randn(2, 1, 4, 4)}
    return Result(torch.randn(2, 8, 16), noise, torch.rand(5, 2), {"command": "project", "steps": 5, "é": [1.5, None]})


def test_it_comes_back(tmp_path):
    result = some_result()
    read = read_result(write_result(tmp_path / "new" / "me.npz", result))
    assert torch.equal(read.ws, result.ws)
    assert torch.equal(read.noise["b4.conv1"], result.noise["b4.conv1"])
    assert torch.equal(read.loss, result.loss)
    assert read.settings == result.settings
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["me.npz"]


def test_it_is_a_latent_source_and_holds_no_objects(tmp_path):
    result = some_result()
    path = write_result(tmp_path / "me.npz", result)
    kind, ws = latents_of(path, None, z_dim=12, w_dim=16, num_ws=8)
    assert kind == "ws"
    assert torch.equal(ws, result.ws)
    with np.load(path, allow_pickle=False) as held:
        assert all(held[name].dtype.kind in "fU" for name in held.files)


def test_other_files_are_refused(tmp_path):
    with pytest.raises(LatentFileError, match=r"such as me\.npz"):
        write_result(tmp_path / "me.pt", some_result())
    np.savez(tmp_path / "other.npz", ws=np.zeros((1, 2, 3)))
    (tmp_path / "text.npz").write_text("no archive")
    for name in ("other.npz", "text.npz", "missing.npz"):
        with pytest.raises(LatentFileError, match="wrote"):
            read_result(tmp_path / name)
