"""`render new-plugin NAME` writes a package that installs, passes its test and renders its scene at once."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from renderer.authoring import KINDS
from renderer.job import plugins
from tests.plugins.test_plugin_third_party import install


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Return a function that puts a package where pip would, for this process."""
    before = set(sys.modules)

    def put(package):
        install(package, tmp_path / "site")
        monkeypatch.syspath_prepend(tmp_path / "site")
        plugins.cache_clear()

    yield put
    for name in set(sys.modules) - before:
        if name.startswith(("latentreel_", "test_")):
            del sys.modules[name]
    plugins.cache_clear()


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_passes_its_own_test(command, installed, tmp_path, monkeypatch, kind):
    told = command("new-plugin", f"my-{kind}", "--kind", kind)
    assert told.code == 0, told.output
    package = tmp_path / f"latentreel-my-{kind}"
    assert str(package.name) in told.output
    installed(package)
    monkeypatch.syspath_prepend(package / "tests")
    test = importlib.import_module(f"test_my_{kind}")
    checks = [check for name, check in vars(test).items() if name.startswith("test_")]
    assert len(checks) >= 2
    for check in checks:
        check(*[tmp_path] * check.__code__.co_argcount)
    assert f"my-{kind} (latentreel-my-{kind} 0.1.0)" in command("plugins").output


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_is_clean(command, tmp_path, kind):
    command("new-plugin", "slow-bloom", tmp_path / "here", "--kind", kind)
    written = sorted(str(path.relative_to(tmp_path / "here")) for path in (tmp_path / "here").rglob("*.*"))
    wanted = {".gitignore", "README.md", "pyproject.toml", "scene.yaml", "tests/test_slow_bloom.py"}
    assert wanted | {"src/latentreel_slow_bloom/__init__.py"} == set(written) - {"song.wav"}
    for path in (tmp_path / "here").rglob("*.*"):
        if path.suffix != ".wav":
            assert not re.search(r"\$\{|\$\$", path.read_text())
    ruff = Path(sys.executable).parent / "ruff"
    rules = ["--select", "E,F,W,I,B,UP,SIM,D1,ANN2", "--ignore", "D105,D107", "--per-file-ignores", "tests/*:D1"]
    for what in (["check", *rules], ["format", "--check"]):
        line = [ruff, *what, "--isolated", "--config", "line-length=120"]
        done = subprocess.run(line, cwd=tmp_path / "here", capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Slow Bloom!", "expected a name of lower-case words joined by hyphens, such as slow-bloom, got 'Slow Bloom!'"),
        ("../up", "expected a name of lower-case words joined by hyphens, such as up, got '../up'"),
        ("", "such as my-effect, got ''"),
        ("walk", "effect 'walk' is there already, by walk; choose another name"),
        ("there", "latentreel-there is there already; choose another folder, or move it away"),
    ],
)
def test_a_name_that_cannot_be(command, tmp_path, name, said):
    (tmp_path / "latentreel-there").mkdir()
    (tmp_path / "latentreel-there/mine.txt").write_text("keep me")
    told = command("new-plugin", name)
    assert told.code == 2
    assert said in told.output
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*")] == ["latentreel-there/mine.txt"]


def test_the_prefix_of_packages_is_no_part_of_the_name(command, tmp_path):
    command("new-plugin", "latentreel-tide-pool")
    assert (tmp_path / "latentreel-tide-pool/src/latentreel_tide_pool/__init__.py").exists()


@pytest.mark.full
def test_pip_installs_a_package_and_its_test_passes(command, tmp_path):
    command("new-plugin", "slow-bloom")
    venv.create(tmp_path / "venv", with_pip=False)
    python = tmp_path / "venv/bin/python"
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    (site / "host.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    package = tmp_path / "latentreel-slow-bloom"
    for line in (
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", "."],
        [python, "-m", "pytest", "-p", "no:cacheprovider"],
        [python, "-m", "renderer", "scene.yaml", "--preview", "--frames", "0:4", "-o", "film.gif"],
    ):
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(line, cwd=package, capture_output=True, text=True, check=False, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
    assert (package / "film.gif").stat().st_size > 1000
