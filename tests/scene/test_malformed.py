"""Every malformed scene ends in code 2 and exactly the words beside it in malformed.txt, and writes nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import run_render
from tests.scene.command import STILL, check, run

TABLE = (Path(__file__).parent / "malformed.txt").read_text(encoding="utf-8")
CASES = {
    part.partition("\n")[0]: part.partition("\n")[2].rstrip("\n").split("--- says\n")
    for part in re.split(r"^=== ", TABLE, flags=re.MULTILINE)[1:]
}
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{below}'] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)
ODD = {
    "empty file": (b"", "scene.yaml:1:1: the scene is empty; `render new NAME` writes one to start from"),
    "only a comment": (b"# soon\n", "scene.yaml:1:1: the scene is empty; `render new NAME` writes one to start from"),
    "binary file": (b"\x80\x02}q\x00", "scene.yaml:1:1: expected text in UTF-8, got the byte 0x80"),
    "text that is not UTF-8": (
        b"model: bloom\naudio: caf\xe9.ogg\n",
        "scene.yaml:2:1: expected text in UTF-8, got the byte 0xe9",
    ),
    "zero byte": (
        b"model: bl\x00om\n",
        "scene.yaml:1:10: a character that cannot be printed is not part of a scene",
    ),
    "zero byte by its escape": (
        b'model: "bl\\0om"\n' + STILL.encode(),
        "scene.yaml:1:8: model: the character '\\x00' is not part of a scene",
    ),
    "half a character by its escape": (
        b'model: "\\ud800"\n' + STILL.encode(),
        "scene.yaml:1:8: model: the character '\\ud800' is not part of a scene",
    ),
    "tabs": (
        b"timeline:\n\t- walk: {keys: 1-4}\n",
        "scene.yaml:2:1: a tab indents this line; YAML wants spaces",
    ),
    "tab after spaces": (
        b"timeline:\n  - walk:\n    \tkeys: 1-4\n",
        "scene.yaml:3:5: a tab indents this line; YAML wants spaces",
    ),
    "YAML bomb": (
        BOMB.encode() + STILL.encode(),
        "scene.yaml:1:8: the scene unfolds to more than 50000 values; check its anchors (& and *)",
    ),
    "anchor within itself": (
        b"timeline: &a [*a]\n",
        "scene.yaml:1:11: the scene unfolds to more than 60 levels; check its anchors (& and *)",
    ),
    "nested without end": (b"a: " + b"[" * 5000, "scene.yaml:1:63: expected a scene of at most 60 levels"),
    "too many values": (
        b"a: [" + b"1," * 60_000 + b"]\n",
        "scene.yaml:1:99999: expected a scene of at most 50000 values",
    ),
    "too large": (b"#" * 1_000_001, "scene.yaml:1:1: expected a scene of at most 1000000 bytes"),
}


@pytest.mark.parametrize("name", CASES)
def test_malformed_scene(name, tmp_path):
    text, said = CASES[name]
    result = check(tmp_path, text)
    assert result.err.rstrip("\n") == said
    assert result.code == 2
    assert result.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["scene.yaml"]


@pytest.mark.parametrize("name", ODD)
def test_odd_file(name, tmp_path):
    data, said = ODD[name]
    result = check(tmp_path, data)
    assert result.err == said + "\n"
    assert (result.code, result.out) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["scene.yaml"]


def test_there_are_enough_of_them():
    assert len(CASES) + len(ODD) >= 120


def test_every_message_names_its_place_and_is_one_sentence():
    lines = [line for _, said in CASES.values() for line in said.splitlines()]
    for line in lines:
        assert re.match(r"scene\.yaml:\d+:\d+: \S", line), line
        assert not line.endswith((".", ",", ";", ":"))
        assert "Traceback" not in line
        assert " object at " not in line


def test_places_are_those_of_the_very_key_or_value():
    """What stands at line:column is what the message says it found there."""
    seen = 0
    for name, (text, said) in CASES.items():
        for line in said.splitlines():
            row, column = map(int, re.match(r"scene\.yaml:(\d+):(\d+)", line).groups())
            found = re.search(r"unknown (?:key|effect|easing|marker) '([\w-]+)'|, got '([\w %-]+)'", line)
            if found and "in expression" not in line:
                seen += 1
                at = text.split("\n")[row - 1][column - 1 :].strip("\"' ")
                assert at.startswith(found[1] or found[2]), (name, line, at)
    assert seen > 30


def test_malformed_scenes_in_a_process_of_their_own(tmp_path):
    text, said = CASES["many at once"]
    (tmp_path / "scene.yaml").write_text(text)
    done = run_render("check", "scene.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.rstrip("\n")) == (2, "", said)


def test_rendering_refuses_what_checking_refuses(tmp_path):
    text, said = CASES["bad unit"]
    (tmp_path / "scene.yaml").write_text(text)
    result = run(tmp_path, "scene.yaml")
    assert (result.code, result.err.rstrip("\n")) == (2, said)
    assert not (tmp_path / "out").exists()


def test_scene_that_is_not_there(tmp_path):
    (tmp_path / "morph.yaml").write_text(STILL)
    assert run(tmp_path, "check", "morf.yaml").err == "morf.yaml:1:1: no such scene; did you mean 'morph.yaml'?\n"
    assert run(tmp_path, "check", ".").err.startswith(".:1:1: this is a folder; expected a scene file")
