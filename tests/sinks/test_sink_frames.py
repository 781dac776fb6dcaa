"""Numbered frames and stills, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from sink_probe import render, smooth, spec_of

from renderer.errors import SinkError
from renderer.sinks import FramesSink, StillSink, sink_for


def read(path):
    with Image.open(path) as file:
        return np.asarray(file)


@pytest.mark.parametrize("name", ["frames/", "frames", "frames/%05d.png"])
def test_a_folder_of_frames(tmp_path, name):
    frames = smooth(6)
    sink = render(f"{tmp_path}/{name}", frames)
    folder = tmp_path / "frames"
    assert sorted(p.name for p in folder.iterdir()) == [f"{k:05d}.png" for k in range(6)]
    assert [p.name for p in tmp_path.iterdir()] == ["frames"]
    assert all(np.array_equal(read(folder / f"{k:05d}.png"), frames[k]) for k in range(6))
    assert sink.notes == []


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("quality", ["draft", "best"])
def test_png_keeps_every_channel(tmp_path, channels, quality):
    frames = smooth(1, channels=channels)
    back = read(render(tmp_path / "a.png", frames, quality=quality).path)
    assert np.array_equal(back.reshape(frames.shape[1:]), frames[0])


def test_numbers_begin_where_asked(tmp_path):
    render(tmp_path / "f" / "x-%d.png", smooth(3), start_number=9)
    assert sorted(p.name for p in (tmp_path / "f").iterdir()) == ["x-10.png", "x-11.png", "x-9.png"]


def test_jpeg_frames_and_stills(tmp_path):
    frames = smooth(2, channels=4)
    frames[..., 3] = 255
    sink = render(tmp_path / "f" / "%03d.jpg", frames)
    assert sink.notes == ["frames has no alpha: the frames are laid on black"]
    assert np.abs(read(tmp_path / "f" / "001.jpg").astype(int) - frames[1, ..., :3]).mean() < 2
    render(tmp_path / "a.jpeg", frames[:1])
    assert np.abs(read(tmp_path / "a.jpeg").astype(int) - frames[0, ..., :3]).mean() < 2


def test_a_still_takes_one_frame(tmp_path):
    with pytest.raises(SinkError, match=r"a\.png: holds one frame and 10 will come; .*a/%05d\.png takes them all"):
        StillSink(spec_of(tmp_path / "a.png", smooth()))


def test_a_failed_render_leaves_the_older_frames(tmp_path):
    render(tmp_path / "f/", smooth(2))
    before = (tmp_path / "f" / "00000.png").read_bytes()

    def fail() -> None:
        with FramesSink(spec_of(tmp_path / "f", 255 - smooth())) as sink:
            sink.write(255 - smooth(3))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "f" / "00000.png").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["f"]


def test_new_frames_replace_old_ones_and_others_are_kept_and_told(tmp_path):
    render(tmp_path / "f", smooth(5))
    (tmp_path / "f" / "notes.txt").write_text("mine")
    sink = render(tmp_path / "f", 255 - smooth(3))
    assert np.array_equal(read(tmp_path / "f" / "00002.png"), 255 - smooth(3)[2])
    assert len(list((tmp_path / "f").iterdir())) == 6
    assert sink.notes == ["f holds 3 older files besides the 3 frames"]


def test_older_frames_are_kept_where_overwriting_is_not_asked_for(tmp_path):
    render(tmp_path / "f", smooth(2))
    with pytest.raises(SinkError, match="exists already"):
        FramesSink(spec_of(tmp_path / "f", smooth(2), overwrite=False))
    FramesSink(spec_of(tmp_path / "f", smooth(2), overwrite=False, start_number=2))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", StillSink),
        ("a.JPG", StillSink),
        ("f/", FramesSink),
        ("v1.2/", FramesSink),
        ("f", FramesSink),
        ("%03d.jpg", FramesSink),
    ],
)
def test_names(name, kind):
    assert sink_for(name) is kind


@pytest.mark.parametrize("name", ["%05d.gif2", "a.tiff2"])
def test_other_names_are_refused(name):
    with pytest.raises(SinkError, match="no output is called"):
        sink_for(name)
