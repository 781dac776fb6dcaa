"""What all tests share: scenes written to a folder of their own, and the command line as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line does, before torch is imported

import torch

ROOT = Path(__file__).parent.parent

torch.set_num_threads(2)


@pytest.fixture
def write_scene(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a scene into the test's folder."""

    def write(text: str, name: str = "scene.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def run_render(*args: object, cwd: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run `render` as users do, as a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "renderer", *map(str, args)],
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture
def render_command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs `render` in the test's folder."""
    return lambda *args, **options: run_render(*args, cwd=tmp_path, **options)
