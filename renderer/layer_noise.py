"""The noise of layers, for effects that change it: which maps stand above, and how much each layer is meant."""

from __future__ import annotations

from torch import Tensor

from renderer.generators.base import FeatureMap, Generator
from renderer.synthesis_inputs import SynthesisInputs


def layer_noise(generator: Generator, x: SynthesisInputs, name: str) -> Tensor:
    """Return the noise [N or 1, 1, h, w] that a layer gets by the inputs of synthesis."""
    if (given := x.noise.get(name)) is not None:
        return given.reshape(-1, 1, *given.shape[-2:])
    own = generator.const_noise[name][None, None]
    return own * 0 if x.noise_mode == "none" else own


def noise_amounts(generator: Generator, layers: Tensor, amount: Tensor) -> dict[str, Tensor]:
    """Return how much each layer with noise is meant, [N, 1, 1, 1], of layers [N, num_ws] and an amount [N]."""
    last = FeatureMap(generator.num_ws - 1)
    rows = {name: generator.feature_maps.get(name, last).row for name in generator.noise_shapes}
    return {name: (layers[:, row] * amount).reshape(-1, 1, 1, 1) for name, row in rows.items()}
