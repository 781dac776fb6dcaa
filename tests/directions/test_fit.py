"""Directions fitted to labels are the true ones, and free of others where that is asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.directions.condition import without
from renderer.directions.fit import fit_direction
from renderer.directions.labels import Labelled
from renderer.directions.model import Model
from renderer.errors import LatentFileError
from renderer.generators.load import load_generator
from tests.directions.paths import FIXTURES

ATTRIBUTES = ("hue", "petals", "radius", "background", "accent", "point", "glow", "saturation", "core", "light")


def cosine(found: torch.Tensor, true: torch.Tensor) -> float:
    return float(torch.cosine_similarity(found.reshape(-1), true.reshape(-1), dim=0))


def true_direction(bloom: Model, name: str, space: str) -> torch.Tensor:
    """Return how z, w or equal rows of ws move when one attribute grows; the picture knows no other."""
    axis = bloom.generator.directions[name].sum(0)
    return axis.expand(bloom.generator.num_ws, -1) if space == "w+" else axis


@pytest.mark.parametrize("name", ATTRIBUTES)
@pytest.mark.parametrize("method", ["ridge", "logistic", "svm"])
def test_500_labels_give_the_true_direction(bloom, spread, labelled, name, method):
    """The labels have an error of 0.3 sigma; classes are what is left of numbers above and below 0."""
    found = fit_direction(labelled({name: 1}, classes=method != "ridge"), spread, method)
    assert cosine(found.vector, true_direction(bloom, name, "w")) > 0.95
    assert found.score > 0.8
    assert not found.is_guess


@pytest.mark.full
@pytest.mark.parametrize("method", ["ridge", "logistic", "svm"])
def test_500_labels_give_the_true_direction_of_every_attribute(bloom, spread, labelled, method):
    """Labels are those of the attribute itself, as somebody gives them who sees it clearly."""
    for name in bloom.generator.directions:
        found = fit_direction(labelled({name: 1}, classes=method != "ridge", error=0), spread, method)
        assert cosine(found.vector, true_direction(bloom, name, "w")) > 0.95, name


@pytest.mark.parametrize("space", ["z", "w+"])
@pytest.mark.parametrize("classes", [False, True])
def test_other_spaces(bloom, spread, labelled, space, classes):
    found = fit_direction(labelled({"petals": 1}, space, classes), None if space == "z" else spread)
    assert found.method == ("logistic" if classes else "ridge")
    assert cosine(found.vector, true_direction(bloom, "petals", space)) > 0.95


def test_a_classifier_of_numbers_takes_both_ends(bloom, spread, labelled):
    found = fit_direction(labelled({"radius": 1}), spread, "svm")
    assert 300 < found.samples < 360
    assert cosine(found.vector, true_direction(bloom, "radius", "w")) > 0.95


def test_the_normal_is_that_of_scikit_learn(spread, labelled):
    from sklearn.linear_model import RidgeCV

    from renderer.directions.fit import PENALTIES

    samples = labelled({"hue": 1})
    scale = float(spread.covariance.trace() / 64) ** 0.5
    wanted = RidgeCV(alphas=PENALTIES).fit(samples.latents.double().numpy() / scale, samples.labels).coef_
    found = fit_direction(samples, spread, normal=True)
    assert cosine(found.vector.double(), torch.from_numpy(wanted)) > 0.99999
    assert cosine(found.vector, fit_direction(samples, spread).vector) < 0.99, "unless it is balanced"


@pytest.mark.parametrize("space", ["z", "w", "w+"])
def test_without_another_its_leakage_is_gone(bloom, spread, labelled, attributes, space):
    """Labels of radius that grow with swirl, too, as smiles do with age: the direction moves both, then only one."""

    def moved(vector: torch.Tensor) -> dict[str, float]:
        step = vector if space != "z" else vector * bloom.generator.spectrum
        center = bloom.generator.w_avg.expand(1, 14, -1)
        before, after = attributes(center), attributes(center + step)
        return {name: float(after[name] - before[name]) for name in ("radius", "swirl")}

    own_spread = None if space == "z" else spread
    leaky = fit_direction(labelled({"radius": 1, "swirl": 0.6}, space), own_spread).vector
    other = fit_direction(labelled({"swirl": 1}, space), own_spread).vector
    before, after = moved(leaky), moved(without(leaky, [other]))
    assert before["swirl"] / before["radius"] > 0.4
    assert abs(after["swirl"] / after["radius"]) < 0.1 * before["swirl"] / before["radius"]


def test_fitting_on_a_network(spread):
    """Brightness of pictures of a network of random weights is told by a direction, and moves along it."""
    from renderer.directions.labels import from_scorer
    from renderer.directions.model import spread_of
    from renderer.job import plugins
    from renderer.timeline.sources import seed_to_z

    model = Model(load_generator(FIXTURES / "sg2ada_uncond64.pkl"), "sg2ada_uncond64.pkl")
    scorer = plugins().scorers.find("brightness")
    samples = from_scorer("brightness", scorer, model, "w", range(200))
    own = spread_of(model, 5000)
    found = fit_direction(samples, own)
    step = found.vector * own.sigma(found.vector)
    ws = model.map(torch.cat([seed_to_z(seed, 64) for seed in range(1000, 1016)]))
    low, middle, high = (scorer(model.images(ws + amount * step)).mean() for amount in (-2, 0, 2))
    assert low < middle - 0.02
    assert middle + 0.02 < high


def test_what_cannot_be_fitted_is_told(labelled, spread):
    few = labelled({"hue": 1})
    with pytest.raises(LatentFileError, match="expected 10 samples or more, got 9"):
        fit_direction(Labelled(few.latents[:9], few.labels[:9], "hue", "few.csv"), spread)
    rare = labelled({"hue": 1}, classes=True)
    labels = np.zeros(500)
    labels[:4] = 1
    with pytest.raises(LatentFileError, match="expected 5 samples of 'yes' or more, got 4"):
        fit_direction(Labelled(rare.latents, labels, "hue", "rare.csv", ("no", "yes")), spread)
    random = Labelled(few.latents, np.random.RandomState(1).standard_normal(500), "luck", "luck.csv")
    assert fit_direction(random, spread).is_guess
