"""A model of four channels keeps its alpha where a file can hold it; one of one channel makes grey films."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from PIL import Image

from renderer.api import iterate_frames, load_scene, prepare, render
from renderer.errors import SinkError
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.safetensors_format import save_safetensors
from renderer.job import Run
from renderer.sheet import make_sheet
from renderer.sinks.ffmpeg import ffmpeg_exe
from renderer.sinks.pixels import to_rgb
from tests.conftest import ROOT

SCENE = """
model: model.safetensors
size: {size}
fit: {fit}
fps: 4
duration: 1s
timeline:
  - walk: {{keys: [3, 14]}}
{more}
"""


@pytest.fixture
def scene_of(write_scene, tmp_path):
    """Return a function that writes a scene of a model with so many channels."""

    def make(channels, size="32", fit="cover", more=""):
        config = StyleGAN2Config(16, 0, 16, 32, channels, (12, 10, 8, 6), (16, 16))
        network = StyleGAN2(config).randomize(5)
        for name, weight in network.named_parameters():
            if "torgb.weight" in name:
                weight.data.mul_(0.2)  # so that alpha takes all values between none and whole
        save_safetensors(network, tmp_path / "model.safetensors")
        return write_scene(SCENE.format(size=size, fit=fit, more=more))

    return make


def film(scene):
    return np.concatenate(list(iterate_frames(prepare(load_scene(scene), Run(device="cpu")))))


def decoded(path, pixels, channels, size=32, codec=()):
    """Return every frame of a film as ffmpeg reads it, uint8 [N, H, W, channels]."""
    command = [ffmpeg_exe(), "-nostdin", "-v", "error", *codec, "-i", path, "-f", "rawvideo", "-pix_fmt", pixels, "-"]
    done = subprocess.run(command, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, size, size, channels)


def test_alpha_is_kept_by_the_command_line_where_a_file_can_hold_it(scene_of, render_command, tmp_path):
    scene = scene_of(4)
    frames = film(scene)
    assert frames.shape == (4, 32, 32, 4)
    assert frames[..., 3].min() < 60
    assert frames[..., 3].max() > 200
    names = ["still/", "film.webp", "film.mov", "film.webm"]
    done = render_command(scene, *(word for name in names for word in ("-o", name)))
    assert done.returncode == 0, done.stderr
    assert "laid on black" not in done.stderr
    for path, frame in zip(sorted((tmp_path / "still").glob("*.png")), frames, strict=True):
        with Image.open(path) as picture:
            assert picture.mode == "RGBA"
            assert np.array_equal(np.asarray(picture), frame)
    with Image.open(tmp_path / "film.webp") as picture:
        assert picture.n_frames == 4
        alpha = np.asarray(picture.convert("RGBA"))[..., 3]
        assert abs(alpha.astype(int) - frames[0, ..., 3]).mean() < 3
    mov = decoded(tmp_path / "film.mov", "rgba", 4)
    assert abs(mov[..., 3].astype(int) - frames[..., 3]).mean() < 2
    webm = decoded(tmp_path / "film.webm", "rgba", 4, codec=("-c:v", "libvpx-vp9"))
    assert abs(webm[..., 3].astype(int) - frames[..., 3]).mean() < 6


def test_a_still_keeps_alpha(scene_of, render_command, tmp_path):
    scene = scene_of(4)
    assert render_command(scene, "--at", "0.5s", "-o", "still.png", "-o", "still.webp").returncode == 0
    frame = film(scene)[2]
    with Image.open(tmp_path / "still.png") as picture:
        assert np.array_equal(np.asarray(picture), frame)
    with Image.open(tmp_path / "still.webp") as picture:
        assert picture.mode == "RGBA"


def test_alpha_is_laid_on_black_elsewhere_and_said(scene_of, render_command, tmp_path):
    scene = scene_of(4)
    done = render_command(scene, "-o", "film.mp4")
    assert done.returncode == 0, done.stderr
    assert "has no alpha: the frames are laid on black" in done.stderr
    made = decoded(tmp_path / "film.mp4", "rgb24", 3).mean((1, 2))
    assert abs(made - to_rgb(film(scene)).mean((1, 2))).max() < 6


def test_one_channel_makes_grey_films(scene_of, render_command, tmp_path):
    scene = scene_of(1)
    frames = film(scene)
    assert frames.shape == (4, 32, 32, 1)
    names = ["film.mp4", "still/", "film.gif", "film.webp"]
    done = render_command(scene, *(word for name in names for word in ("-o", name)))
    assert done.returncode == 0, done.stderr
    with Image.open(min((tmp_path / "still").glob("*.png"))) as picture:
        grey = np.asarray(picture.convert("RGB"))
    assert np.array_equal(grey, np.repeat(frames[0], 3, -1))
    made = decoded(tmp_path / "film.mp4", "gray", 1)
    assert abs(made.astype(int).mean((1, 2, 3)) - frames.mean((1, 2, 3))).max() < 8


@pytest.mark.parametrize("channels", [1, 4])
@pytest.mark.parametrize("fit", ["cover", "contain", "blur", "native"])
def test_every_fit_of_every_channel(scene_of, fit, channels):
    frames = film(scene_of(channels, "[60, 34]", fit))
    assert frames.shape == (4, 34, 60, channels)
    assert bool(frames[:, :, 0].any()) != (fit == "contain")


def test_an_output_of_another_size_keeps_alpha(scene_of, render_command, tmp_path):
    scene = scene_of(4, more="output: [{file: small/, size: 16}]")
    assert render_command(scene).returncode == 0
    with Image.open(min((tmp_path / "out/small").glob("*.png"))) as picture:
        assert picture.size == (16, 16)
        assert picture.mode == "RGBA"


@pytest.mark.parametrize("channels", [1, 4])
def test_image_effects_see_every_channel(scene_of, render_command, tmp_path, channels):
    scene = scene_of(channels, more="  - sparkle: {}")
    folder = ROOT / "examples" / "single_file_plugin"
    done = render_command(scene, "--plugins-dir", folder, "--at", "0.5s", "-o", "still.png")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "still.png") as picture:
        assert picture.size == (32, 32)


def test_a_sheet_lays_alpha_on_black(scene_of, tmp_path):
    scene = scene_of(4)
    job = prepare(load_scene(scene), Run(device="cpu"))
    path = make_sheet(job, tmp_path / "sheet.png", 1)
    with Image.open(path) as sheet:
        shown = np.asarray(sheet)[6:38, 6:38]
    assert np.array_equal(shown, to_rgb(film(scene)[:1])[0])


def test_two_channels_are_refused(scene_of, tmp_path):
    with pytest.raises(SinkError, match="2 channels"):
        render(load_scene(scene_of(2)), tmp_path / "film.mp4", run=Run(device="cpu"))
