"""What tests of directions share: bloom with its attributes, and labelled samples of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from renderer.directions.labels import Labelled
from renderer.directions.model import Model, Spread, spread_of
from renderer.generators.bloom import Bloom
from renderer.generators.bloom_attributes import read_attributes
from renderer.timeline.sources import seed_to_z


@pytest.fixture(scope="session")
def bloom() -> Model:
    return Model(Bloom(32), "bloom")


@pytest.fixture(scope="session")
def spread(bloom: Model) -> Spread:
    return spread_of(bloom)


@pytest.fixture(scope="session")
def attributes(bloom: Model) -> Callable[[torch.Tensor], dict[str, torch.Tensor]]:
    """Return a function that gives every attribute [N] of ws [N, num_ws, w_dim], as the picture shows it."""
    return lambda ws: read_attributes(ws, bloom.generator.spectrum, bloom.generator.w_avg)


@pytest.fixture(scope="session")
def labelled(bloom: Model, attributes) -> Callable[..., Labelled]:
    """Return a function that labels 500 seeds with a mixture of attributes and some error, as numbers or classes."""
    z = torch.cat([seed_to_z(seed, 64) for seed in range(500)])
    ws = bloom.map(z)
    values = attributes(ws)

    def label(mixture: dict[str, float], space: str = "w", classes: bool = False, error: float = 0.3) -> Labelled:
        numbers = sum(share * values[name].double().numpy() for name, share in mixture.items())
        numbers = numbers + error * np.random.RandomState(5).standard_normal(500)
        latents = {"w": ws[:, 0], "w+": ws, "z": z}[space]
        name = next(iter(mixture))
        if classes:
            return Labelled(latents, (numbers > 0).astype(np.float64), name, "a test", ("no", "yes"))
        return Labelled(latents, numbers, name, "a test")

    return label
