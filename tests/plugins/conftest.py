"""Plugins written into a folder, and the command line called in this process, as `main` would."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from renderer.cli import cli
from renderer.errors import LatentreelError, ValueProblem
from renderer.job import plugins


@dataclass(frozen=True)
class Told:
    """Hold what a command printed, and its exit code."""

    output: str
    code: int


@pytest.fixture(autouse=True, scope="package")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def folder(tmp_path):
    """Return the folder for plugins."""
    path = tmp_path / "plugins"
    path.mkdir()
    return path


@pytest.fixture
def plugin(folder):
    """Return a function that writes a plugin of one file, with `renderer` imported."""

    def write(name: str, text: str) -> Path:
        path = folder / f"{name}.py"
        path.write_text("import renderer\n\n" + textwrap.dedent(text), encoding="utf-8")
        return path

    return write


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Return a function that runs a command in the test's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("renderer.report.out.width", 200)
    plugins.cache_clear()

    def run(*args: object) -> Told:
        result = CliRunner().invoke(cli, [str(arg) for arg in args])
        if isinstance(result.exception, LatentreelError | ValueProblem):  # what `main` prints, with code 2
            return Told(result.output + str(result.exception), 2)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return Told(result.output, result.exit_code)

    yield run
    plugins.cache_clear()


def effect(apply: str, name: str = "dim", base: str = "ImageEffect") -> str:
    """Return the text of a plugin with one effect; apply is the body of its `apply`."""
    return f'''
class It(renderer.{base}):
    """Do it."""

    name = "{name}"
    example = "- walk: {{keys: 3}}\\n- {name}: {{}}"
    amount: renderer.Signal = renderer.param(0.5, description="How much")

    def apply(self, x, p, frame):
{textwrap.indent(textwrap.dedent(apply).strip(), "        ")}


@renderer.hookimpl
def register_effects(register):
    register(It)
'''
