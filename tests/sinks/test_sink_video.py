"""Films as they are on disk: pixels, colours, timing, containers, and who wrote them."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from sink_probe import (
    atoms,
    decode,
    ffmpeg,
    frame_times,
    numbered,
    numbers_of,
    render,
    smooth,
    spec_of,
    video_line,
)

from renderer.errors import SinkError
from renderer.sinks import Mp4Sink, WebmSink, sink_for
from renderer.sinks.ffmpeg import FfmpegPipe

NTSC = Fraction(24000, 1001)
FILMS = ["a.mp4", "a.webm", "a.mov", "a.mkv"]
PURE = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (200, 120, 40), (128, 128, 128)]


@pytest.fixture
def moviepy_calls(monkeypatch):
    """Watch moviepy's writer: a list of its keyword arguments, one entry per file."""
    from moviepy.video.io import ffmpeg_writer

    calls = []
    plain = ffmpeg_writer.FFMPEG_VideoWriter

    class Watched(plain):
        def __init__(self, *positional, **named):
            calls.append(named)
            super().__init__(*positional, **named)

    monkeypatch.setattr(ffmpeg_writer, "FFMPEG_VideoWriter", Watched)
    return calls


@pytest.mark.parametrize("fps", [10, 30, 60, Fraction(25, 2)])
def test_moviepy_writes_the_default_mp4(tmp_path, moviepy_calls, fps):
    path = render(tmp_path / "a.mp4", smooth(), fps).path
    assert len(moviepy_calls) == 1
    assert moviepy_calls[0]["codec"] == "libx264"
    assert len(decode(path)) == 10


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("name", FILMS)
def test_moviepy_writes_every_film(tmp_path, moviepy_calls, name, channels):
    render(tmp_path / name, smooth(channels=channels))
    assert len(moviepy_calls) == 1


@pytest.mark.parametrize("name", FILMS)
def test_ffmpeg_writes_fps_that_moviepy_rounds(tmp_path, moviepy_calls, name):
    """See test_trap_fps_is_rounded_to_two_decimals."""
    render(tmp_path / name, smooth(), NTSC)
    assert moviepy_calls == []


@pytest.mark.parametrize("name", ["a.gif", "a.webp"])
def test_ffmpeg_writes_what_moviepy_cannot(tmp_path, moviepy_calls, name):
    """See test_trap_gif_runs_too_fast, and test_trap_preset_medium_breaks_codecs for WebP."""
    render(tmp_path / name, smooth())
    assert moviepy_calls == []


@pytest.mark.parametrize("fps", [30, NTSC], ids=["moviepy", "ffmpeg"])
def test_mp4_is_h264_in_yuv420p_with_bt709_and_the_index_in_front(tmp_path, fps):
    path = render(tmp_path / "a.mp4", smooth(), fps).path
    line = video_line(path)
    assert "h264 (High)" in line
    assert "yuv420p(tv, bt709, progressive)" in line
    order = atoms(path)
    assert order.index("moov") < order.index("mdat")


@pytest.mark.parametrize(
    ("name", "channels", "told"),
    [
        ("a.webm", 3, "vp9 (Profile 0), yuv420p(tv, bt709, progressive)"),
        ("a.mov", 3, "prores (HQ) (apch / 0x68637061), yuv422p10le(tv, bt709, progressive)"),
        ("a.mov", 4, "prores (4444) (ap4h / 0x68347061), yuva444p"),
        ("a.mkv", 3, "ffv1, bgr0"),
        ("a.mkv", 4, "ffv1, bgra"),
        ("a.m4v", 3, "h264 (High)"),
    ],
)
@pytest.mark.parametrize("fps", [30, NTSC], ids=["moviepy", "ffmpeg"])
def test_codec_and_pixels_of_the_others(tmp_path, name, channels, told, fps):
    assert told in video_line(render(tmp_path / name, smooth(channels=channels), fps).path)


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("fps", [Fraction(30), NTSC, Fraction(30000, 1001)], ids=["30", "23.976", "29.97"])
def test_every_frame_comes_back_in_its_order_and_at_its_time(tmp_path, name, fps):
    path = render(tmp_path / name, numbered(24), fps).path
    assert numbers_of(decode(path)) == list(range(24))
    tick = Fraction(1, 2000) if name in ("a.webm", "a.mkv") else 0  # Matroska counts milliseconds
    assert all(abs(time - k / fps) <= tick for k, time in enumerate(frame_times(path)))


@pytest.mark.parametrize("colour", PURE)
@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mov"])
def test_colours_come_back_within_three_levels(tmp_path, name, colour):
    frames = np.broadcast_to(np.array(colour, np.uint8), (2, 32, 32, 3))
    path = render(tmp_path / name, frames).path
    assert np.abs(decode(path)[:, 8:-8, 8:-8].astype(int) - colour).max() <= 3


def test_colours_of_the_ffmpeg_mp4_are_those_of_moviepys(tmp_path):
    frames = smooth(6)
    pair = [decode(render(tmp_path / f"{n}.mp4", frames, fps).path) for n, fps in enumerate((24, NTSC))]
    assert np.abs(pair[0].astype(int) - pair[1]).max() <= 2


@pytest.mark.parametrize(("name", "least"), [("a.mp4", 38), ("a.webm", 36), ("a.mov", 40)])
def test_smooth_pictures_survive(tmp_path, name, least):
    frames = smooth(6)
    error = decode(render(tmp_path / name, frames).path).astype(float) - frames
    assert 10 * np.log10(255**2 / np.mean(error**2)) > least


@pytest.mark.parametrize("channels", [3, 4])
def test_ffv1_gives_every_pixel_back(tmp_path, channels):
    frames = np.random.default_rng(0).integers(0, 256, (3, 33, 47, channels), np.uint8)
    assert np.array_equal(decode(render(tmp_path / "a.mkv", frames).path, channels), frames)


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.mov"])
def test_odd_sides_are_padded_by_repeating_the_edge(tmp_path, name):
    frames = smooth(3, 47, 63)
    sink = render(tmp_path / name, frames)
    assert ", 64x48" in video_line(sink.path)
    assert [note for note in sink.notes if "63x47 is padded to 64x48" in note]
    back = decode(sink.path).astype(int)
    assert np.abs(back[:, :47, :63] - frames).mean() < 4
    assert np.abs(back[:, 47] - back[:, 46]).mean() < 4
    assert np.abs(back[:, :, 63] - back[:, :, 62]).mean() < 4


def test_even_sides_are_not_padded(tmp_path):
    sink = render(tmp_path / "a.mp4", smooth())
    assert sink.notes == []
    assert ", 64x48" in video_line(sink.path)


@pytest.mark.parametrize("name", FILMS)
def test_grey_frames_become_grey_films(tmp_path, name):
    frames = smooth(3, channels=1)
    back = decode(render(tmp_path / name, frames).path).astype(int)
    assert np.abs(back - frames).max() <= 8


def test_mp4_lays_alpha_on_black_and_says_so(tmp_path):
    frames = np.full((2, 32, 32, 4), 200, np.uint8)
    frames[..., 3] = 128
    sink = render(tmp_path / "a.mp4", frames)
    assert sink.notes == ["MP4 has no alpha: the frames are laid on black"]
    assert abs(float(decode(sink.path).mean()) - 200 * 128 / 255) <= 2


@pytest.mark.parametrize(("name", "decoder"), [("a.mov", ""), ("a.webm", "libvpx-vp9"), ("a.mkv", "")])
@pytest.mark.parametrize("fps", [30, NTSC], ids=["moviepy", "ffmpeg"])
def test_alpha_comes_back(tmp_path, name, decoder, fps):
    frames = smooth(4, channels=4)
    frames[:, :24, :, 3] = 255
    frames[:, 24:, :32, 3] = 0
    frames[:, 24:, 32:, 3] = 128
    sink = render(tmp_path / name, frames, fps)
    assert sink.notes == []
    back = decode(sink.path, 4, decoder).astype(int)
    assert np.abs(back[..., 3] - frames[..., 3]).mean() < 3
    assert np.abs(back[:, :20, :, :3] - frames[:, :20, :, :3]).mean() < 4


@pytest.mark.parametrize("quality", ["draft", "best"])
@pytest.mark.parametrize("name", FILMS)
def test_every_quality_can_be_written(tmp_path, name, quality):
    assert len(decode(render(tmp_path / name, smooth(4), quality=quality).path)) == 4


@pytest.mark.parametrize("name", ["a.mp4", "a.webm"])
def test_better_quality_is_nearer(tmp_path, name):
    frames = smooth(8, 128, 128)
    errors = []
    for quality in ("draft", "good", "best"):
        back = decode(render(tmp_path / f"{quality}{name}", frames, quality=quality).path)
        errors.append(np.abs(back.astype(int) - frames).mean())
    assert errors == sorted(errors, reverse=True)


def test_there_is_a_keyframe_every_two_seconds(tmp_path):
    path = render(tmp_path / "a.mp4", smooth(50), 10).path
    told = ffmpeg("-skip_frame", "nokey", "-i", str(path), "-f", "framecrc", "-").stdout.decode()
    assert sum(1 for line in told.splitlines() if line.startswith("0,")) >= 3


def test_one_frame_is_a_film_too(tmp_path):
    for name in FILMS:
        assert len(decode(render(tmp_path / name, smooth(1)).path)) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".webm", ".gif", ".webp", ".mov"])
def test_names_with_odd_characters_are_written(tmp_path, suffix):
    path = tmp_path / "%03d" / f"-a film: 100% 'new' %d é{suffix}"
    render(path, smooth(2), max_bytes=9**9 if suffix in (".gif", ".webp") else None)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["a.mp4", "a.webm", "a.gif"])
def test_a_full_disk_is_said_in_a_sentence(tmp_path, name, monkeypatch):
    """The part file is a link to a device that is always full."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("needs /dev/full")
    sink = sink_for(name)(spec_of(tmp_path / name, smooth()))
    sink.part.symlink_to(full)

    def fill() -> None:
        with sink:
            sink.write(smooth())

    with pytest.raises(SinkError, match="ffmpeg failed: the disk is full"):
        fill()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [Mp4Sink, WebmSink], ids=["moviepy", "ffmpeg"])
def test_a_crash_of_ffmpeg_is_told_in_its_own_words(tmp_path, kind):
    """More is sent than the pipe holds, so that the break is seen while writing."""
    name = "a" + kind.suffixes[0]
    (tmp_path / ".part").mkdir()
    sink = kind(spec_of(tmp_path / name, smooth(40, 256, 256)))
    sink.part = tmp_path / ".part" / "missing" / name

    def crash() -> None:
        with sink:
            for _ in range(4):
                sink.write(smooth(10, 256, 256))

    with pytest.raises(SinkError, match=r"ffmpeg failed: .*No such file or directory"):
        crash()


def test_much_talk_of_ffmpeg_does_not_stop_it(tmp_path):
    """At log level trace ffmpeg writes more than a pipe holds."""
    frames = smooth(60)
    raw = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "64x48", "-r", "10", "-i", "-"]
    pipe = FfmpegPipe(Path("a.mkv"), ["-loglevel", "trace", *raw, "-c:v", "ffv1", str(tmp_path / "a.mkv")])
    pipe.write(frames)
    pipe.close()
    assert len(decode(tmp_path / "a.mkv")) == 60


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.gif", "frames/"])
def test_memory_stays_flat(tmp_path, name):
    count, batch = 120, smooth(4, 64, 64)
    spec = spec_of(tmp_path / name, np.broadcast_to(batch[:1], (count, 64, 64, 3)), 30, quality="draft")
    with sink_for(name)(spec) as sink:
        sink.write(batch)
        tracemalloc.start()
        for _ in range(count // 4 - 1):
            sink.write(batch)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 4 * batch.nbytes
