"""Encoders in hardware, with a program that stands for an ffmpeg which has some."""

from __future__ import annotations

import json
import sys
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest

from renderer.errors import SinkError
from renderer.sinks import Mp4Sink, SinkSpec, encoders, ffmpeg
from renderer.sinks.encoders import HARDWARE, choose_encoder, refusal

# Says no to every encoder of hardware but those it has; encodes for those by x264, and writes down how it was called.
FAKE = """#!{python}
import json, subprocess, sys
arguments, has = sys.argv[1:], {has!r}
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
asked = [name for name in ("nvenc", "qsv", "vaapi", "amf", "videotoolbox") if "h264_" + name in arguments]
if asked and asked[0] not in has:
    sys.exit("[h264 @ 0x1] Cannot load libcuda.so.1")
if asked:
    place = arguments.index("h264_" + asked[0])
    arguments[place] = "libx264"
    for option in ("-preset", "-rc", "-cq", "-b:v", "-rc_mode", "-qp", "-vaapi_device"):
        if option in arguments:
            place = arguments.index(option)
            del arguments[place : place + 2]
    arguments = [one.replace(",hwupload", "") for one in arguments]
sys.exit(subprocess.run([{real!r}, *arguments]).returncode)
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Return a function that makes an ffmpeg which has some encoders, likely ones; and the calls it then got."""
    real, log = ffmpeg.ffmpeg_exe(), tmp_path / "calls"

    def made(*has, likely=None):
        program = tmp_path / "ffmpeg"
        program.write_text(FAKE.format(python=sys.executable, has=has, log=str(log), real=real))
        program.chmod(0o755)
        for module in (ffmpeg, encoders):
            monkeypatch.setattr(module, "ffmpeg_exe", lambda: str(program))
        for encoder in HARDWARE:
            object.__setattr__(encoder, "likely", lambda name=encoder.name: name in (has if likely is None else likely))
        refusal.cache_clear()
        log.write_text("")
        return SimpleNamespace(calls=lambda: [json.loads(line) for line in log.read_text().splitlines()])

    before = [encoder.likely for encoder in HARDWARE]
    yield made
    refusal.cache_clear()
    for encoder, likely in zip(HARDWARE, before, strict=True):
        object.__setattr__(encoder, "likely", likely)


def spec(path, **changes):
    return SinkSpec(**{"path": path, "width": 64, "height": 48, "fps": Fraction(10), "frames": 3, **changes})


def film(path, **changes):
    sink = Mp4Sink(spec(path, **changes))
    with sink:
        sink.write(np.full((3, 48, 64, 3), 90, np.uint8))
    return sink


def test_hardware_that_works_is_taken_and_told(machine, tmp_path):
    calls = machine("nvenc").calls
    sink = film(tmp_path / "film.mp4")
    assert sink.encoder == "nvenc"
    assert "h264_nvenc" in sink.notes[0]
    assert "--encoder software" in sink.notes[0]
    assert (tmp_path / "film.mp4").stat().st_size > 500
    probe, encode = calls()
    assert probe[probe.index("-frames:v") + 1] == "1"
    assert "-cq" in probe
    assert encode[encode.index("-c:v") + 1] == "h264_nvenc"
    assert encode[encode.index("-cq") + 1] == "19"
    assert "+faststart" in encode
    assert "-crf" not in encode


def test_the_trial_is_made_once(machine, tmp_path):
    calls = machine("nvenc").calls
    for name in ("a.mp4", "b.mp4"):
        assert Mp4Sink(spec(tmp_path / name)).encoder == "nvenc"
    assert len(calls()) == 1


def test_hardware_that_fails_its_trial_is_passed_over(machine, tmp_path):
    machine("vaapi", likely=("nvenc", "vaapi"))
    sink = film(tmp_path / "film.mp4")
    assert sink.encoder == "vaapi"
    assert any(one.endswith("hwupload") for one in sink.picture())


def test_without_hardware_x264_encodes_and_nothing_is_tried(machine, tmp_path):
    calls = machine().calls
    sink = Mp4Sink(spec(tmp_path / "film.mp4"))
    assert (sink.encoder, sink.notes, calls()) == ("software", [], [])


def test_the_best_quality_is_that_of_x264_unless_hardware_is_named(machine):
    machine("nvenc")
    assert choose_encoder("auto", "best", (64, 48)) is None
    named = choose_encoder("nvenc", "best", (64, 48))
    assert named is not None
    assert named.name == "nvenc"


def test_software_never_tries_hardware(machine, tmp_path):
    calls = machine("nvenc").calls
    assert Mp4Sink(spec(tmp_path / "film.mp4", encoder="software")).encoder == "software"
    assert calls() == []


def test_an_encoder_asked_for_by_name_must_work(machine, tmp_path):
    machine()
    with pytest.raises(SinkError, match=r"film\.mp4: the encoder nvenc does not work here: Cannot load libcuda"):
        Mp4Sink(spec(tmp_path / "film.mp4", encoder="nvenc"))


def test_an_unknown_encoder_lists_the_nearest(tmp_path):
    with pytest.raises(SinkError, match=r"no encoder is called 'nvnc', did you mean 'nvenc'|nvnc.*nvenc"):
        Mp4Sink(spec(tmp_path / "film.mp4", encoder="nvnc"))


def test_the_command_line_names_the_encoder_and_the_manifest_keeps_it(write_scene, render_command, tmp_path):
    scene = write_scene("size: 32\nfps: 5\nduration: 1s\ntimeline: [{walk: {keys: [3, 14]}}]\n")
    assert render_command(scene, "-o", "film.mp4", "--encoder", "software").returncode == 0
    assert json.loads((tmp_path / "film.mp4.json").read_text())["output"]["encoder"] == "software"
    wrong = render_command(scene, "-o", "wrong.mp4", "--encoder", "nvenk")
    assert wrong.returncode == 2
    assert "nvenc" in wrong.stderr
    assert not (tmp_path / "wrong.mp4").exists()


def test_help_names_every_encoder():
    from renderer.cli import film as command

    told = next(option.help for option in command.params if option.name == "encoder")
    assert all(name in told for name in encoders.NAMES)
