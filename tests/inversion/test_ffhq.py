"""The crop of FFHQ, step by step, against the reference's own intermediate values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from renderer.inversion.ffhq import Region, align

EXPECTED = np.load(Path(__file__).parent.parent / "fixtures" / "ffhq_align.expected.npz")
CASES = ("c0", "c1", "c2")  # inside the picture; turned and beyond three of its edges; large, so that it is shrunk
EXACT = 1e-9  # pixels


def case(name):
    held = {key.removeprefix(f"{name}_"): EXPECTED[key] for key in EXPECTED.files if key.startswith(name)}
    return Image.fromarray(held["image"]), held["landmarks"].astype(float), held


@pytest.mark.parametrize("name", CASES)
def test_every_step_is_that_of_the_reference(name):
    picture, points, expected = case(name)
    whole = Region.of(picture, points)
    assert np.abs(whole.quad - expected["quad0"]).max() < EXACT
    assert abs(whole.side - expected["qsize0"]) < EXACT
    shrunk = whole.shrunk(int(expected["output_size"]))
    assert round(whole.side / shrunk.side) == expected["shrink"]
    assert shrunk.border == expected["border"]
    assert shrunk.crop() == tuple(expected["crop"])
    cropped = shrunk.cropped()
    assert cropped.padding().tolist() == expected["pad"].tolist()
    assert np.abs(cropped.padded().quad - expected["quad"]).max() < EXACT


@pytest.mark.parametrize("name", CASES)
def test_the_picture_is_that_of_the_reference(name):
    picture, points, expected = case(name)
    made = align(picture, points, int(expected["output_size"]), int(expected["transform_size"]))
    apart = np.abs(np.asarray(made, int) - expected["aligned"])
    assert apart.max() <= 2
    assert apart.mean() < 0.2


def test_the_comparison_can_fail():
    picture, points, expected = case("c1")
    wrong = align(picture, points + np.array([2, 0]), 64, 256)
    assert np.abs(np.asarray(wrong, int) - expected["aligned"]).mean() > 1
    unblurred = Region.of(picture, points).shrunk(64).cropped().upright(64, 256)
    assert np.abs(np.asarray(unblurred, int) - expected["aligned"]).mean() > 5


def test_the_cases_are_three_kinds():
    assert [bool(EXPECTED[f"{name}_pad"].any()) for name in CASES] == [False, True, True]
    assert [int(EXPECTED[f"{name}_shrink"]) for name in CASES] == [1, 1, 3]
