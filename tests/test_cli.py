"""The command line: fast help, clear errors, exit code 2 for bad input."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

SCENE = "model: bloom\nsize: 32\nduration: 2s\nfps: 10\ntimeline: [{walk: {keys: [3, 14]}}]\n"
HEAVY = ("torch", "numpy", "pydantic", "moviepy", "librosa", "PIL", "yaml", "rich")
BIN = Path(sys.executable).parent


def test_help_teaches():
    told = subprocess.run([BIN / "render", "--help"], capture_output=True, text=True, check=True).stdout
    for word in ("SCENE", "--at", "--frames", "--preview", "--plugins-dir", "sheet", "check", "new", "Examples:"):
        assert word in told


def test_help_imports_nothing_heavy():
    code = "import sys\nfrom renderer.cli import cli\ncli(['--help'], standalone_mode=False)\nprint(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {name.split(".")[0] for name in loaded} & set(HEAVY)


def test_help_is_quick():
    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([BIN / "render", "--help"], capture_output=True, check=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(5)) < 0.3


@pytest.mark.parametrize("command", [["render"], ["latentreel"], [sys.executable, "-m", "renderer"]])
def test_three_names_of_one_program(command):
    first = command[0] if Path(command[0]).is_absolute() else str(BIN / command[0])
    told = subprocess.run([first, *command[1:], "--version"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("latentreel, version ")


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["missing.yaml"], "missing.yaml:1:1: no such scene; did you mean 'scene.yaml'?"),
        (["chek"], "no scene and no command is called 'chek'; did you mean 'check'?"),
        (["scene.yaml", "--at", "9s"], "--at 9s: expected a time within the film, 0s to 2s"),
        (["scene.yaml", "--at", "2 parsecs"], "--at: unknown unit 'parsecs' in time '2 parsecs'"),
        (["scene.yaml", "--frames", "5"], "--frames 5: expected A:B within the film, 0:20"),
        (["scene.yaml", "--frames", "9:3"], "--frames 9:3: expected A:B within the film, 0:20"),
        (["scene.yaml", "--frames", "0:99"], "--frames 0:99: expected A:B within the film, 0:20"),
        (["scene.yaml", "--at", "1s", "--frames", "0:3"], "--at and --frames exclude each other"),
        (["scene.yaml", "--size", "12cm"], "--size: expected a size in pixels such as 512"),
        (["scene.yaml", "--fps", "fast"], "--fps: expected frames per second such as 30"),
        (["scene.yaml", "--device", "toaster"], "device 'toaster' cannot be used"),
        (["scene.yaml", "-o", "film.mp5"], "film.mp5: no output is called '.mp5'; did you mean '.mp4'?"),
        (["scene.yaml", "--set", "walk"], "expected a setting such as vars.song=x.ogg"),
        (["scene.yaml", "--plugins-dir", "nowhere"], "--plugins-dir nowhere: no such folder"),
        (["effects", "wlak"], "unknown effect 'wlak'; did you mean 'walk'?"),
        (["sheet", "scene.yaml", "-o", "sheet.mp4"], "sheet.mp4: expected a picture for the sheet, such as sheet.png"),
        (["convert", "scene.yaml", "model.zip"], "model.zip"),
    ],
)
def test_bad_input_gets_one_clear_sentence(write_scene, render_command, tmp_path, args, said):
    write_scene(SCENE)
    done = render_command(*args)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["scene.yaml"], "nothing is written"


def test_check_renders_nothing(write_scene, render_command, tmp_path):
    done = render_command("check", write_scene(SCENE))
    assert done.returncode == 0, done.stderr
    for said in ("valid", "20 at 10 frames/s", "2 s", "32x32", "bloom", "walk", "MB", "out/scene.mp4"):
        assert said in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["scene.yaml"]


def test_sheet_shows_frames_with_their_times(write_scene, render_command, tmp_path):
    from PIL import Image

    done = render_command("sheet", write_scene(SCENE), "--count", 6, "--columns", 3)
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "out/scene.sheet.png") as sheet:
        assert sheet.size == (3 * 38 + 6, 2 * 58 + 6)
        assert len(sheet.getcolors(100000)) > 100


def test_options_change_the_film(write_scene, render_command, tmp_path):
    from PIL import Image

    scene = write_scene(SCENE)
    done = render_command(scene, "--at", "50%", "-o", "a.png", "--size", "64x48", "--fps", "20", "--set", "seed=3")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "a.png") as still:
        assert still.size == (64, 48)


def test_quiet_is_quiet(write_scene, render_command):
    done = render_command(write_scene(SCENE), "-q", "--frames", "0:2", "-o", "a.mp4")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        ("fp32", "--compile: there is nothing to compile in float32 "),
        ("bf16", "--compile: there is nothing to compile"),
    ],
)
def test_what_cannot_be_compiled_says_so(tmp_path, dtype, said):
    scene = tmp_path / "scene.yaml"
    scene.write_text(SCENE)
    command = [BIN / "render", scene, "--compile", "--dtype", dtype]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
