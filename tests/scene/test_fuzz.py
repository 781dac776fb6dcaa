"""Whatever is done to the text of a scene, it is read or refused, soon, and never with a traceback."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import pytest

from renderer import SceneError, load_scene
from tests.conftest import ROOT
from tests.scene.command import inside

GOOD = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "scenes").glob("*.yaml"))]
TABLE = (Path(__file__).parent / "malformed.txt").read_text(encoding="utf-8")
BAD = [part.partition("\n")[2].split("--- says")[0] for part in TABLE.split("=== ")[1:]]
SIGNS = [
    *"{}[]:,-&*!|>'\"%@`#?\t\n \\",
    "<<",
    "---",
    "...",
    "*a",
    "&a",
    "!!str",
    "\u00e9",
    "\u2028",
    "\U0001f600",
    "\x85",
]
TIMES = ["0s", "-1s", "2.5", "400ms", "60f", "8b", "bar 3", "100%", "drop", "1:02.5", "9" * 50, "1e999", ".nan", "~"]
NUMBERS = [
    "0",
    "-1",
    "0.5",
    "1e300",
    ".inf",
    "t",
    "sin(2s)",
    "sin(1ms)",
    "9**9**9",
    "1/t",
    "noise(0s)",
    "kick",
    "true",
    "[]",
    "{}",
]
LINES = ["loop: true\n", "loop: {blend: 1s}\n", "include: scene.yaml\n", "tempo: 0.001\n", "fps: 1/3\n", "size: 9\n"]
LINES += [
    "vars: {a: 1}\n",
    "psi: ${a}\n",
    "seed: ${b}\n",
    "markers: {drop: 2s}\n",
    "duration: 0.1s\n",
    "defaults: {walk: 3}\n",
]
WORD = re.compile(r"[\w.%]+")
SLOW = 6.0  # seconds, on a busy machine


def mutant(dice: random.Random) -> str:
    """Return the text of a scene after a few accidents, some of them to its letters and some to its words."""
    text = dice.choice(GOOD if dice.random() < 0.7 else BAD)
    for _ in range(dice.randint(1, 3)):
        kind, at = dice.randrange(6), dice.randrange(len(text) + 1)
        words = list(WORD.finditer(text))
        if kind == 0:
            text = text[:at] + text[at + dice.randint(1, 9) :]
        elif kind == 1:
            text = text[:at] + dice.choice(SIGNS) + text[at:]
        elif kind == 2:
            text = dice.choice(LINES) + text
        elif words:
            word = dice.choice(words)
            new = dice.choice([*TIMES, *NUMBERS] if kind < 5 else [other[0] for other in words])
            text = text[: word.start()] + new + text[word.end() :]
    return text


def survive(seed: int, folder: Path) -> bool:
    """Return whether a mutant is a scene; it must be one or be refused with a place, and soon."""
    text = mutant(random.Random(seed))
    (folder / "scene.yaml").write_text(text, encoding="utf-8")
    start, problems = time.perf_counter(), ()
    try:
        load_scene("scene.yaml")
    except SceneError as error:
        problems = error.problems
    taken = time.perf_counter() - start
    assert taken < SLOW, text
    assert all(problem.place.file and problem.message.isprintable() for problem in problems), text
    return not problems


def test_mutants(tmp_path):
    with inside(tmp_path):
        good = sum(survive(seed, tmp_path) for seed in range(400))
    assert 40 < good < 350, "a fuzz that finds only good or only bad scenes tests nothing"


@pytest.mark.full
@pytest.mark.parametrize("part", range(20))
def test_many_mutants(tmp_path, part):
    with inside(tmp_path):
        for seed in range(1000 * (part + 1), 1000 * (part + 2)):
            survive(seed, tmp_path)
