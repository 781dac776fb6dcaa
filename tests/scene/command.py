"""Run `render` in this process, as fast as hundreds of bad scenes need it."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from renderer import cli

STILL = "timeline: [{walk: {keys: 3}}]\n"


@dataclass(frozen=True)
class Said:
    """Hold what a command printed, and the code it ended with."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()


@contextlib.contextmanager
def inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(folder: Path, *args: object) -> Said:
    """Run `render` with a folder as the working folder; whatever is no SystemExit comes out as it is."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
    with inside(folder), mock.patch.object(sys, "argv", ["render", *map(str, args)]), streams[0], streams[1]:
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
    return Said(code, out.getvalue(), err.getvalue())


def check(folder: Path, text: str | bytes, *args: object) -> Said:
    """Write scene.yaml into a folder and run `render check` on it."""
    path = folder / "scene.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return run(folder, "check", "scene.yaml", *args)
