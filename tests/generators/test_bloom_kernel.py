"""The compiled kernel paints the flowers that the differentiable steps describe."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from renderer.generators import bloom as module
from renderer.generators.bloom import Bloom
from renderer.generators.kernels.functions import cosine, exponential, reduced, sine
from renderer.generators.kernels.jit import kernel


def latents(bloom: Bloom, count: int, seed: int = 1) -> Tensor:
    return bloom.mapping(torch.randn(count, bloom.z_dim, generator=torch.Generator().manual_seed(seed)))


def by_steps(bloom: Bloom, ws: Tensor, **options: Any) -> Tensor:
    """Return the pictures that the differentiable steps paint; a tap calls for them."""
    return bloom.synthesis(ws, taps=lambda name, feature: feature, **options)


@pytest.mark.parametrize("size", [(1, 1), (37, 53), (96, 64)])
def test_pictures_are_those_of_the_steps(size: tuple[int, int]) -> None:
    bloom = Bloom(size)
    ws = latents(bloom, 6)
    turned = torch.tensor([[0.8, -0.6, 0.1], [0.6, 0.8, -0.2], [0.0, 0.0, 1.0]]).expand(6, 3, 3)
    options: dict[str, Any]
    for options in ({}, {"noise_mode": "none"}, {"transform": turned}, {"noise": {"grain": torch.randn(6, 1, *size)}}):
        assert (
            bloom.synthesis(ws, **options) - by_steps(bloom, ws, **options)
        ).abs().max() < 1e-3  # an eighth of a grey


def test_the_kernel_is_what_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> Tensor:
        raise AssertionError("painted by steps")

    monkeypatch.setattr(module, "paint", refuse)
    bloom = Bloom(16)
    assert bloom.synthesis(latents(bloom, 1)).shape == (1, 3, 16, 16)
    with pytest.raises(AssertionError, match="by steps"):
        bloom.synthesis(latents(bloom, 1).requires_grad_())


def test_neither_threads_nor_neighbours_change_a_bit() -> None:
    bloom = Bloom((50, 30))
    ws = latents(bloom, 4)
    with torch.no_grad():
        whole = bloom.synthesis(ws)
        other = bloom.synthesis(torch.cat([ws[:2], latents(bloom, 2, seed=5)]))
        assert torch.equal(whole[:2], other[:2])
        threads = torch.get_num_threads()
        try:
            torch.set_num_threads(1)
            assert torch.equal(whole, bloom.synthesis(ws))
        finally:
            torch.set_num_threads(threads)


def test_gradients_are_those_of_the_steps() -> None:
    bloom = Bloom(16)
    ws = latents(bloom, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(bloom.synthesis(ws).sum(), ws)
    assert gradient.isfinite().all()
    assert gradient.abs().max() > 0


def test_functions_are_exact_to_float32() -> None:
    def evaluate(x, out):  # type: ignore[no-untyped-def]
        for i in range(len(x)):
            angle = reduced(x[i])
            out[0, i], out[1, i], out[2, i] = sine(angle), cosine(angle), exponential(x[i] / np.float32(100))

    x = np.linspace(-5000, 5000, 20011).astype(np.float32)
    out = np.empty((3, len(x)), np.float32)
    kernel(evaluate)(x, out)
    wide = x.astype(np.float64)
    assert np.abs(out[0] - np.sin(wide)).max() < 1e-6
    assert np.abs(out[1] - np.cos(wide)).max() < 1e-6
    assert np.abs(out[2] / np.exp(wide / 100) - 1).max() < 1e-5
