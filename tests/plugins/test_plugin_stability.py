"""What plugins build on stays: the public API is checked in, and what goes away warns before."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

import renderer
from renderer import deprecated, hookspecs, public, testing

API = (Path(__file__).parent.parent.parent / "docs/api.txt").read_text(encoding="utf-8")


def test_the_public_api_is_the_one_that_is_checked_in():
    assert public.listing() == API, "run `make docs`, and look at what changed in docs/api.txt: nothing may go away"


def test_everything_public_is_listed():
    lines = [line for line in API.splitlines() if not line.startswith("#")]
    heads = {line.split("(")[0] for line in lines}
    assert heads >= {*renderer.__all__, *(f"testing.{name}" for name in testing.__all__)}
    assert {f"hook {name}" for name in vars(hookspecs) if name.startswith("register_")} <= heads
    for line in (
        "lerp(a, b, amount)",
        "param(default=, description=, **limits)",
        "ImageEffect.apply(x, p, frame)",
        "Frame.noise(period, shape, name=)",
        "Latents.ws",
        "Timeline.at(t)",
        "Sink.supports_alpha",
    ):
        assert line in lines
    assert len(lines) == len(set(lines))
    assert f"version {renderer.API_VERSION};" in API


def test_a_function_that_goes_away_warns():
    @deprecated("0.3", "use renderer.lerp")
    def mix(a, b):
        """Mix."""
        return a + b

    with pytest.warns(DeprecationWarning, match=r"^mix is deprecated since 0\.3; use renderer\.lerp$") as told:
        assert mix(1, b=2) == 3
    assert told[0].filename == __file__
    assert (mix.__name__, mix.__doc__) == ("mix", "Mix.")


def test_a_class_that_goes_away_warns_when_it_is_made():
    @deprecated("0.3", "use Tides")
    class Ebb:
        def __init__(self, depth):
            self.depth = depth

    with pytest.warns(DeprecationWarning, match="Ebb is deprecated since 0.3; use Tides") as told:
        assert isinstance(Ebb(3), Ebb)
    assert told[0].filename == __file__


def test_a_name_that_was_changed_warns(monkeypatch):
    monkeypatch.setitem(renderer._RENAMED, "former_lerp", ("lerp", "0.3"))
    with pytest.warns(DeprecationWarning, match=r"former_lerp is deprecated since 0.3; use renderer.lerp") as told:
        assert renderer.former_lerp is renderer.lerp
    assert told[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert renderer.slerp is not None
