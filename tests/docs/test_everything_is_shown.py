"""Whatever a user may write is documented and tested: hooks, effects, signals, easings, outputs, generators and flags.

What is new fails here until a page and a test name it.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import click
import pytest

from renderer import hookspecs
from renderer.cli import cli
from renderer.job import plugins
from renderer.sinks import SINKS
from renderer.testing import check_easing, check_generator
from tests.docs.pages import ROOT
from tests.laws.law_cases import EXAMPLES

TESTS = ROOT / "tests"
HOOKS = [name for name in vars(hookspecs) if name.startswith("register_")]
FLAGS = sorted(
    {
        (command.name, max(option.opts, key=len))
        for command in cli.commands.values()
        for option in command.params
        if isinstance(option, click.Option)
    }
)

# Owed: these have a page, and no test that gives them by name. Take a line out with the test that names it.
OWED = {
    "register_perceptual",
    "register_scorers",
    ("check", "--preset"),
    ("dataset", "--first"),
    ("film", "--preset"),
    ("grid", "--at-psi"),
    ("project", "--candidates"),
    ("project", "--noise"),
    ("project", "--patience"),
    ("project", "--perceptual-weight"),
    ("project", "--rate"),
    ("project", "--seed"),
    ("sheet", "--preset"),
    ("train-encoder", "--rate"),
    ("train-encoder", "--seed"),
}


@cache
def text_of_tests() -> str:
    """Return the text of all tests but this one."""
    return "\n".join(path.read_text() for path in sorted(TESTS.rglob("*.py")) if path != Path(__file__))


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def is_tested(word: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text_of_tests()) is not None


@pytest.mark.parametrize("name", HOOKS)
def test_hook(name):
    assert name in page("plugins.md")
    assert is_tested(name) != (name in OWED), f"no test registers anything by {name}, or OWED still says so"


@pytest.mark.parametrize("name", sorted(plugins().effects))
def test_effect(name):
    assert f"\n## {name}\n" in page("effects.md")
    assert name in {case.effect for case in EXAMPLES}, f"the laws are not tried on {name}"
    assert is_tested(name), f"no test is about {name}: does it compute what its docstring says?"


@pytest.mark.parametrize("name", sorted(plugins().signals))
def test_signal(name):
    assert f"| `{name}` |" in page("audio.md")
    assert is_tested(name), f"no test is about the signal {name}"


@pytest.mark.parametrize("name", sorted(plugins().easings))
def test_easing(name):
    assert f"`{name}`" in page("scene.md")
    check_easing(name, plugins().easings[name])


@pytest.mark.parametrize("sink", SINKS, ids=lambda sink: sink.name)
def test_output(sink):
    assert f"| {sink.name} |" in page("outputs.md")
    assert is_tested(sink.__name__) or any(is_tested(suffix.strip(".")) for suffix in sink.suffixes)


@pytest.mark.parametrize("name", sorted(plugins().generators))
def test_generator(name):
    assert re.search(rf"\b{name}\b", page("models.md"))
    check_generator(name, plugins().generators[name])


@pytest.mark.parametrize(("command", "flag"), FLAGS)
def test_flag(command, flag):
    option = next(one for one in cli.commands[command].params if flag in one.opts)
    assert (option.help or "").rstrip().endswith((".", "]")), f"{flag} of {command} has no help"
    assert f"{flag}" in page("cli.md")
    tested = any(is_tested(given) for given in option.opts)
    assert tested != ((command, flag) in OWED), f"no test gives {flag}, or OWED still says so"


def test_what_nobody_tests_is_found():
    assert not is_tested("--never-given" + "-anywhere")
    assert not is_tested("sourceless" + "-effect")
