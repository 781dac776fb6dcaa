from __future__ import annotations

import math
import time

import pytest

from renderer import SceneError
from renderer.errors import Place
from renderer.scene.reader import parse_tree, parse_value
from renderer.scene.tree import scalar


def plain(text: str) -> object:
    return parse_tree(text, "scene.yaml").plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("+7", 7),
        ("007", 7),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("1e3", 1000.0),
        ("-1.5E-3", -0.0015),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("9" * 400, math.inf),
        ("1e999", math.inf),
        ("on", "on"),
        ("off", "off"),
        ("yes", "yes"),
        ("No", "No"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1:02.5", "1:02.5"),
        ("1_000", "1_000"),
        ("0x1F", "0x1F"),
        ("2024-01-01", "2024-01-01"),
        ("1e", "1e"),
        ("e3", "e3"),
        (".", "."),
        ("=", "="),
        ("²", "²"),
        ("٣", "٣"),
        ("8b", "8b"),
    ],
)
def test_scalars_of_yaml_1_2(text, value):
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)
    assert plain(f"key: {text}") == {"key": value}


def test_nan_and_quoted_scalars():
    assert math.isnan(scalar(".nan"))
    assert plain("a: '1'\nb: \"true\"\nc: |\n  2\nd: ''") == {"a": "1", "b": "true", "c": "2\n", "d": ""}


def test_flow_maps_of_times():
    assert plain("{1:02.5: 4, 0%: 0, drop + 2s: 1, -1s: 2, 50%: {seed: 3}}") == {
        "1:02.5": 4,
        "0%": 0,
        "drop + 2s": 1,
        "-1s": 2,
        "50%": {"seed": 3},
    }


def test_anchors_and_merge_keys():
    text = "base: &base {a: 1, b: 2}\nuse: *base\nmore: {<<: *base, b: 3}\nboth: {<<: [{c: 4, a: 9}, *base], d: 5}\n"
    assert plain(text) == {
        "base": {"a": 1, "b": 2},
        "use": {"a": 1, "b": 2},
        "more": {"a": 1, "b": 3},
        "both": {"a": 9, "b": 2, "c": 4, "d": 5},
    }
    assert plain('"<<": 1') == {"<<": 1}


def test_places_are_right_to_line_and_column():
    tree = parse_tree("# ü\nmodel: bloom\ntimeline:\n  - walk:\n      keys: {0s: 3, 2s: [é, 5]}\n", "a.yaml")
    assert tree.find("model").place == Place("a.yaml", 2, 8)
    assert tree.find("model").key_place == Place("a.yaml", 2, 1)
    assert tree.find("timeline", 0, "walk", "keys", "2s").key_place == Place("a.yaml", 5, 21)
    assert tree.find("timeline", 0, "walk", "keys", "2s", 1).place == Place("a.yaml", 5, 29)
    assert tree.find("timeline", 0, "walk", "nowhere").place == tree.find("timeline", 0, "walk").place


def test_paths_as_messages_show_them():
    tree = parse_tree("a: {b-c: [{drop + 2s: 1}], 2: 3, 2.5: 4}", "a.yaml")
    assert tree.problem(("a", "b-c", 0, "drop + 2s"), "m").path == "a.b-c[0][drop + 2s]"
    assert tree.problem(("a", 2), "m").path == "a.2"
    assert tree.problem(("a", 2.5), "m").path == "a[2.5]"
    assert tree.problem(("nowhere", "a", [], "nor here"), "m").path == "a"


@pytest.mark.parametrize(
    "tag", ["!!str", "!!python/name:os.system", "!mine", "!!binary", "!!set", "!!omap", "!!timestamp"]
)
@pytest.mark.parametrize("text", ["key: {} x", "{} key: x", "key: {} [x]", "key: {} {{a: b}}"])
def test_tags_are_refused_everywhere(tag, text):
    with pytest.raises(SceneError, match=r"tags such as !.* are not part of a scene"):
        parse_tree(text.format(tag), "a.yaml")


def test_several_repeated_keys_at_once():
    problems = []
    assert parse_tree("a: 1\nb: {c: 1, c: 2}\na: 3\n", "a.yaml", problems).plain == {"a": 1, "b": {"c": 1}}
    assert [problem.place.line for problem in problems] == [2, 3]
    with pytest.raises(SceneError):
        parse_tree("a: 1\na: 2\n", "a.yaml")


def test_an_empty_text_is_no_value():
    assert parse_value("", "a.yaml") is None
    assert parse_value("# words", "a.yaml") is None
    assert parse_value("3", "a.yaml").plain == 3


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 100_000,
        "- " * 100_000,
        "? " * 50_000,
        "&a " * 1000,
        "a: " * 10_000,
        "'" * 99_999,
        "\n" * 900_000,
    ],
    ids=lambda text: text[:4].strip() or "lines",
)
def test_hostile_texts_end_soon(text):
    start = time.perf_counter()
    with pytest.raises(SceneError):
        parse_tree(text, "a.yaml")
    assert time.perf_counter() - start < 5
