"""Several outputs from one pass, and the table of outputs in the docs."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sink_probe import decode, numbered, numbers_of, smooth, spec_of

from renderer.errors import SinkError
from renderer.sinks import SINKS, AdaptedSink, MemorySink, Outputs, SinkSpec, describe, frames_at, sink_for, video, webp
from renderer.sinks import frames as frames_module
from renderer.sinks.adapt import resize


def adapted(frames, fps, new_fps, size=None, batch=3):
    """Send frames through an adapter and return the sink in memory."""
    count, height, width, channels = frames.shape
    width_out, height_out = size or (width, height)
    new_count = frames_at(count, Fraction(fps), Fraction(new_fps))
    sink = MemorySink(SinkSpec(Path("memory:"), width_out, height_out, Fraction(new_fps), new_count, channels))
    with AdaptedSink(sink, width, height, Fraction(fps), count) as feed:
        for start in range(0, count, batch):
            feed.write(frames[start : start + batch])
    return sink


@pytest.mark.parametrize("fps", [30, 24, Fraction(24000, 1001), 60])
@pytest.mark.parametrize("new", [30, 15, 12, 10, 25, Fraction(30000, 1001), 7, 60])
@pytest.mark.parametrize("count", [1, 2, 24, 25])
def test_each_frame_is_the_one_seen_at_its_time(fps, new, count):
    sink = adapted(numbered(count, 4, 4), fps, new)
    wanted = [int(Fraction(k) / new * fps) for k in range(len(sink.frames))]
    assert numbers_of(sink.frames) == wanted
    assert abs(len(sink.frames) / Fraction(new) - count / Fraction(fps)) <= max(
        Fraction(1, 2) / new, Fraction(1) / new - count / Fraction(fps)
    )
    assert bool([note for note in sink.notes if "frames are repeated" in note]) == (new > fps)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_are_scaled(channels):
    frames = smooth(3, 96, 128, channels)
    frames[..., 3:] = 255
    small = adapted(frames, 10, 10, (64, 48)).frames
    box = frames.reshape(3, 48, 2, 64, 2, channels).mean((2, 4))
    assert small.shape == (3, 48, 64, channels)
    assert np.abs(small - box).mean() < 1.5


def test_another_shape_is_filled_and_the_middle_kept():
    frames = smooth(2, 64, 96)
    sink = adapted(frames, 10, 10, (64, 64))
    assert np.array_equal(sink.frames, frames[:, :, 16:80])
    assert sink.notes == ["the picture is cut: 96x64 is scaled to cover 64x64"]


def test_clear_pixels_do_not_bleed():
    frames = np.zeros((1, 32, 32, 4), np.uint8)
    frames[..., :3] = (255, 0, 0)
    frames[:, :, 15:] = (0, 255, 0, 0)
    frames[:, :, :15, 3] = 255
    small = resize(frames, 16, 16)
    assert small[small[..., 3] > 32][:, 1].max() <= 2


def test_several_outputs_from_one_pass(tmp_path):
    frames = numbered(20, 64, 64)
    mp4 = sink_for("a.mp4")(spec_of(tmp_path / "a.mp4", frames, 20))
    small = SinkSpec(tmp_path / "a.gif", 32, 32, Fraction(10), frames_at(20, Fraction(20), Fraction(10)))
    gif = AdaptedSink(sink_for("a.gif")(small), 64, 64, Fraction(20), 20)
    with Outputs([mp4, gif]) as outputs:
        for start in range(0, 20, 6):
            outputs.write(frames[start : start + 6])
    assert numbers_of(decode(tmp_path / "a.mp4")) == list(range(20))
    with Image.open(tmp_path / "a.gif") as file:
        assert (file.n_frames, file.size) == (10, (32, 32))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.gif", "a.mp4"]
    assert outputs.notes == []


@pytest.mark.parametrize("order", [1, -1])
def test_an_output_that_fails_in_the_end_leaves_the_others_their_files(tmp_path, order):
    frames = smooth()
    mp4 = sink_for("a.mp4")(spec_of(tmp_path / "a.mp4", frames))
    gif = sink_for("a.gif")(spec_of(tmp_path / "a.gif", frames, max_bytes=10))

    def write() -> None:
        with Outputs([mp4, gif][::order]) as outputs:
            outputs.write(frames)

    with pytest.raises(SinkError, match="too small"):
        write()
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]


def test_a_failed_render_leaves_no_output(tmp_path):
    frames = smooth()
    sinks = [sink_for(name)(spec_of(tmp_path / name, frames)) for name in ("a.mp4", "a.webp", "a.gif", "f")]
    sinks[1] = AdaptedSink(sinks[1], 64, 48, Fraction(10), 10)

    def fail() -> None:
        with Outputs(sinks) as outputs:
            outputs.write(frames[:4])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_docs_hold_the_table():
    text = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
    assert describe() in text, "paste the output of renderer.sinks.describe() into docs/outputs.md"


def test_the_docs_tell_the_qualities():
    text = (Path(__file__).parents[2] / "docs" / "outputs.md").read_text(encoding="utf-8")
    told = [f"{preset}, crf {crf}" for preset, crf in video.H264.values()]
    told += [f"speed {speed}, crf {crf}" for _, speed, crf in video.VP9.values()]
    told += [f"quality {quality}" for quality, _ in webp.QUALITY.values()]
    told += [f"zlib {effort}" for effort in frames_module.EFFORT.values()]
    assert [words for words in told if words not in text] == []


def test_the_table_names_every_output():
    rows = describe().splitlines()[2:]
    assert len(rows) == len(SINKS)
    assert all(f"| {sink.name} |" in row for sink, row in zip(SINKS, rows, strict=True))
