"""The textbook form, which benchmarks pair our synthesis with, makes the same pictures."""

from __future__ import annotations

import torch

from benchmarks import textbook
from tests.generators.wide_network import wide_network


def test_it_is_the_same_network():
    network = wide_network(64, conv_clamp=256)
    ws = network.mapping(torch.randn(2, network.z_dim, generator=torch.Generator().manual_seed(1)))
    ours, theirs = network.synthesis(ws), textbook.synthesis(network, ws)
    assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()
    network.synthesis_network.b64.conv1.weight.data[0, 0] += 1
    assert (textbook.synthesis(network, ws) - theirs).abs().max() > 1e-3 * theirs.abs().max()


def test_the_clamp_is_the_same():
    network = wide_network(16, conv_clamp=0.5)
    ws = network.mapping(torch.randn(1, network.z_dim, generator=torch.Generator().manual_seed(1)))
    ours, theirs = network.synthesis(ws), textbook.synthesis(network, ws)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=0)
