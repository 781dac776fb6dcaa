"""What is measured of a model: which modes, and numbers that fit each other."""

from __future__ import annotations

import itertools

import pytest
import torch

from renderer.bench import measure as module
from renderer.bench.ceiling import Ceiling
from renderer.bench.measure import measure, possible
from renderer.errors import LatentreelError
from renderer.generators.bloom import Bloom
from renderer.generators.modes import Mode
from tests.generators.wide_network import wide_network

FAST, SAME = Mode("bf16", False, "it has units"), Mode("fp32", False, "it has none")


@pytest.fixture(autouse=True)
def known_machine(monkeypatch):
    monkeypatch.setattr(module, "ceiling", lambda device, dtype, seconds: Ceiling(1e9, 2e9))
    monkeypatch.setattr(module, "memory_speed", lambda device, seconds: 1e9)


def names(modes, fast):
    return [name for name, _ in possible(modes, fast, "cpu")]


def test_modes_that_are_the_same_are_measured_once(monkeypatch):
    monkeypatch.setattr(module, "compiling_gains", lambda device: True)
    monkeypatch.setattr("renderer.generators.modes.cannot_compile", lambda device: None)
    assert names((), SAME) == ["exact"]
    assert names((), FAST) == ["exact", "fast", "compiled"]
    assert names(("fast",), FAST) == ["fast"]


def test_what_cannot_be_compiled_is_left_out_unless_it_is_asked_for(monkeypatch):
    monkeypatch.setattr("renderer.generators.modes.cannot_compile", lambda device: "no compiler")
    assert names((), FAST) == ["exact", "fast"]
    with pytest.raises(LatentreelError, match="no compiler"):
        names(("compiled",), FAST)


def test_numbers_fit_each_other():
    told: list[str] = []
    found = measure("wide", wide_network(32), ["exact", "fast"], "fp16", [1, 2], 0.01, told.append)
    assert [(one.mode, one.dtype, one.batch) for one in found.timings] == [
        (mode, dtype, batch) for mode, dtype in (("exact", "fp32"), ("fast", "fp16")) for batch in (1, 2)
    ]
    assert told == ["the machine's ceiling", *(f"{one.mode} {one.dtype}, batch {one.batch}" for one in found.timings)]
    for one in found.timings:
        assert 0 < one.best <= one.median
        assert one.times_floor == pytest.approx(one.best * 2e9 / found.operations)
        assert one.peak is None or one.peak > found.parameters


def test_no_two_measured_frames_are_equal():
    """What two frames have in common a network may compute once; measured is what a walk takes."""
    seen = []

    class Watched(Bloom):
        def synthesis(self, ws, **options):
            seen.append(ws)
            return super().synthesis(ws, **options)

    measure("bloom", Watched(16), [], None, [2], 0.01)
    assert len(seen) >= 4
    assert not any(torch.equal(one, two) for one, two in itertools.pairwise(seen))


def test_a_model_without_layers_has_no_floor():
    found = measure("bloom", Bloom(16), [], None, [1], 0.01)
    assert found.operations is None
    assert found.timings[0].times_floor is None
    assert any("no arithmetic is counted" in note for note in found.notes)
