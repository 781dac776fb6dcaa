from __future__ import annotations

import numpy as np
import pytest

from renderer import SceneError
from renderer.errors import ValueProblem
from renderer.values.direction import Directions
from renderer.values.latent import MAX_SEED, LatentKeys, LatentSource, parse_sources
from renderer.values.layers import Layers
from tests.scene.bound import plan_of


@pytest.mark.parametrize(
    ("written", "kind", "seed", "file", "index", "space", "psi"),
    [
        (7, "seed", 7, "", None, None, None),
        ("7", "seed", 7, "", None, None, None),
        (7.0, "seed", 7, "", None, None, None),
        (MAX_SEED, "seed", MAX_SEED, "", None, None, None),
        ("mean", "mean", 0, "", None, None, None),
        ("random", "random", 0, "", None, None, None),
        ("me.npy", "file", 0, "me.npy", None, None, None),
        ("me.npz[3]", "file", 0, "me.npz", 3, None, None),
        ("me.pt[-1]", "file", 0, "me.pt", -1, None, None),
        ("faces/", "file", 0, "faces/", None, None, None),
        ("../faces/me.safetensors", "file", 0, "../faces/me.safetensors", None, None, None),
        ({"seed": 7}, "seed", 7, "", None, None, None),
        ({"seed": 7, "psi": 0.5}, "seed", 7, "", None, None, 0.5),
        ({"file": "me.npz", "index": 2, "space": "w"}, "file", 0, "me.npz", 2, "w", None),
        ({"file": "me.npz[2]", "psi": 1}, "file", 0, "me.npz", 2, None, 1),
        ({"mean": True, "psi": 0}, "mean", 0, "", None, None, 0),
        ({"random": None}, "random", 0, "", None, None, None),
    ],
)
def test_sources(written, kind, seed, file, index, space, psi):
    source = LatentSource.parse(written)
    found = (source.kind, source.seed, source.file, source.index, source.space, source.psi)
    assert found == (kind, seed, file, index, space, psi)
    assert source.written == written


NO_SOURCES = [None, True, [], {}, "", "²", "word", -1, 1.5, MAX_SEED + 1, np.nan, np.inf, "9" * 30]
NO_MAPS = [
    {"seed": "x"},
    {"seed": []},
    {"seed": 1, "file": "a.npy"},
    {"seed": 1, "index": 0},
    {"seed": 1, "space": "z"},
    {"file": 3},
    {"mean": 3},
    {"file": "a.npy", "index": True},
    {"file": "a.npy", "space": "v"},
    {"seed": 1, "psi": []},
    {"seed": 1, "hold": 1},
]


@pytest.mark.parametrize("written", NO_SOURCES + NO_MAPS)
def test_what_is_no_source(written):
    with pytest.raises(ValueProblem):
        LatentSource.parse(written)


@pytest.mark.parametrize(
    ("written", "seeds"),
    [
        ("1-4", [1, 2, 3, 4]),
        ("4..1", [4, 3, 2, 1]),
        ("5 - 5", [5]),
        (3, [3]),
        ([3, "7-9", 1], [3, 7, 8, 9, 1]),
        ([[1, 2], ["3-4"]], [1, 2, 3, 4]),
    ],
)
def test_lists_and_ranges_of_seeds(written, seeds):
    assert [source.seed for source in parse_sources(written)] == seeds


def test_everything_mixes_in_one_walk():
    keys = LatentKeys.parse(
        {"0s": 3, "1s": "me.npz[2]", "2s": {"seed": 4, "ease": "hold"}, "3s": {"mean": True, "hold": "1s"}}
    )
    assert [key.source.kind for key in keys.keys] == ["seed", "file", "seed", "mean"]
    assert [(key.ease, key.hold and key.hold.written) for key in keys.keys] == [
        (None, None),
        (None, None),
        ("hold", None),
        (None, "1s"),
    ]
    assert [key.time for key in LatentKeys.parse([1, "mean", "a.npy"]).keys] == [None] * 3


def test_all_problems_of_keys_at_once():
    with pytest.raises(ValueProblem) as error:
        LatentKeys.parse({"1q": 3, "2s": "wrod", "3s": {"seed": -1, "psi": "x y", "hold": [], "spi": 1}})
    assert [path[:2] for path, _ in error.value.parts][1:] == [
        ("2s",),
        ("3s", "spi"),
        ("3s", "seed"),
        ("3s", "psi"),
        ("3s", "hold"),
    ]


def test_keys_without_times_are_spread_over_the_span(tmp_path):
    text = "duration: 8s\nloop: {loop}\ntimeline: [{{walk: {{keys: 1-5}}, from: 0s}}]\n"
    for loop, knots in (("false", [0, 2, 4, 6, 8]), ("true", [0, 1.6, 3.2, 4.8, 6.4])):
        plan = plan_of(tmp_path, text.format(loop=loop))
        bound = plan.entries[0].fields["keys"]
        assert len(bound.keys) == 5
        from renderer.timeline.keys import key_times

        assert key_times(bound.keys, "linear", bound.scope).arrive == pytest.approx(knots)


@pytest.mark.parametrize("last", ["3", "{seed: 3}"])
def test_the_key_at_the_end_of_a_loop_is_the_first_however_written(tmp_path, last):
    plan = plan_of(tmp_path, f"loop: true\ntimeline: [{{walk: {{keys: {{0s: 3, 2s: 4, 4s: {last}}}}}}}]\n")
    assert len(plan.entries[0].fields["keys"].keys) == 2
    assert plan.loop == 4


@pytest.mark.parametrize(
    ("written", "ranges"),
    [
        ("coarse", [("coarse", 0, 0)]),
        ("all", [("all", 0, 0)]),
        (4, [(None, 4, 4)]),
        ("4", [(None, 4, 4)]),
        ("8-13", [(None, 8, 13)]),
        ("8 - 13", [(None, 8, 13)]),
        (["fine", 0, "2-3"], [("fine", 0, 0), (None, 0, 0), (None, 2, 3)]),
    ],
)
def test_layers(written, ranges):
    found = Layers.parse(written).amounts
    assert [(layers.band, layers.first, layers.last) for layers, _ in found] == ranges
    assert all(amount.constant == 1 for _, amount in found)


def test_layers_with_amounts_of_their_own():
    found = Layers.parse({"coarse": 0.2, "8-13": {"0s": 0, "1s": 1}}).amounts
    assert found[0][1].constant == 0.2
    assert len(found[1][1].keys) == 2


@pytest.mark.parametrize(
    "written", [None, True, "", "corse", "9-4", -1, 1.5, [], {}, [None], "1-2-3", "9" * 9, {"fine": []}]
)
def test_what_is_no_layers(written):
    with pytest.raises(ValueProblem):
        Layers.parse(written)


@pytest.mark.parametrize(
    ("written", "name", "file", "index"),
    [
        ("hue", "hue", "", None),
        ("smile.npy", "", "smile.npy", None),
        ("pca.npz[3]", "", "pca.npz", 3),
        ("dirs/age.pt", "", "dirs/age.pt", None),
    ],
)
def test_directions(written, name, file, index):
    ((direction, amount),) = Directions.parse(written).amounts
    assert (direction.name, direction.file, direction.index) == (name, file, index)
    assert amount.constant == 1


def test_many_directions_with_their_amounts():
    found = Directions.parse({"hue": 1, "smile.npy": "sin(4s)"}).amounts
    assert [direction.written for direction, _ in found] == ["hue", "smile.npy"]
    assert found[1][1].constant is None


@pytest.mark.parametrize("written", [None, True, "", 3, [], {}, ["hue"], {"hue": []}, {3: 1}])
def test_what_is_no_direction(written):
    with pytest.raises(ValueProblem):
        Directions.parse(written)


def test_a_psi_of_its_own_may_move(tmp_path):
    plan = plan_of(tmp_path, "timeline: [{walk: {keys: {0s: {seed: 3, psi: 0.5 + t/8}, 4s: 4}}}]\n")
    assert plan.entries[0].fields["keys"].sources[0].psi(np.array([0.0, 4.0])).tolist() == [0.5, 1]
    with pytest.raises(SceneError, match=r"walk\.keys\.0s\.psi: in expression 'x': unknown name 'x'"):
        plan_of(tmp_path, "timeline: [{walk: {keys: {0s: {seed: 3, psi: x}, 4s: 4}}}]\n")
