"""The tutorials are run as a newcomer runs them: files saved under the names that are told, commands typed in order."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from renderer import api
from renderer.job import plugins
from tests.docs.made import DOCS, generator
from tests.docs.pages import blocks
from tests.docs.test_docs import check_scene, folder  # noqa: F401 (a fixture)

TUTORIALS = ("tutorial-film.md", "tutorial-plugin.md")
INSTALLING = ("make ", "source ")  # what the test environment has done already


def typed(page: str) -> list[str]:
    """Return the commands of a tutorial, in order."""
    lines = [line for block in blocks("sh") if block.page.name == page for line in block.text.splitlines()]
    return [line for line in lines if line and not line.startswith(INSTALLING)]


@pytest.mark.parametrize("page", TUTORIALS)
def test_every_file_that_a_command_names_is_saved_before(page, tmp_path):
    text = (DOCS / page).read_text(encoding="utf-8")
    saved = {str(path.relative_to(tmp_path)) for path in generator().saved_files(DOCS / page, tmp_path)}
    assert saved
    for line in typed(page):
        for name in re.findall(r"[\w/-]+\.yaml", line):
            assert name in saved, line
            assert text.index(f"as `{name}`") < text.index(line)


@pytest.mark.parametrize("page", TUTORIALS)
def test_every_scene_of_a_tutorial_is_valid(page, tmp_path):
    files = generator().saved_files(DOCS / page, tmp_path)
    registries = plugins(tuple({file.parent for file in files if file.suffix == ".py"}))
    for file in files:
        if file.suffix == ".yaml":
            api.prepare(api.load_scene(file, registries=registries), registries=registries)


@pytest.mark.full
@pytest.mark.parametrize("page", TUTORIALS)
def test_tutorial_works_as_told(page, tmp_path):
    files = generator().saved_files(DOCS / page, tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for line in typed(page):
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=os.environ | {"PATH": path}, capture_output=True, text=True, timeout=280
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    text = (DOCS / page).read_text(encoding="utf-8")
    for made in set(re.findall(r"`(out/[\w.-]+)`", text)) - {"out/morph.mp4"}:
        assert (tmp_path / made).stat().st_size > 1000, made
    for file in files:
        outputs = yaml.safe_load(file.read_text()).get("output", []) if file.suffix == ".yaml" else []
        for one in outputs if isinstance(outputs, list) else [outputs]:
            name, most = (one, None) if isinstance(one, str) else (one["file"], one.get("max_bytes"))
            size = (tmp_path / "out" / name).stat().st_size
            assert most is None or size <= int(most.removesuffix("MB")) * 1_000_000


def told() -> list[str]:
    """Return what the tables for newcomers from other tools say to write."""
    rows = re.findall(r"^\| (.+) \| (.+) \|$", (DOCS / "migrate.md").read_text(encoding="utf-8"), re.MULTILINE)
    found = [one for _, cell in rows for one in re.findall(r"`([^`]+)`", cell)]
    return [one for one in found if re.match(r"[a-z][a-z-]*: ", one)]


@pytest.mark.parametrize("written", told())
def test_what_others_are_told_to_write_is_valid(written, folder):  # noqa: F811 (the fixture)
    for long, short in (("30s", "1s"), ("60s", "3s"), ("drums.wav", "song.wav")):  # the song of the tests is short
        written = written.replace(long, short)
    data = yaml.safe_load(written)
    (name,) = data
    scene = {"audio": "song.wav", "signals": {"drums": {"stem": "song.wav"}}, "timeline": [{"walk": {"keys": [3, 4]}}]}
    if name in plugins().effects:
        source = plugins().effects.find(name).is_source
        scene["timeline"] = [data] if source else [*scene["timeline"], data]
    else:
        scene |= data | ({"model": "my.pkl"} if name == "class" else {})
    if name == "loop":
        del scene["audio"], scene["signals"]
    (folder / "told.yaml").write_text(yaml.safe_dump(scene, sort_keys=False))
    check_scene(folder / "told.yaml")


@pytest.mark.full
@pytest.mark.parametrize("block", [one for one in blocks("yaml") if one.page.name == "cookbook.md"], ids=str)
def test_recipe_renders(block, folder):  # noqa: F811 (the fixture)
    (folder / "recipe.yaml").write_text(block.text, encoding="utf-8")
    scene = api.load_scene(folder / "recipe.yaml", ["fps=2", "size=64"])
    film = api.render(scene, ["recipe.gif"])
    assert film.files[0].stat().st_size > 1000
