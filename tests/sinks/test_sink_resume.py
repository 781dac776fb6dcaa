"""An output that was interrupted, once or often, becomes the same film as one that was not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sink_probe import (
    atoms,
    audio_line,
    click,
    decode,
    decode_sound,
    ffmpeg,
    frame_times,
    heard_at,
    numbered,
    numbers_of,
    smooth,
    spec_of,
    video_line,
)

from renderer.errors import SinkError
from renderer.sinks import AdaptedSink, AudioTrack, Outputs, sink_for
from renderer.sinks.base import Piece
from renderer.sinks.ffmpeg import ffmpeg_exe
from renderer.sinks.keeping import Keeping
from renderer.sinks.note import difference
from renderer.sinks.pieces import count_frames, join

NTSC = Fraction(24000, 1001)


class StopError(Exception):
    """Stand for whatever ends a render."""


def run(path, frames, stop=None, batch=4, pins=None, *, fresh=False, **spec):
    """Write frames as a render does that ends before frame `stop`, going on with what is there."""
    sink = sink_for(path)(spec_of(path, frames, **spec))
    keeping = Keeping([sink], [pins or {"fps": "1"}], len(frames)).look(fresh=fresh)
    end = len(frames) if stop is None else stop
    try:
        with keeping, Outputs([sink], keeping.first) as outputs:
            for start in range(keeping.first, end, batch):
                outputs.write(frames[start : min(start + batch, end)])
            if stop is not None:
                raise StopError
    except StopError:
        pass
    return keeping


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def psnr(a, b):
    return 10 * np.log10(255**2 / max(np.mean((a.astype(float) - b) ** 2), 1e-9))


def packets(path, stream):
    """Return when packets are decoded, when they are shown, in order, and how long they last."""
    text = ffmpeg("-i", str(path), "-map", f"0:{stream}", "-c", "copy", "-f", "framecrc", "-").stdout.decode()
    rows = [tuple(map(int, line.split(",")[1:4])) for line in text.splitlines() if not line.startswith("#")]
    decoded, shown, lasts = zip(*rows, strict=True)
    return decoded, tuple(sorted(shown)), lasts


FILMS = {
    "a.mp4": ({"fps": 30}, 3, 36),
    "b.mp4": ({"fps": NTSC, "quality": "best"}, 3, 36),
    "c.webm": ({"fps": NTSC}, 3, 36),
    "alpha.webm": ({"fps": 25, "quality": "draft"}, 4, 30),
    "d.mkv": ({"fps": NTSC}, 3, 130),
    "e.mov": ({"fps": 30}, 4, 36),
}


@pytest.mark.parametrize("name", FILMS)
def test_a_film_in_pieces_is_the_film(tmp_path, name):
    spec, channels, near = FILMS[name]
    frames = smooth(47, 48, 64, channels)
    sound = AudioTrack(click(tmp_path / "click.wav", at=1.2, seconds=4))
    (tmp_path / "out").mkdir()
    run(tmp_path / name, frames, audio=sound, **spec)
    path = tmp_path / "out" / name
    assert run(path, frames, 18, audio=sound, **spec).kept == 18
    assert not path.exists()
    again = run(path, frames, 19, audio=sound, **spec)
    assert (again.first, again.kept, again.told) == (18, 19, "going on at frame 18 of 47")
    assert run(path, frames, audio=sound, **spec).joints == (18, 19)
    assert names(tmp_path / "out") == [name]
    whole = tmp_path / name
    decoder = "libvpx-vp9" if name == "alpha.webm" else ""
    a, b = decode(whole, channels, decoder), decode(path, channels, decoder)
    assert a.shape == b.shape == frames.shape
    assert min(psnr(one, other) for one, other in zip(a, b, strict=True)) > near
    assert frame_times(whole) == frame_times(path)
    assert packets(whole, "v:0") == packets(path, "v:0")
    assert packets(whole, "a:0") == packets(path, "a:0")
    assert np.array_equal(decode_sound(whole), decode_sound(path))
    assert abs(heard_at(path) - 1.2) < 0.003
    assert video_line(whole).split("kb/s")[0].rsplit(",", 1)[0] == video_line(path).split("kb/s")[0].rsplit(",", 1)[0]
    assert audio_line(whole) == audio_line(path)
    if path.suffix == ".mp4":
        assert atoms(path) == atoms(whole)


def test_frames_of_b_frames_are_neither_lost_nor_doubled(tmp_path):
    frames = numbered(29)
    for stop in (7, 8, 23, None):
        run(tmp_path / "a.mp4", frames, stop, fps=30)
    assert numbers_of(decode(tmp_path / "a.mp4")) == list(range(29))
    decoded, shown, lasts = packets(tmp_path / "a.mp4", "v:0")
    assert shown[0] - decoded[0] == 2 * lasts[0], "there are no B-frames"
    assert set(lasts) == {lasts[0]}


def test_sound_that_is_copied_is_whole(tmp_path):
    wav, mp3 = click(tmp_path / "click.wav", at=1.0, seconds=3), tmp_path / "click.mp3"
    assert ffmpeg("-i", str(wav), str(mp3)).returncode == 0
    frames, sound = smooth(90), AudioTrack(mp3)
    run(tmp_path / "whole.mp4", frames, fps=30, audio=sound)
    for stop in (40, None):
        run(tmp_path / "a.mp4", frames, stop, fps=30, audio=sound)
    assert "mp3" in audio_line(tmp_path / "a.mp4")
    assert packets(tmp_path / "whole.mp4", "a:0") == packets(tmp_path / "a.mp4", "a:0")
    assert packets(tmp_path / "whole.mp4", "v:0") == packets(tmp_path / "a.mp4", "v:0")


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "frames/", "f/%03d.jpg"])
def test_what_keeps_frames_is_the_same_byte_for_byte(tmp_path, name):
    frames = smooth(23)
    spec = {"fps": 30, "max_bytes": 30_000 if name == "a.webp" else None}
    target = name.rstrip("/").split("/")[0]
    for folder, stops in (("whole", [None]), ("pieces", [5, 6, None])):
        for stop in stops:
            run(f"{tmp_path / folder}/{name}", frames, stop, **spec)
        assert names(tmp_path / folder) == [target]
    a, b = (tmp_path / folder / target for folder in ("whole", "pieces"))
    if a.is_dir():
        assert names(a) == names(b)
        assert all((a / one).read_bytes() == (b / one).read_bytes() for one in names(a))
    else:
        assert a.read_bytes() == b.read_bytes()


def test_a_half_written_picture_is_written_again(tmp_path):
    frames = smooth(9)
    run(tmp_path / "f", frames, 5)
    (part,) = tmp_path.glob(".f.part-*")
    last = part / "00004.png"
    last.write_bytes(last.read_bytes()[:-300])
    assert run(tmp_path / "f", frames).first == 4
    with Image.open(tmp_path / "f" / "00004.png") as picture:
        assert np.array_equal(np.asarray(picture), frames[4])


def test_all_frames_may_be_there(tmp_path):
    frames = numbered(12)
    assert run(tmp_path / "a.mp4", frames, 12).kept == 12
    assert run(tmp_path / "a.mp4", frames).first == 12
    assert numbers_of(decode(tmp_path / "a.mp4")) == list(range(12))
    assert names(tmp_path) == ["a.mp4"]


def test_several_outputs_go_on_together(tmp_path):
    frames = numbered(24, 64, 64)

    def both(stop=None):
        mp4 = sink_for("a.mp4")(spec_of(tmp_path / "a.mp4", frames, 20))
        slow = sink_for("s.mkv")(spec_of(tmp_path / "s.mkv", frames[:10, :32, :32], Fraction(25, 3)))
        fast = sink_for("fast")(spec_of(tmp_path / "fast", np.concatenate([frames, frames]), 40))
        sinks = [mp4, AdaptedSink(slow, 64, 64, Fraction(20), 24), AdaptedSink(fast, 64, 64, Fraction(20), 24)]
        keeping = Keeping(sinks, [{}] * 3, 24).look()
        with keeping, Outputs(sinks, keeping.first) as outputs:
            for frame in range(keeping.first, stop or 24):
                outputs.write(frames[frame : frame + 1])
            if stop:
                raise StopError
        return keeping

    for stop in (9, 17):
        with pytest.raises(StopError):
            both(stop)
    (folder,) = tmp_path.glob(".fast.part-*")
    for name in ("00020.png", "00021.png", "00030.png"):  # they need not agree
        (folder / name).unlink()
    assert both().first == 10
    assert names(tmp_path) == ["a.mp4", "fast", "s.mkv"]
    assert numbers_of(decode(tmp_path / "a.mp4")) == list(range(24))
    assert numbers_of(decode(tmp_path / "s.mkv")) == [int(k * 20 / Fraction(25, 3)) for k in range(10)]
    pictures = np.stack([np.asarray(Image.open(path)) for path in sorted((tmp_path / "fast").iterdir())])
    assert numbers_of(pictures) == [frame for frame in range(24) for _ in (0, 1)]


def test_an_output_that_cannot_go_on_makes_all_begin_anew(tmp_path):
    frames = numbered(8)
    run(tmp_path / "a.mp4", frames, 5)
    sinks = [sink_for(name)(spec_of(tmp_path / name, frames)) for name in ("a.mp4", "b.webp")]
    keeping = Keeping(sinks, [{"fps": "1"}] * 2, 8).look()
    assert keeping.told == f"starting anew: {tmp_path / 'b.webp'} cannot be gone on with"

    def fail():
        with keeping, Outputs(sinks, keeping.first) as outputs:
            outputs.write(frames[:4])
            raise StopError

    before = names(tmp_path)
    with pytest.raises(StopError):
        fail()
    assert keeping.kept == 0
    assert names(tmp_path) == before, "what is there stays until the film is complete"
    sinks = [sink_for(name)(spec_of(tmp_path / name, frames)) for name in ("a.mp4", "b.webp")]
    with Keeping(sinks, [{"fps": "1"}] * 2, 8).look(), Outputs(sinks) as outputs:
        outputs.write(frames)
    assert names(tmp_path) == ["a.mp4", "b.webp"]


def test_nothing_is_kept_of_nothing(tmp_path):
    assert run(tmp_path / "a.mp4", smooth(), 0).kept == 0
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.gif"])
def test_a_broken_piece_is_thrown_away(tmp_path, name):
    frames = smooth(40, 96, 128)
    for stop in (20, 30):
        run(tmp_path / name, frames, stop)
    second = next(tmp_path.glob(".a.part-*.piece*"))
    second.write_bytes(second.read_bytes()[: second.stat().st_size * 2 // 3])
    assert run(tmp_path / name, frames, 33).first == 20
    for piece in tmp_path.glob(".a.part-*"):
        piece.write_bytes(piece.read_bytes()[:300])
    assert run(tmp_path / name, frames).told == "starting anew: what was kept cannot be read"
    assert names(tmp_path) == [name]


def test_other_pins_and_fresh_begin_anew(tmp_path):
    frames = numbered(12)
    assert run(tmp_path / "a.mp4", frames, 7, pins={"fps": "30"}).kept == 7
    told = run(tmp_path / "a.mp4", frames, 4, pins={"fps": "24"}).told
    assert told == "starting anew: fps was 30, is 24; what was kept before stays until the film is complete"
    again = run(tmp_path / "a.mp4", frames, pins={"fps": "24"}, fresh=True)
    assert (again.first, again.told) == (0, "")
    assert names(tmp_path) == ["a.mp4"]


def test_a_mistyped_option_costs_nothing(tmp_path):
    frames = smooth(40)
    assert run(tmp_path / "a.mkv", frames, 30, pins={"fps": "30"}).kept == 30
    for wrong, stop in (("3", 5), ("300", 9), ("3", 2)):
        assert run(tmp_path / "a.mkv", frames, stop, pins={"fps": wrong}, fps=int(wrong)).first == 0
    assert run(tmp_path / "a.mkv", frames, 3, pins={"fps": "3"}, fps=3).first == 2
    right = run(tmp_path / "a.mkv", frames, 33, pins={"fps": "30"})
    assert (right.first, right.told) == (30, "going on at frame 30 of 40")
    assert run(tmp_path / "a.mkv", frames, 4, pins={"fps": "3"}, fps=3).first == 3
    assert run(tmp_path / "a.mkv", frames, pins={"fps": "30"}).first == 33
    assert np.array_equal(decode(tmp_path / "a.mkv"), frames)
    assert names(tmp_path) == ["a.mkv"]


def test_differences_are_told():
    pins = {"fps": "30", "dim.py": "blake2b:1", "on_error": ["stop"], "keys": list(range(99))}

    def told(skipped=False, **other):
        return difference(pins, {**pins, **other}, skipped=skipped)

    assert told() == told(on_error=["skip"]) == ""
    assert told(on_error=["skip"], skipped=True) == 'on_error was ["stop"], is ["skip"]'
    assert told(**{"dim.py": "blake2b:2"}) == "dim.py has changed"
    assert told(seed=4) == "seed was not there, is 4"
    assert len(told(keys=[])) < 80


def test_two_renders_of_one_output_leave_each_other_alone(tmp_path):
    frames = numbered(12)
    sink = sink_for("a.mp4")(spec_of(tmp_path / "a.mp4", frames))
    first = Keeping([sink], [{"fps": "1"}], 12).look()
    with first, Outputs([sink]) as outputs:
        outputs.write(frames[:6])
        second = run(tmp_path / "a.mp4", frames, 3)
        assert second.told.startswith(f"another render writes {tmp_path / 'a.mp4'} at this moment")
        outputs.write(frames[6:])
    assert numbers_of(decode(tmp_path / "a.mp4")) == list(range(12))
    assert names(tmp_path) == ["a.mp4"]


KILLED = """
import os, signal, sys
from fractions import Fraction
sys.path.append(sys.argv[1])
from sink_probe import numbered, spec_of
from renderer.sinks import Outputs, sink_for
from renderer.sinks.keeping import Keeping

frames = numbered(30, 64, 64)
sink = sink_for("a.mp4")(spec_of(sys.argv[2], frames, Fraction(sys.argv[3])))
with Keeping([sink], [{"fps": "1"}], 30).look(), Outputs([sink]) as outputs:
    outputs.write(frames[:17])
    pipe = sink._pipe._process.stdin
    pipe.write(frames[17].tobytes()[:9000])  # and a part of a frame
    pipe.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("fps", [30, NTSC])
def test_the_encoder_of_a_killed_render_is_waited_for(tmp_path, fps):
    slow, path, frames = tmp_path / "slow-ffmpeg", tmp_path / "out" / "a.mp4", numbered(30, 64, 64)
    slow.write_text(f'#!/bin/sh\n(cat; sleep 1) | "{ffmpeg_exe()}" "$@"\n')
    slow.chmod(0o755)
    env = {**os.environ, "IMAGEIO_FFMPEG_EXE": str(slow), "FFMPEG_BINARY": str(slow)}
    folder = Path(__file__).parent
    done = subprocess.run([sys.executable, "-c", KILLED, str(folder), str(path), str(fps)], env=env)
    assert done.returncode == -signal.SIGKILL
    began = time.monotonic()
    assert run(path, frames, fps=fps).first == 17
    assert time.monotonic() - began > 0.5
    assert numbers_of(decode(path)) == list(range(30))
    assert names(path.parent) == ["a.mp4"]


def test_joining_without_a_frame_is_noticed(tmp_path):
    frames = numbered(20)
    run(tmp_path / "a.mp4", frames[:9])
    run(tmp_path / "b.mp4", frames[9:19])
    spec = spec_of(tmp_path / "c.mp4", frames)
    assert count_frames(tmp_path / "b.mp4", spec.fps) == 10
    assert count_frames(tmp_path / "b.mp4", Fraction(12)) == 0, "the frames are not where they should be"
    pieces = [Piece(tmp_path / "a.mp4", 9), Piece(tmp_path / "b.mp4", 11)]
    with pytest.raises(SinkError, match="19 of 20 frames came through joining"):
        join(spec, pieces, tmp_path / "c.mp4")
    shutil.copy(tmp_path / "a.mp4", tmp_path / "b.mp4")
    pieces = [Piece(tmp_path / "a.mp4", 9), Piece(tmp_path / "b.mp4", 9)]
    join(spec_of(tmp_path / "c.mp4", frames[:18]), pieces, tmp_path / "c.mp4")
    assert numbers_of(decode(tmp_path / "c.mp4")) != list(range(18)), "the comparison sees nothing"
