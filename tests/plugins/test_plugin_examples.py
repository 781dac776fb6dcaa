"""What stands in examples/ works."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from renderer.testing import LAWS, Trial, check_identity

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


@pytest.fixture(scope="module")
def sparkle():
    spec = importlib.util.spec_from_file_location("sparkle", EXAMPLES / "single_file_plugin/sparkle.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["sparkle"] = module
    spec.loader.exec_module(module)
    yield Trial(module.Sparkle, module.Sparkle.example)
    del sys.modules["sparkle"]


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_the_plugin_of_a_single_file_keeps_the_laws(law, sparkle):
    law(sparkle)


def test_no_stars_change_nothing(sparkle):
    check_identity(Trial(sparkle.effect, "- walk: {keys: 3}\n- sparkle: {amount: 0}"))


def test_the_scene_of_the_plugin_of_a_single_file(command):
    folder = EXAMPLES / "single_file_plugin"
    told = command(folder / "scene.yaml", "--plugins-dir", folder, "--size", "32", "--fps", "2", "-o", "film.gif")
    assert told.code == 0, told.output
    assert Path("film.gif").stat().st_size > 1000


def test_the_tests_of_the_package_pass():
    package = EXAMPLES / "latentreel-tides"
    path = f"{package / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", package / "tests"],
        cwd=EXAMPLES.parent,
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_script(tmp_path):
    result = subprocess.run(
        [sys.executable, EXAMPLES / "python_api.py", EXAMPLES.parent / "scenes/morph.yaml", tmp_path / "part.mp4"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert "ws at two times: [2, 14, 64]" in result.stdout
    assert "part.mp4: 15 frames" in result.stdout
    assert (tmp_path / "part.mp4").stat().st_size > 1000


def test_the_package_says_where_its_parts_are():
    project = tomllib.loads((EXAMPLES / "latentreel-tides/pyproject.toml").read_text())
    assert project["project"]["entry-points"]["latentreel"] == {"tides": "latentreel_tides"}
    assert (EXAMPLES / "latentreel-tides" / project["project"]["readme"]).is_file()
