from __future__ import annotations

import numpy as np
import pytest

from renderer.values.easing import EASINGS

X = np.linspace(0, 1, 101)
SHAPES = ["sine", "quad", "cubic", "quart", "expo", "circ", "back", "elastic", "bounce"]


def test_all_are_there():
    families = {f"{way}-{shape}" for shape in SHAPES for way in ("in", "out", "in-out")}
    assert set(EASINGS) == {"linear", "hold", "smooth"} | families


@pytest.mark.parametrize("name", EASINGS)
def test_ends(name):
    start, end = EASINGS[name](np.array([0.0, 1.0]))
    assert start == pytest.approx(0, abs=1e-12)
    assert end == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", EASINGS)
def test_finite_without_a_warning_and_the_argument_stays(name):
    x = X.copy()
    assert np.isfinite(EASINGS[name](x)).all()
    assert (x == X).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_out_is_in_turned_round_and_in_out_is_both(shape):
    ease_in, ease_out, both = (EASINGS[f"{way}-{shape}"] for way in ("in", "out", "in-out"))
    assert ease_out(X) == pytest.approx(1 - ease_in(1 - X), abs=1e-12)
    assert both(X[X < 0.5]) == pytest.approx(ease_in(2 * X[X < 0.5]) / 2, abs=1e-12)
    assert both(X) + both(1 - X) == pytest.approx(np.ones_like(X), abs=1e-12)


@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in ("back", "elastic", "bounce")])
def test_monotone_where_it_should_be(shape):
    assert (np.diff(EASINGS[f"in-{shape}"](X)) > 0).all()


def test_back_and_elastic_overshoot():
    assert EASINGS["in-back"](X).min() < -0.05
    assert EASINGS["out-elastic"](X).max() > 1.2


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("linear", 0.3, 0.3),
        ("hold", 0.999, 0),
        ("smooth", 0.25, 0.103515625),
        ("in-quad", 0.3, 0.09),
        ("in-cubic", 0.5, 0.125),
        ("out-cubic", 0.5, 0.875),
        ("in-out-cubic", 0.25, 0.0625),
        ("in-quart", 0.5, 0.0625),
        ("in-sine", 0.5, 1 - np.sqrt(0.5)),
        ("in-out-sine", 0.25, (1 - np.sqrt(0.5)) / 2),
        ("in-circ", 0.6, 0.2),
        ("in-back", 0.5, 0.25 * (2.70158 * 0.5 - 1.70158)),
        ("out-bounce", 1 / 2.75, 1),
        ("out-bounce", 1.5 / 2.75, 0.75),
        ("out-bounce", 2.25 / 2.75, 0.9375),
        ("out-bounce", 0.2, 7.5625 * 0.04),
        ("in-elastic", 0.5, -(2**-5) * np.sin(-5.75 * 2 * np.pi / 3)),
    ],
)
def test_formulas(name, x, y):
    assert EASINGS[name](np.array([x]))[0] == pytest.approx(y, abs=1e-9)
