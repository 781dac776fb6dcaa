"""What stands in examples/ works."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from renderer.authoring.package import files
from renderer.testing import LAWS, Trial, check_identity
from tests.plugins.test_plugin_third_party import install

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


def test_the_tests_of_the_package_pass(tmp_path):
    package = EXAMPLES / "latentreel-tides"
    install(package, tmp_path / "site")
    path = f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
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
    for said in (
        "ws at two times: [2, 14, 64]",
        "the first frames: (4, 64, 64, 3)",
        "frame 2 alone is that of the film: True",
        "a picture of your own: [1, 3, 64, 64]",
        "dim keeps the laws",
        "part.mp4: 15 frames",
        "told 15",
    ):
        assert said in result.stdout
    assert (tmp_path / "part.png").stat().st_size > 1000
    assert (tmp_path / "part.mp4").stat().st_size > 1000


def test_the_package_has_what_a_new_one_has():
    package = EXAMPLES / "latentreel-tides"
    new = files("tides", "latent")
    assert {str(path.relative_to(package)) for path in package.rglob("*") if path.is_file()} >= set(new)
    old, wanted = (tomllib.loads(text) for text in ((package / "pyproject.toml").read_text(), new["pyproject.toml"]))
    assert old["build-system"] == wanted["build-system"]
    assert old["tool"] == wanted["tool"]
    for key in ("dependencies", "optional-dependencies", "entry-points", "readme", "requires-python"):
        assert old["project"][key] == wanted["project"][key]
    for name in ("src/latentreel_tides/__init__.py", "tests/test_tides.py"):
        own, theirs = (package / name).read_text(), new[name]
        defined = [set(re.findall(r"^def (\w+)", text, re.MULTILINE)) for text in (theirs, own)]
        assert defined[0] <= defined[1]
        assert ("latentreel_api = 1" in own) == ("latentreel_api = 1" in theirs)


def test_the_package_says_where_its_parts_are():
    project = tomllib.loads((EXAMPLES / "latentreel-tides/pyproject.toml").read_text())
    assert project["project"]["entry-points"]["latentreel"] == {"tides": "latentreel_tides"}
    assert (EXAMPLES / "latentreel-tides" / project["project"]["readme"]).is_file()
