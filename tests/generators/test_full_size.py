"""A network of full size opens without its file and its companions in memory; how fast, benchmarks/ tells."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from renderer.generators import convert, load_generator
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.untrained import stylegan2_config
from tests.generators.full_size import measured_afresh, write_checkpoint


def test_what_the_helper_writes_is_opened(tmp_path: Path):
    made = stylegan2_config(16, 256)
    write_checkpoint(tmp_path / "a.pkl", made, seed=3)
    opened, expected = load_generator(tmp_path / "a.pkl"), StyleGAN2(made).randomize(3)
    assert opened.config.channels == expected.config.channels
    for name, value in expected.state_dict().items():
        assert torch.equal(opened.state_dict()[name], value), name


def test_only_the_network_that_renders_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from renderer.generators import torch_streams

    filled: list[int] = []
    fill = torch_streams.Storage.fill

    def counting(self: torch_streams.Storage, data: memoryview) -> None:
        fill(self, data)
        filled.append(self.nbytes if self.made is not None else 0)

    monkeypatch.setattr(torch_streams.Storage, "fill", counting)
    size = write_checkpoint(tmp_path / "a.pkl", stylegan2_config(16, 256))
    load_generator(tmp_path / "a.pkl")
    assert size <= sum(filled) < 1.01 * size
    assert sum(filled) < (tmp_path / "a.pkl").stat().st_size / 2


@pytest.mark.full
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="peaks are read from /proc")
def test_a_full_size_network_needs_little_more_than_its_parameters(tmp_path: Path):
    size = write_checkpoint(tmp_path / "full.pkl")
    convert(tmp_path / "full.pkl", tmp_path / "full.safetensors")
    for measured in measured_afresh(tmp_path / "full.pkl", tmp_path / "full.safetensors"):
        assert measured["peak"] < 2.2 * size
