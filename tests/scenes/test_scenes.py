"""Every sample scene renders, says what to look for, and shows what it showed when somebody last looked."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from renderer import api
from tests.scenes.golden import MEAN, SCENES, STRIPS, Strip, differences, golden_file, rate, render, small, strip_of

NAMES = [path.stem for path in SCENES]
NEEDED = {
    "morph",
    "walk",
    "sweep",
    "layer-mix",
    "psi",
    "loop-gif",
    "circle",
    "noise",
    "beats",
    "template",
    "story",
    "music",
    "age",
    "photo-morph",
    "layers",
    "bend",
}


def golden(path: Path) -> Strip:
    file = golden_file(path)
    assert file.exists(), f"{path.name} has no golden frames; run `make golden`, and look at {file.name}"
    return np.asarray(Image.open(file).convert("RGB"))


def scene(name: str) -> Path:
    return next(path for path in SCENES if path.stem == name)


def test_all_that_was_promised_is_there():
    assert set(NAMES) >= NEEDED


def test_no_strip_is_left_of_a_scene_that_is_gone():
    assert {file.stem for file in STRIPS.glob("*.png")} <= set(NAMES)


@pytest.mark.parametrize("path", SCENES, ids=NAMES)
def test_scene_says_what_to_look_for(path):
    head = re.match(r"(#.*\n)+", path.read_text())
    assert head
    assert "# Look for: " in head[0]


@pytest.mark.parametrize("path", SCENES, ids=NAMES)
def test_scene_writes_its_own_outputs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    render(path, "--size", small(path), "--fps", rate(path, 8))
    expected = [Path(output.file).name for output in api.load_scene(path).output]
    assert expected
    for name in expected:
        assert (tmp_path / "out" / name).stat().st_size > 500
        assert (tmp_path / "out" / f"{name}.json").exists()


@pytest.mark.parametrize("path", SCENES, ids=NAMES)
def test_scene_shows_what_it_showed(path, tmp_path):
    assert differences(strip_of(path, tmp_path), golden(path)) == []


@pytest.mark.parametrize("path", SCENES, ids=NAMES)
def test_frames_of_a_scene_differ(path):
    frames = np.split(golden(path).astype(np.float64), 6, axis=1)
    assert min(np.abs(a - b).mean() for a, b in itertools.pairwise(frames)) > 1


def test_presets_are_parts_of_scenes():
    used = {name for path in SCENES for name in re.findall(r"^include: (.+)$", path.read_text(), re.MULTILINE)}
    assert used == {f"presets/{path.name}" for path in (SCENES[0].parent / "presets").glob("*.yaml")}


def test_template_takes_what_its_comment_says(tmp_path):
    command = next(line for line in scene("template").read_text().splitlines() if "--set" in line)
    settings = re.findall(r"--set \S+", command)
    assert len(settings) == 2
    strip = strip_of(scene("template"), tmp_path, *" ".join(settings).split())
    assert differences(strip, golden(scene("template")))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda strip: np.roll(strip, strip.shape[1] // 6, axis=1),
        lambda strip: strip[:, ::-1],
        lambda strip: strip[..., ::-1],
        lambda strip: np.clip(strip.astype(int) + int(MEAN + 1), 0, 255).astype(np.uint8),
        lambda strip: strip[:, : strip.shape[1] // 2],
    ],
    ids=["another time", "mirrored", "blue for red", "a level brighter", "half of it"],
)
def test_a_wrong_strip_fails(wrong):
    strip = golden(scene("morph"))
    assert differences(strip, strip) == []
    assert differences(wrong(strip), strip)


def test_one_wrong_pixel_fails():
    strip = golden(scene("morph")).copy()
    strip[5, 5] ^= 128
    assert len(differences(strip, golden(scene("morph")))) == 1


def test_a_frame_too_late_fails(tmp_path):
    path = scene("morph")
    render(path, "--size", small(path), "--fps", 60, "--batch", 1, "--frames", "81:82", "-o", tmp_path / "late.png")
    strip = golden(path)
    strip = np.concatenate([strip[:, :64], np.asarray(Image.open(tmp_path / "late.png")), strip[:, 128:]], axis=1)
    assert differences(strip, golden(path))[0].startswith("frame 1 ")


def test_another_seed_fails(tmp_path):
    strip = strip_of(scene("noise"), tmp_path, "--set", "seed=8")
    assert len(differences(strip, golden(scene("noise")))) == 6


def test_scenes_are_tidy():
    for path in SCENES:
        text = path.read_text()
        assert all(len(line) <= 120 for line in text.splitlines()), path.name
        assert text.endswith("\n")
        assert isinstance(yaml.safe_load(text), dict)
