"""The bands that a scene calls layers by: each generator says its own."""

from __future__ import annotations

import pytest
import torch

from renderer.errors import ValueProblem
from renderer.generators import load_generator
from renderer.generators.bloom import Bloom
from renderer.timeline.sources import layer_mask
from renderer.values.layers import LayerRange


class Lopsided(Bloom):
    @property
    def layer_bands(self) -> tuple[str, ...]:
        return ("middle",) * 3 + ("fine",) * (self.num_ws - 3)


def test_bands_follow_the_resolution_of_each_row() -> None:
    bloom = load_generator("bloom")
    bands = {"coarse": (0, 8), "middle": (9, 32), "fine": (33, 1 << 20)}
    for pixels, band in zip(bloom.layer_resolutions, bloom.layer_bands, strict=True):
        assert bands[band][0] <= pixels <= bands[band][1]


def test_a_generator_may_have_other_bands() -> None:
    generator = Lopsided()
    rows = torch.arange(generator.num_ws)
    assert torch.equal(layer_mask(LayerRange("middle", "middle"), generator), rows < 3)
    assert torch.equal(layer_mask(LayerRange("fine", "fine"), generator), rows >= 3)
    assert layer_mask(LayerRange("all", "all"), generator).all()
    with pytest.raises(ValueProblem, match="the band 'coarse' is empty"):
        layer_mask(LayerRange("coarse", "coarse"), generator)
