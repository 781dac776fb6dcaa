"""The embedded generator: its protocol, its latent space, its picture."""

from __future__ import annotations

import pytest
import torch

from renderer.generators.bloom import Bloom


@pytest.fixture(scope="module")
def bloom() -> Bloom:
    return Bloom(32)


def test_shapes_of_the_protocol(bloom: Bloom) -> None:
    ws = bloom.mapping(torch.randn(3, bloom.z_dim))
    image = bloom.synthesis(ws)
    assert ws.shape == (3, 14, 64)
    assert image.shape == (3, 3, 32, 32)
    assert image.dtype == torch.float32
    assert image.abs().max() <= 1
