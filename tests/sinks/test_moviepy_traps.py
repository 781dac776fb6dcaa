"""What plain moviepy does wrong on the written file.

Each trap is why renderer.sinks corrects moviepy or goes past it. A test that fails here says that moviepy has been
mended, and that the correction can go.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from moviepy import AudioArrayClip, ImageSequenceClip
from moviepy.video.io.ffmpeg_writer import FFMPEG_VideoWriter
from PIL import Image
from sink_probe import atoms, audio_line, click, ffmpeg, frame_times, render, smooth, video_line

from renderer.sinks import AudioTrack

NTSC = Fraction(24000, 1001)


def plain(path, frames, fps=10, codec="libx264", **more):
    with FFMPEG_VideoWriter(str(path), frames.shape[2:0:-1], float(fps), codec=codec, **more) as writer:
        for frame in frames:
            writer.write_frame(frame)
    return path


def test_trap_pixel_format_is_ignored(tmp_path):
    path = plain(tmp_path / "a.mp4", smooth(3), pixel_format="yuv444p")
    assert ", yuv420p" in video_line(path)


def test_trap_pix_fmt_among_the_parameters_is_overruled_for_even_h264(tmp_path):
    path = plain(tmp_path / "a.mp4", smooth(3), ffmpeg_params=["-pix_fmt", "yuv444p"])
    assert ", yuv420p" in video_line(path)


def test_trap_odd_sizes_become_yuv444p(tmp_path):
    assert ", yuv444p" in video_line(plain(tmp_path / "a.mp4", smooth(3, 47, 63)))


@pytest.mark.parametrize(("codec", "name"), [("libx265", "a.mp4"), ("libvpx-vp9", "a.webm")])
def test_trap_other_codecs_come_out_as_rgb(tmp_path, codec, name):
    assert ", gbrp" in video_line(plain(tmp_path / name, smooth(3), codec=codec))


def test_trap_other_codecs_are_right_with_pix_fmt(tmp_path):
    path = plain(tmp_path / "a.webm", smooth(3), codec="libvpx-vp9", ffmpeg_params=["-pix_fmt", "yuv420p"])
    assert ", yuv420p" in video_line(path)


@pytest.mark.parametrize(("codec", "name"), [("libsvtav1", "a.mp4"), ("libwebp_anim", "a.webp")])
def test_trap_preset_medium_breaks_codecs(tmp_path, codec, name):
    """Enough is sent that the pipe breaks, whenever ffmpeg gives up."""
    with pytest.raises(OSError, match=r"preset|Broken pipe"):
        plain(tmp_path / name, smooth(40, 256, 256), codec=codec, ffmpeg_params=["-pix_fmt", "yuv420p"])


def test_trap_failures_at_the_end_go_unnoticed(tmp_path):
    """A folder that is missing makes ffmpeg fail, and one small frame fits into the pipe: no error is raised."""
    try:
        plain(tmp_path / "missing" / "a.mp4", smooth(1))
    except OSError:
        pytest.skip("ffmpeg was faster than the frame")
    assert not (tmp_path / "missing").exists()


def test_trap_fps_is_rounded_to_two_decimals(tmp_path):
    times = frame_times(plain(tmp_path / "a.mp4", smooth(24), NTSC))
    assert times[-1] == 23 / Fraction("23.98")
    drift_of_an_hour = 3600 - 3600 * NTSC / Fraction("23.98")
    assert drift_of_an_hour > Fraction(1, 2)  # seconds between picture and sound


def test_trap_no_faststart(tmp_path):
    order = atoms(plain(tmp_path / "a.mp4", smooth(3)))
    assert order.index("moov") > order.index("mdat")


def test_trap_colours_are_not_tagged_and_use_the_bt601_matrix(tmp_path):
    """Most players take an untagged film for bt709."""
    green = np.broadcast_to(np.array([0, 255, 0], np.uint8), (2, 32, 32, 3))
    path = plain(tmp_path / "a.mp4", green)
    assert "bt709" not in video_line(path)
    read_as_bt709 = ["-vf", "scale=in_color_matrix=bt709", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    seen = np.frombuffer(ffmpeg("-i", str(path), *read_as_bt709).stdout, np.uint8).reshape(green.shape)
    assert np.abs(seen.astype(int) - green).max() > 10


def test_trap_gif_runs_too_fast(tmp_path):
    """Each delay is cut to whole hundredths of a second: 30 fps become 33.3, and a minute lasts 54 seconds."""
    ImageSequenceClip(list(smooth(30)), fps=30).write_gif(str(tmp_path / "a.gif"), fps=30, logger=None)
    with Image.open(tmp_path / "a.gif") as file:
        times = [(file.seek(index), file.info["duration"])[1] for index in range(file.n_frames)]
    assert set(times) == {30}


def test_trap_sound_is_mp3_in_mp4(tmp_path):
    clip = ImageSequenceClip(list(smooth(5)), fps=10)
    clip = clip.with_audio(AudioArrayClip(np.zeros((22050, 2)), fps=44100))
    clip.write_videofile(str(tmp_path / "a.mp4"), logger=None, temp_audiofile_path=str(tmp_path))
    assert "mp3" in audio_line(tmp_path / "a.mp4")


def test_trap_sound_of_a_larger_film_brings_its_picture(tmp_path):
    """ffmpeg takes the largest picture it is given, and moviepy does not say which it wants."""
    larger = render(tmp_path / "larger.mp4", smooth(5, 96, 128), audio=AudioTrack(click(tmp_path / "a.wav", 0.2))).path
    path = plain(tmp_path / "a.mp4", smooth(5), audiofile=str(larger), audio_codec="aac")
    assert ", 128x96" in video_line(path)
