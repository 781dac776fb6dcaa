"""A render that was interrupted goes on by the same command, and its film is that of one that was not."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import wave

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from renderer import Run, load_scene, render
from renderer.cli import cli
from renderer.errors import LatentreelError
from renderer.job import plugins
from renderer.sinks import AudioTrack
from renderer.sinks.pieces import read_packets
from tests.conftest import run_render
from tests.sinks.sink_probe import audio_line, decode, decode_sound, frame_times, smooth
from tests.sinks.sink_probe import render as write

SCENE = """
size: 64
fps: 24000/1001
duration: 3s
timeline:
  - walk: {keys: [3, 14]}
  - feedback: {trail: 0.3}
  - trip: {}
"""
# What ends a render at a time: a file `trip` with the seconds and the name of a signal, or an error.
PLUGIN = """
import os
import signal
import time
from pathlib import Path

import renderer


class Trip(renderer.ImageEffect):
    '''End.'''

    name = "trip"
    example = "- walk: {keys: 3}\\n- trip: {}"
    amount: renderer.Signal = renderer.param(1, description="Brightness")

    def apply(self, x, p, frame):
        if Path("trip").exists():
            seconds, how = Path("trip").read_text().split()
            if (frame.t >= float(seconds)).any():
                if how == "error":
                    raise RuntimeError("tripped")
                time.sleep(1)  # until the frames before are written
                os.kill(os.getpid(), signal.Signals[how])
        return x * p.amount[:, None, None, None]


@renderer.hookimpl
def register_effects(register):
    register(Trip)
"""


@pytest.fixture
def scene(write_scene, tmp_path):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "trip.py").write_text(PLUGIN)
    return write_scene(SCENE)


@pytest.fixture
def trip(tmp_path):
    """Return a function that lets a render end at a time, and without one, go through."""

    def set_trip(when: str | None) -> None:
        (tmp_path / "trip").unlink(missing_ok=True)
        if when is not None:
            (tmp_path / "trip").write_text(when)

    return set_trip


def tone(path, seconds):
    samples = 8000 * np.sin(np.arange(round(44100 * seconds)) * 0.06)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(samples.astype("<i2").tobytes())


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9))


def same_film(whole, resumed, near):
    """Say whether two films hold the same frames at the same times, and the same sound."""
    a, b = decode(whole), decode(resumed)
    alike = a.shape == b.shape and min(psnr(*pair) for pair in zip(a, b, strict=True)) > near
    packets = read_packets(whole), read_packets(resumed)
    assert None not in packets
    even = frame_times(whole) == frame_times(resumed) and packets[0].decoded == packets[1].decoded
    sound = audio_line(whole) == audio_line(resumed)
    if audio_line(whole):
        sound = sound and np.array_equal(decode_sound(whole), decode_sound(resumed))
    return alike and even and sound


def test_the_comparison_can_fail(tmp_path):
    frames = smooth(12, 64, 64)
    late = np.concatenate([frames[:6], frames[5:11]])
    for name, one, fps in (("a", frames, 10), ("b", frames, 10), ("other", late, 10), ("slow", frames, 9)):
        write(tmp_path / f"{name}.mp4", one, fps)
    assert same_film(tmp_path / "a.mp4", tmp_path / "b.mp4", 35)
    assert not same_film(tmp_path / "a.mp4", tmp_path / "other.mp4", 35)
    assert not same_film(tmp_path / "a.mp4", tmp_path / "slow.mp4", 35)
    tone(tmp_path / "song.wav", 1.2)
    for name, start in (("c", 0.0), ("d", 0.1)):
        write(tmp_path / f"{name}.mp4", frames, 10, audio=AudioTrack(tmp_path / "song.wav", start))
    assert not same_film(tmp_path / "c.mp4", tmp_path / "d.mp4", 35)
    assert not same_film(tmp_path / "c.mp4", tmp_path / "a.mp4", 35)


def kept(told):
    return int(re.search(r"kept (\d+) of 72 frames; run the same command again to go on", told)[1])


def test_killed_and_interrupted_a_film_with_sound_goes_on(scene, trip, tmp_path):
    tone(tmp_path / "song.wav", 3)
    scene.write_text(f"audio: song.wav\n{SCENE}")
    command = [scene, "--plugins-dir", "plugins"]
    assert run_render(*command, "-o", "whole.mp4", cwd=tmp_path).returncode == 0
    trip("1.1 SIGKILL")
    assert run_render(*command, cwd=tmp_path).returncode == -signal.SIGKILL
    assert not (tmp_path / "out" / "scene.mp4").exists()
    trip("2.2 SIGINT")
    stopped = run_render(*command, cwd=tmp_path)
    assert stopped.returncode == 130
    first = int(re.search(r"^going on at frame (\d+) of 72$", stopped.stderr, re.MULTILINE)[1])
    second = kept(stopped.stderr)
    assert 8 <= first <= 26 < second <= 53
    trip(None)
    done = run_render(*command, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"going on at frame {second} of 72" in done.stderr
    assert f"{72 - second} frames in " in done.stderr
    assert names(tmp_path / "out") == ["scene.mp4", "scene.mp4.json"]
    assert same_film(tmp_path / "whole.mp4", tmp_path / "out" / "scene.mp4", 35)
    manifest, whole = (json.loads((tmp_path / name).read_text()) for name in ("out/scene.mp4.json", "whole.mp4.json"))
    assert manifest["film"].pop("went_on_at") == [first, second]
    for one in (manifest, whole):
        del one["output"]["file"]
    assert manifest == whole


def test_ctrl_c_in_a_terminal_reaches_the_encoder_too(scene, tmp_path):
    scene.write_text(SCENE.replace("24000/1001", "24").replace("3s", "100s"))
    command = [sys.executable, "-m", "renderer", scene, "--plugins-dir", "plugins", "-o", "a.mkv"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.time() + 60
    while (
        process.poll() is None
        and time.time() < deadline
        and not any(path.stat().st_size > 10_000 for path in tmp_path.glob(".a.part*"))
    ):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    found = re.search(r"kept (\d+) of 2400 frames", told)
    assert found, told
    assert int(found[1]) > 0
    (part,) = tmp_path.glob(".a.part*")
    assert len(decode(part)) == int(found[1])


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Return a function that renders the scene in this process, and gives its exit code and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("renderer.report.err.width", 200)
    plugins.cache_clear()

    def run(*args):
        plugins.cache_clear()
        given = ["scene.yaml", "--plugins-dir", "plugins", *args]
        result = CliRunner().invoke(cli, [str(arg) for arg in given])
        if isinstance(result.exception, LatentreelError):
            return 2, result.output + str(result.exception)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.output

    yield run
    plugins.cache_clear()


def test_an_error_keeps_what_was_there_bit_for_bit(scene, trip, command, tmp_path):
    outputs = ["-o", "{}/a.mkv", "-o", "{}/f/", "-o", "{}/b.gif"]
    assert command(*(one.format("whole") for one in outputs))[0] == 0
    before = [one.format("out") for one in outputs]
    for when in ("1 error", "2 error"):
        trip(when)
        code, told = command(*before)
        assert code == 2
        assert "RuntimeError: tripped" in told
        assert not {"a.mkv", "f", "b.gif"} & {*names(tmp_path / "out")}
    trip(None)
    code, told = command(*before)
    assert code == 0, told
    assert "going on at frame 48 of 72" in told
    assert names(tmp_path / "out") == names(tmp_path / "whole")
    a, b = tmp_path / "whole", tmp_path / "out"
    assert np.array_equal(decode(a / "a.mkv"), decode(b / "a.mkv"))
    assert same_film(a / "a.mkv", b / "a.mkv", 130)
    for name in ["b.gif", *(f"f/{one}" for one in names(a / "f"))]:
        assert (a / name).read_bytes() == (b / name).read_bytes(), name


CHANGES = {
    "fps": (["--fps", "24"], "fps was 24000/1001, is 24"),
    "size": (["--size", "32"], "size was 64x64, is 32x32"),
    "range": (["--frames", "0:60"], "frames was 0:72, is 0:60"),
    "batch": (["--batch", "3"], "batch was 8, is 3"),
    "keys": (["--set", "timeline.0.walk.keys=[3, 15]"], "the scene's timeline[0].walk.keys was [3, 14], is [3, 15]"),
    "new entry": (["--set", "seed=4"], "the scene's seed was not there, is 4"),
    "plugin": ("plugins/trip.py", "trip.py has changed"),
    "helper": ("plugins/_help.py", "_help.py has changed"),
    "file": ("dark.cube", "dark.cube has changed"),
    "song": ("song.wav", "song.wav has changed"),
    "version": ("renderer.manifest.__version__", "latentreel was 0.1.0, is 9.9"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_has_changed_begins_anew(scene, trip, command, tmp_path, monkeypatch, what):
    how, why = CHANGES[what]
    (tmp_path / "dark.cube").write_text("LUT_3D_SIZE 2\n" + "0 0 0\n" * 7 + "1 1 1\n")
    (tmp_path / "plugins" / "_help.py").write_text("x = 1\n")
    tone(tmp_path / "song.wav", 3)
    scene.write_text(f"audio: song.wav\n{SCENE}  - colour-grade: {{lut: dark.cube}}\n")
    trip("1 error")
    assert kept(command("-o", "a.mkv")[1]) == 24
    trip("0 error")
    if isinstance(how, list):
        code, told = command("-o", "a.mkv", *how)
    elif how.startswith("renderer."):
        monkeypatch.setattr(how, "9.9")
        code, told = command("-o", "a.mkv")
    else:
        with (tmp_path / how).open("ab") as file:
            file.write(b"\n# edited\n")
        code, told = command("-o", "a.mkv")
    assert f"starting anew: {why}" in told
    assert re.search(r"kept \d", told) is None
    assert code == 2
    if isinstance(how, list):
        assert "going on at frame 24 of 72" in command("-o", "a.mkv")[1]


def test_comments_and_an_effect_that_may_now_be_skipped_change_nothing(scene, trip, command, tmp_path):
    trip("1 error")
    assert kept(command("-o", "a.mkv")[1]) == 24
    scene.write_text(f"# a note\n{SCENE}\n\noutput: other.mp4\n")
    code, told = command("-o", "a.mkv", "--on-error", "skip")
    assert code == 0
    assert "going on at frame 24 of 72" in told
    assert "it was left out" in told
    trip(None)
    assert command("-o", "b.mkv", "--on-error", "skip")[0] == 0


def test_what_was_skipped_before_is_told_in_the_end(scene, trip, command, tmp_path):
    (tmp_path / "plugins" / "trip.py").write_text(PLUGIN.replace(
        "        if Path", "        if 0.5 < float(frame.t[0]) < 0.6: raise ValueError('early')\n        if Path"
    ))  # fmt: skip
    trip("1.5 SIGINT")
    code, _ = command("-o", "a.mkv", "--on-error", "skip", "--batch", "1")
    assert code == 130
    trip(None)
    code, told = command("-o", "a.mkv", "--on-error", "stop", "--batch", "1")
    assert 'starting anew: on_error was ["skip"' in told or "starting anew: on_error was" in told
    assert code == 2
    trip("1.5 SIGINT")
    assert command("-o", "a.mkv", "--on-error", "skip", "--batch", "1")[0] == 130
    trip(None)
    code, told = command("-o", "a.mkv", "--on-error", "skip", "--batch", "1")
    assert code == 0
    assert "going on at frame" in told
    assert "ValueError: early" in told
    assert "ValueError: early" in json.loads((tmp_path / "a.mkv.json").read_text())["skipped"][0]


def test_fresh_begins_anew(scene, trip, command, tmp_path):
    trip("1 error")
    assert kept(command("-o", "a.mkv")[1]) == 24
    trip(None)
    code, told = command("-o", "a.mkv", "--fresh")
    assert code == 0
    assert "72 frames in" in told
    assert "going on" not in told
    assert not list(tmp_path.glob(".a.*"))


def test_a_script_asks_for_it(scene, trip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    registries = plugins((tmp_path / "plugins",))
    loaded, run, seen = load_scene(scene, registries=registries), Run(device="cpu"), []

    def make(**options):
        return render(loaded, tmp_path / "a.gif", run=run, registries=registries, **options)

    trip("2 error")
    with pytest.raises(LatentreelError, match="tripped"):
        make()
    assert not list(tmp_path.glob(".a.*")), "a call leaves nothing, unless that is asked for"
    with pytest.raises(LatentreelError, match="tripped"):
        make(resume=True)
    trip(None)
    film = make(resume=True, progress=seen.append)
    assert (film.kept, film.frames, seen[0], sum(seen)) == (48, 72, 48, 72)
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 72
    assert not list(tmp_path.glob(".a.*"))
