"""GIF and WebP as other programs read them: timing, loops, alpha, and the cap on the file."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from sink_probe import decode, numbered, numbers_of, render, smooth, spec_of

from renderer.errors import SinkError
from renderer.sinks import GifSink, WebpSink
from renderer.sinks.shrink import Settings, lower

FIRST = Settings(1, 512, 256)


def pictures(path, mode="RGB"):
    """Return frames [N, H, W, C], their durations in ms, and how often they loop."""
    with Image.open(path) as file:
        frames, times = [], []
        for index in range(file.n_frames):
            file.seek(index)
            frames.append(np.asarray(file.convert(mode)))
            times.append(file.info["duration"])
        return np.stack(frames), times, file.info.get("loop")


@pytest.mark.parametrize("fps", [10, 12, 24, 25, 30, Fraction(24000, 1001), 50])
def test_every_frame_is_kept_and_the_film_lasts_as_long(tmp_path, fps):
    frames, times, _ = pictures(render(tmp_path / "a.gif", numbered(24), fps).path)
    assert numbers_of(frames) == list(range(24))
    assert abs(sum(times) / 1000 - 24 / fps) <= 0.006
    assert max(times) - min(times) <= 10
    starts = np.cumsum([0, *times[:-1]]) / 1000
    assert np.abs(starts - np.arange(24) / float(fps)).max() <= 0.0051


def test_more_than_50_fps_is_halved_and_said(tmp_path):
    sink = render(tmp_path / "a.gif", numbered(24), 60)
    frames, times, _ = pictures(sink.path)
    assert numbers_of(frames) == list(range(0, 24, 2))
    assert sum(times) == 400
    assert "GIF shows at most 50 frames a second: 60→30 fps" in sink.notes


def test_uneven_delays_are_said(tmp_path):
    assert render(tmp_path / "a.gif", smooth(3), 30).notes == [
        "GIF counts hundredths of a second: frames last 3 or 4 of them"
    ]
    assert render(tmp_path / "b.gif", smooth(3), 25).notes == []


@pytest.mark.parametrize(("name", "forever", "once"), [("a.gif", 0, None), ("a.webp", 0, 1)])
def test_loops(tmp_path, name, forever, once):
    assert pictures(render(tmp_path / name, smooth(3)).path)[2] == forever
    assert pictures(render(tmp_path / name, smooth(3), loop=False).path)[2] == once


@pytest.mark.parametrize("quality", ["draft", "good", "best"])
def test_gif_colours_are_near(tmp_path, quality):
    frames = smooth(6)
    back = pictures(render(tmp_path / "a.gif", frames, quality=quality).path)[0]
    assert back.shape == frames.shape
    assert np.abs(back.astype(int) - frames).mean() < 9


def test_gif_alpha_is_clear_or_opaque(tmp_path):
    frames = smooth(3, channels=4)
    frames[..., 3] = 255
    frames[:, :, :32, 3] = 0
    sink = render(tmp_path / "a.gif", frames)
    back = pictures(sink.path, "RGBA")[0]
    assert np.array_equal(back[..., 3], frames[..., 3])
    assert sink.notes == ["GIF has no half transparent pixels: they become clear or opaque"]


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_grey_frames_and_a_single_frame(tmp_path, name):
    frames = smooth(1, channels=1)
    back = pictures(render(tmp_path / name, frames).path)[0] if name == "a.gif" else decode_one(tmp_path, frames)
    assert back.shape == (1, 48, 64, 3)
    assert np.abs(back.astype(int) - frames).mean() < 4


def decode_one(folder, frames):
    with Image.open(render(folder / "a.webp", frames).path) as file:
        return np.asarray(file.convert("RGB"))[None]


@pytest.mark.parametrize("part", [2, 6, 12])
def test_gif_gets_under_its_cap_and_says_how(tmp_path, part):
    frames = smooth(30, 200, 240)
    free = render(tmp_path / "free.gif", frames, 30).path.stat().st_size
    cap = free // part
    sink = render(tmp_path / "a.gif", frames, 30, max_bytes=cap)
    assert cap / 4 < sink.path.stat().st_size <= cap
    told = sink.notes[-1]
    assert re.match(r"\d+ kB > \d+ kB: 30→\d+ fps(, 200→\d+ px)?(, 256→\d+ colours)?, now \d+ kB$", told)
    back, times, _ = pictures(sink.path)
    assert sum(times) == 1000
    told_fps, told_side = re.search(r"→(\d+) fps", told), re.search(r"→(\d+) px", told)
    assert len(back) == int(told_fps[1])
    assert back.shape[1] == (int(told_side[1]) if told_side else 200)
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["a.gif", "free.gif"]


def test_a_gif_that_fits_is_left_alone(tmp_path):
    sink = render(tmp_path / "a.gif", smooth(5), 10, max_bytes=1_000_000)
    assert sink.notes == []
    assert len(pictures(sink.path)[0]) == 5


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_a_cap_out_of_reach_says_how_small_it_got_and_leaves_nothing(tmp_path, name):
    with pytest.raises(SinkError, match=r"max_bytes of 0 kB is too small: at .* it is still \d+ kB"):
        render(tmp_path / name, smooth(10, 64, 64), 30, max_bytes=100)
    assert list(tmp_path.iterdir()) == []


def test_lowering_goes_fps_then_size_then_colours():
    def low(factor):
        return lower(FIRST, FIRST, Fraction(30), factor)

    assert low(0.6) == Settings(2, 512, 256)
    assert low(0.4) == Settings(2, 441, 256)
    assert low(0.18) == Settings(2, 307, 128)
    assert low(0.1) == Settings(3, 270, 256)
    assert low(0.001) == Settings(3, 128, 32)
    assert lower(Settings(3, 128, 32), FIRST, Fraction(30), 0.5) == Settings(3, 128, 32)


@pytest.mark.parametrize("fps", [5, 10, 12.5, 24, 30])
def test_fps_is_never_lowered_below_ten(fps):
    step = lower(FIRST, FIRST, Fraction(fps), 0.0001).step
    assert step == 1 or fps / step >= 10


def test_a_small_gif_is_not_enlarged_to_the_floor():
    first = Settings(1, 64, 256)
    assert lower(first, first, Fraction(10), 0.1).side == 64


def test_webp_frames_colours_and_times(tmp_path):
    frames = smooth(12)
    back, times, _ = pictures(render(tmp_path / "a.webp", frames, 25).path)
    assert back.shape == frames.shape
    assert np.abs(back.astype(int) - frames).mean() < 4
    assert times == [40] * 12


@pytest.mark.parametrize("fps", [30, 60, Fraction(24000, 1001)])
def test_webp_lasts_as_long_as_the_film(tmp_path, fps):
    times = pictures(render(tmp_path / "a.webp", numbered(24), fps).path)[1]
    assert abs(sum(times) / 1000 - 24 / fps) <= 0.002
    assert len(times) == 24


def test_webp_alpha_comes_back(tmp_path):
    frames = smooth(3, channels=4)
    back = pictures(render(tmp_path / "a.webp", frames).path, "RGBA")[0]
    assert np.abs(back[..., 3].astype(int) - frames[..., 3]).mean() < 3


def test_webp_gets_under_its_cap_and_says_how(tmp_path):
    frames = smooth(10, 96, 96) // 2 + np.random.default_rng(0).integers(0, 99, (10, 96, 96, 3), np.uint8)
    free = render(tmp_path / "free.webp", frames).path.stat().st_size
    sink = render(tmp_path / "a.webp", frames, max_bytes=free // 2)
    assert sink.path.stat().st_size <= free // 2
    assert re.match(r"\d+ kB > \d+ kB: quality 82→\d+, now \d+ kB$", sink.notes[-1])
    assert len(pictures(sink.path)[0]) == 10
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["a.webp", "free.webp"]


@pytest.mark.parametrize("kind", [GifSink, WebpSink])
def test_nothing_is_left_when_a_capped_film_is_broken_off(tmp_path, kind):
    sink = kind(spec_of(tmp_path / ("a" + kind.suffixes[0]), smooth(), max_bytes=1_000_000))

    def fail() -> None:
        with sink:
            sink.write(smooth(4))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_the_film_between_is_lossless(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (3, 33, 47, 4), np.uint8)
    with GifSink(spec_of(tmp_path / "a.gif", frames)) as sink:
        sink.write(frames)
        sink._pipe.close()
        assert np.array_equal(decode(sink.film, 4), frames)
