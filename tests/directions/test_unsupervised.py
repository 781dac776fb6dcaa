"""Components, factors and steps between pairs are those that were put there."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.directions.model import Model, spread_of
from renderer.directions.pairs import pair_direction
from renderer.directions.pca import components_of
from renderer.directions.sefa import chosen_weights, factorise
from renderer.errors import LatentFileError
from renderer.generators.load import load_generator
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from tests.directions.paths import FIXTURES


def test_components_of_bloom_are_its_axes_in_order(bloom, spread):
    found = components_of(spread, 10)
    for axis in range(5):
        assert abs(float(found.vectors[axis, axis])) > 0.95
    near = bloom.generator.spectrum[:10]
    np.testing.assert_allclose(found.sigmas, near, rtol=0.03)
    np.testing.assert_allclose(found.shares, near**2 / float(bloom.generator.spectrum.square().sum()), rtol=0.06)


def test_components_are_those_of_scikit_learn():
    from sklearn.decomposition import PCA

    model = Model(load_generator(FIXTURES / "sg2ada_uncond64.pkl"), "sg2ada_uncond64.pkl")
    z = np.random.RandomState(3).standard_normal(64 * 1500).reshape(-1, 64)
    wanted = PCA(6).fit(model.map(torch.from_numpy(z).float())[:, 0].double().numpy())
    found = components_of(spread_of(model, 1500, seed=3), 6)
    cosines = np.abs((found.vectors.numpy() * wanted.components_).sum(1))
    assert cosines.min() > 0.9999
    np.testing.assert_allclose(found.sigmas, np.sqrt(wanted.explained_variance_), rtol=1e-3)
    assert bool((found.vectors.gather(1, found.vectors.abs().argmax(1, keepdim=True)) > 0).all())


def test_a_sigma_is_how_far_latents_vary(bloom, spread):
    ws = bloom.map(torch.randn(4000, 64, generator=torch.Generator().manual_seed(4)))
    vector = torch.randn(64, generator=torch.Generator().manual_seed(5))
    vector = vector / vector.norm()
    assert spread.sigma(vector) == pytest.approx(float((ws[:, 0] @ vector).std()), rel=0.05)
    rows = vector.expand(14, -1) / 14**0.5
    assert spread.sigma(rows) == pytest.approx(float((ws * rows).sum((1, 2)).std()), rel=0.05)


def planted(count: int, rows: range = range(10)) -> tuple[StyleGAN2, torch.Tensor]:
    """Return a network, and orthonormal directions [count, 64] of w that the styles of some rows hear most."""
    network = StyleGAN2(StyleGAN2Config(64, 0, 64, 64, 3, (64,) * 5, (64, 64))).randomize(0).requires_grad_(False)
    source = torch.Generator().manual_seed(7)
    axes = torch.linalg.qr(torch.randn(64, 64, generator=source)).Q.T
    gains = torch.full((64,), 0.5)
    gains[:count] = torch.tensor([8.0, 6.4, 5.1, 4.1, 3.3])[:count]
    for row in rows:
        weight = network.style_weights[row]
        heard = torch.linalg.qr(torch.randn(64, 64, generator=source)).Q
        weight.copy_((heard + 0.02 * torch.randn(64, 64, generator=source)) * gains @ axes)
    return network, axes[:count]


@pytest.mark.parametrize(("count", "rows"), [(5, range(10)), (3, range(2, 5))])
def test_planted_singular_vectors_come_back_in_order(count, rows):
    network, wanted = planted(count, rows)
    strengths = torch.zeros(network.num_ws)
    strengths[list(rows)] = 1
    found, values = factorise(chosen_weights(network, strengths), 8)
    assert min(float((found[i] @ wanted[i]).abs()) for i in range(count)) > 0.95
    assert bool((values.diff() <= 0).all())
    np.testing.assert_allclose(found @ found.T, np.eye(8), atol=1e-5)


@pytest.mark.parametrize(
    ("file", "rows", "row"),
    [("sg2ada_uncond64.pkl", 10, 4), ("sg1_128_interfacegan.pth", 12, 6), ("sg3_t64.pkl", 16, 8)],
)
def test_the_style_weights_of_a_row_are_what_hears_it(file, rows, row):
    generator = load_generator(FIXTURES / file)
    weights = generator.style_weights
    assert len(weights) == generator.num_ws == rows
    assert {weight.shape[1] for weight in weights} == {generator.w_dim}
    ws = generator.mapping(torch.ones(1, generator.z_dim)).requires_grad_()  # torch runs it, without kernels
    moved = ws.detach().clone()
    moved[:, row] += 1
    moved.requires_grad_()
    assert not torch.equal(generator.synthesis(ws), generator.synthesis(moved))
    weights[row].zero_()
    assert torch.equal(generator.synthesis(ws), generator.synthesis(moved)), "nothing else reads that row"


def test_bloom_has_nothing_to_factorise(bloom):
    with pytest.raises(LatentFileError, match=r"bloom has no style affines .* directions of its own: hue, petals"):
        chosen_weights(bloom.generator, None)


def test_a_few_wrong_pairs_do_little():
    source = torch.Generator().manual_seed(6)
    step = torch.zeros(32)
    step[3] = 2
    before = torch.randn(20, 32, generator=source)
    after = before + step + 0.2 * torch.randn(20, 32, generator=source)
    after[:5] += 15 * torch.randn(32, generator=source)
    found = pair_direction(before, after)
    assert float(found.vector[3]) > 0.95
    assert found.length == pytest.approx(2, rel=0.25)
    mean = (after - before).mean(0)
    assert float(mean[3] / mean.norm()) < 0.6, "the plain mean is led astray"
    with pytest.raises(LatentFileError, match="the same on average"):
        pair_direction(before, before)
