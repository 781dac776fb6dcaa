"""A film is written from a thread of its own; what fails leaves nothing behind."""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image

from renderer.api import load_scene, render
from renderer.errors import SinkError
from renderer.film import Writer
from renderer.job import Run

SCENE = """
model: bloom
size: 48
fps: 10
duration: 1s
timeline: [{walk: {keys: [3, 14]}}]
output: [film.mp4, {file: small.gif, size: 32, fps: 5}]
"""


def pictures(folder):
    return sorted(folder.glob("*.png"))


def test_one_pass_writes_every_output(write_scene, render_command, tmp_path):
    done = render_command(write_scene(SCENE))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["out/film.mp4", "out/small.gif"]
    assert "10 frames" in done.stderr
    assert "frames/s" in done.stderr
    with Image.open(tmp_path / "out/small.gif") as picture:
        assert picture.size == (32, 32)
        assert picture.n_frames == 5


def test_the_default_output_is_named_after_the_scene(write_scene, render_command, tmp_path):
    scene = write_scene(SCENE[: SCENE.index("output")], "fern.yaml")
    assert render_command(scene).returncode == 0
    assert (tmp_path / "out/fern.mp4").exists()


def test_a_still_is_the_frame_of_the_film(write_scene, render_command, tmp_path):
    scene = write_scene(SCENE)
    assert render_command(scene, "--at", "0.5s", "-o", "still.png").returncode == 0
    assert render_command(scene, "-o", "frames/").returncode == 0
    with (
        Image.open(tmp_path / "still.png") as still,
        Image.open(sorted((tmp_path / "frames").glob("*.png"))[5]) as frame,
    ):
        assert np.array_equal(np.asarray(still), np.asarray(frame))


def test_a_part_of_the_film_is_bit_equal_to_it(write_scene, render_command, tmp_path):
    scene = write_scene(SCENE)
    assert render_command(scene, "-o", "all/").returncode == 0
    assert render_command(scene, "--frames", "3:6", "-o", "part/").returncode == 0
    whole, part = ([np.asarray(Image.open(path)) for path in pictures(tmp_path / name)] for name in ("all", "part"))
    assert len(part) == 3
    assert np.array_equal(np.stack(part), np.stack(whole[3:6]))


def test_a_preview_is_small_and_slow(write_scene, render_command, tmp_path):
    scene = write_scene(SCENE.replace("size: 48", "size: [640, 360]").replace("fps: 10", "fps: 30"))
    assert render_command(scene, "--preview", "-o", "p/").returncode == 0
    files = pictures(tmp_path / "p")
    assert len(files) == 15
    with Image.open(files[0]) as picture:
        assert picture.size == (256, 144)


def test_the_manifest_renders_the_same_film_again(write_scene, render_command, tmp_path):
    write_scene("vars: {last: 14}\ndefaults: {walk: {interp: lerp}}\n", "base.yaml")
    scene = write_scene(SCENE.replace("[3, 14]", "[3, '${last}', random]") + "include: base.yaml\n")
    options = ["--set", "seed=5", "--size", "32x48", "--fps", "12", "--frames", "2:9"]
    assert render_command(scene, "-o", "a.mp4", *options).returncode == 0
    manifest = json.loads((tmp_path / "a.mp4.json").read_text())
    assert manifest["scene"]["text"] == scene.read_text()
    assert manifest["scene"]["resolved"]["seed"] == 5
    assert manifest["scene"]["resolved"]["timeline"][0]["walk"]["interp"] == "lerp"
    assert manifest["seeds"]["latents"] == [3, 14]
    assert {"device", "dtype", "batch", "threads"} <= manifest["run"].keys()
    assert manifest["model"]["hash"]
    assert manifest["versions"]["torch"]
    scene.unlink()
    again = render_command("a.mp4.json", "-o", "b.mp4")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_manifest_is_changed_by_a_setting(write_scene, render_command, tmp_path):
    assert render_command(write_scene(SCENE), "--at", "0s", "-o", "a.png").returncode == 0
    for name, setting in (("same", "seed=0"), ("other", "timeline.0.walk.keys=[5]")):
        assert render_command("a.png.json", "-o", f"{name}.png", "--set", setting).returncode == 0
    first, same, other = ((tmp_path / f"{name}.png").read_bytes() for name in ("a", "same", "other"))
    assert first == same
    assert first != other


def test_a_failing_sink_ends_the_render_with_its_error():
    class Failing:
        def write(self, frames):
            raise SinkError("the disk is full")

    def write_on():
        with Writer(Failing(), limit=24) as writer:
            for _ in range(1000):
                writer.put(np.zeros((1, 2, 2, 3), np.uint8))

    with pytest.raises(SinkError, match="disk is full"):
        write_on()


class Slow:
    """Take frames when it is told to, and remember how many bytes had come by then."""

    def __init__(self):
        self.go, self.taken = threading.Event(), 0

    def write(self, frames):
        self.go.wait(10)
        self.taken += frames.nbytes


@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (4, 8, 8, 3), (1, 64, 64, 3)])
def test_the_queue_is_bounded_in_bytes(shape):
    sink, put = Slow(), []
    with Writer(sink, limit=4000) as writer:

        def render():
            for _ in range(30):
                writer.put(np.zeros(shape, np.uint8))
                put.append(math.prod(shape))

        thread = threading.Thread(target=render)
        thread.start()
        thread.join(0.3)
        waiting = sum(put)
        assert thread.is_alive(), "it did not wait for the sink"
        assert 0 < waiting <= max(4000, math.prod(shape))
        assert waiting + math.prod(shape) > 4000, "there was room for more"
        sink.go.set()
        thread.join(10)
    assert sink.taken == 30 * math.prod(shape)


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_render_says_so_and_leaves_the_older_film(write_scene, tmp_path, name):
    scene = write_scene(SCENE.replace("duration: 1s", "duration: 1000s"))
    old = tmp_path / "out" / "film.mp4"
    old.parent.mkdir()
    old.write_text("an older film")
    process = subprocess.Popen(
        [sys.executable, "-m", "renderer", scene],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.time() + 60
    while time.time() < deadline and not list(old.parent.glob(".film.part*")):
        time.sleep(0.1)
    time.sleep(0.5)
    os.kill(process.pid, name)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert re.search(r"; kept \d+ of 10000 frames; run the same command again to go on\n$", told)
    assert "Traceback" not in told
    assert old.read_text() == "an older film"
    assert [path.name for path in old.parent.iterdir() if not path.name.startswith(".")] == ["film.mp4"]


def peak_memory(scene, tmp_path, *options):
    """Return the peak of a render's own memory in KiB."""
    code = (  # what getrusage tells begins with the memory of the process that started this one
        "import re, sys\nfrom pathlib import Path\nfrom renderer.cli import cli\n"
        "cli(sys.argv[1:], standalone_mode=False)\n"
        "print(re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, scene, *options], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("seconds", [60, pytest.param(600, marks=pytest.mark.full)])
def test_memory_does_not_grow_with_the_length(write_scene, tmp_path, seconds):
    scene = write_scene(
        SCENE.replace("fps: 10", "fps: 30").replace("output", "# output").replace("size: 48", "size: 64")
    )
    options = ["-q", "-o", "film.mp4", "--set"]
    short = peak_memory(scene, tmp_path, *options, "duration=10s")
    long = peak_memory(scene, tmp_path, *options, f"duration={seconds}s")
    assert long <= short * 1.05, (short, long)


def test_check_estimates_the_memory(write_scene, tmp_path):
    from renderer.api import prepare
    from renderer.job import memory_of

    scene = write_scene(SCENE.replace("output", "# output").replace("size: 48", "size: 512"))
    told = memory_of(prepare(load_scene(scene), Run(device="cpu")))
    measured = peak_memory(scene, tmp_path, "-q", "-o", "film.mp4") * 1024
    assert 0.5 < told / measured < 2, (told, measured)


def test_render_into_memory(write_scene):
    film = render(load_scene(write_scene(SCENE)), "memory:", run=Run(device="cpu"))
    assert film.frames == 10
    assert film.rate > 0
