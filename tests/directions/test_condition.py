"""Conditional manipulation is InterFaceGAN's, for its fixtures and for what it published."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from renderer.directions.condition import without
from renderer.errors import LatentFileError
from renderer.timeline.direction_files import read_direction
from tests.directions.paths import FIXTURES, PACKS


@pytest.mark.parametrize(
    ("attribute", "other"),
    [("age", "eyeglasses"), ("age", "gender"), ("eyeglasses", "age"), ("eyeglasses", "gender")],
)
def test_the_plain_boundaries_give_the_published_conditional_ones(attribute, other):
    plain, known, wanted = (
        read_direction(PACKS / f"stylegan_ffhq_{name}_boundary.npy").vector
        for name in (attribute, other, f"{attribute}_c_{other}")
    )
    made = without(plain, [known])
    assert float(torch.cosine_similarity(made, wanted, dim=0)) > 0.9999
    assert float(torch.cosine_similarity(plain, wanted, dim=0)) < 0.9999, "the plain one is another"


@pytest.mark.parametrize(("others", "wanted"), [(("cond1",), "proj1"), (("cond1", "cond2"), "proj2")])
def test_the_fixtures_of_one_condition_and_of_two(others, wanted):
    with np.load(FIXTURES / "edits.expected.npz") as held:
        edits = {name: torch.from_numpy(held[name][0]) for name in ("boundary", *others, wanted)}
    made = without(edits["boundary"], [edits[name] for name in others])
    np.testing.assert_allclose(made, edits[wanted], atol=1e-6)


def test_any_number_of_conditions_and_the_same_one_twice():
    source = torch.Generator().manual_seed(1)
    wanted, *others = torch.randn(6, 40, generator=source)
    made = without(wanted, [*others, others[0] * 3])
    assert float(made.norm()) == pytest.approx(1)
    assert max(abs(float(made @ other)) for other in others) < 1e-5
    best = wanted - torch.linalg.lstsq(torch.stack(others).T, wanted[:, None]).solution[:, 0] @ torch.stack(others)
    assert float(torch.cosine_similarity(made, best, dim=0)) > 0.99999, "the nearest one"


def test_rows_of_ws_are_freed_together():
    source = torch.Generator().manual_seed(2)
    rows, other = torch.randn(10, 8, generator=source), torch.randn(8, generator=source)
    made = without(rows, [other])
    assert made.shape == (10, 8)
    assert abs(float((made * other).sum())) < 1e-5
    assert without(other, [rows[0]]).shape == (8,)
    assert without(other, [rows]).shape == (10, 8)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ([torch.ones(8) * 2], "nothing is left"),
        ([torch.ones(9)], r"\[8\] cannot be freed from one of \[9\]"),
        ([torch.ones(3, 8), torch.ones(4, 8)], r"cannot be freed from one of \[3, 8\]"),
    ],
)
def test_what_cannot_be_freed_is_told(others, message):
    with pytest.raises(LatentFileError, match=message):
        without(torch.ones(8), others)
