"""Files, values and networks that image effects cannot use are told with the line of the scene."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest
import torch

from renderer import SceneError, draw_text, read_picture
from renderer.job import plugins
from renderer.testing import Trial
from renderer.trial import frames
from renderer.values.colour import Colour

EFFECTS = plugins().effects


@pytest.fixture
def told(command, write_scene):
    """Return a function from an entry to what `render --at` says of a scene whose third line it is."""

    def tell(entry: str, **head: object) -> str:
        lines = "".join(f"{name}: {value}\n" for name, value in head.items())
        scene = write_scene(f"size: 32\n{lines}timeline:\n  - walk: {{keys: 3}}\n  - {entry}\n")
        said = command(scene, "--at", "0s", "-o", "still.png")
        assert said.code == 2, said.output
        assert "scene.yaml:4:" in said.output
        assert not (scene.parent / "still.png").exists()
        return said.output

    return tell


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("colour-grade: {lut: look.cub}", "no such file: look.cub; did you mean 'look.cube'?"),
        ("colour-grade: {lut: look.cube}", "look.cube, line 2: expected 3 numbers, got '1 2'"),
        ("overlay: {image: look.cube}", "look.cube: not a picture that can be read"),
        ("overlay: {text: hello, font: look.cube}", "look.cube: not a font that can be read"),
        ("overlay: {}", "expected an `image` or a `text`, one of them"),
        ("overlay: {text: {2s: b, 1s: a}}", "texts must follow each other in time, but 1s is not after the one before"),
        ("overlay: {text: {soon: a}}", "unknown key 'soon', expected a time such as 2s, or a marker"),
        ("overlay: {text: [a]}", "expected a text, or a map of times to texts such as {0s: Hello, 2s: Goodbye}"),
        ("crossfade: {to: look.cube}", "look.cube: not a picture that can be read"),
        (
            "crossfade: {color: balck}",
            "expected a colour such as white or '#ffcc88', got 'balck'; did you mean 'black'?",
        ),
        ("palette: {colors: [red]}", "palette.colors"),
        ("vignette: {color: #102030\n }", "write it in quotes"),
        ("upscale: {with: lanzcos}", "unknown upscaler 'lanzcos'; did you mean 'lanczos'?"),
        ("upscale: {model: look.cube}", "lanczos needs no `model`; write with: spandrel"),
        ("upscale: {with: spandrel}", "spandrel needs a `model`, such as model: RealESRGAN_x4plus.pth"),
        ("zoom: {scale: 0}", "expected a scale above 0"),
        ("feedback: {zoom: 0}", "expected a zoom above 0"),
    ],
)
def test_what_cannot_be_used_is_told(entry, said, told, tmp_path):
    (tmp_path / "look.cube").write_text("LUT_1D_SIZE 2\n1 2\n")
    assert said in told(entry)


def test_a_missing_spandrel_is_told(told, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "spandrel", None)
    (tmp_path / "net.pth").write_bytes(b"")
    assert "spandrel is not installed; run pip install 'latentreel[upscale]'" in told(
        "upscale: {with: spandrel, model: net.pth}"
    )


class Network:
    """Stand for a network that spandrel reads: it enlarges fourfold, by showing each pixel larger."""

    scale, input_channels = 4, 3

    def __init__(self):
        self.given = []

    def eval(self):
        return self

    def __call__(self, x):
        self.given.append(tuple(x.shape))
        return x.repeat_interleave(4, 2).repeat_interleave(4, 3)


@pytest.fixture
def network(monkeypatch, tmp_path):
    """Return the network of net.pth, as a library spandrel that is not there would read it."""
    made = Network()

    class ModelLoader:
        def __init__(self, device):
            assert device == torch.device("cpu")

        def load_from_file(self, path):
            if path.read_bytes() != b"fine":
                raise RuntimeError("no architecture known")
            return made

    monkeypatch.setitem(sys.modules, "spandrel", SimpleNamespace(ModelLoader=ModelLoader))
    (tmp_path / "net.pth").write_bytes(b"fine")
    return made


def test_a_network_enlarges_tile_by_tile(network, tmp_path, monkeypatch):
    monkeypatch.setattr("renderer.upscaling.TILE", 8)
    monkeypatch.setattr("renderer.upscaling.CONTEXT", 2)
    timeline = "- walk: {keys: 3}\n- upscale: {with: spandrel, model: net.pth, scale: 3}"
    trial = Trial(EFFECTS["upscale"], timeline, folder=tmp_path)
    job = trial.job()
    columns = torch.linspace(0, 1, 60).expand(1, 3, 30, 60).contiguous()
    seen = trial.stacked(job)[1].apply(columns, job.timeline.moments(torch.zeros(1).numpy()))
    assert network.given == [(1, 3, 10, 10), (1, 3, 10, 12), (1, 3, 10, 6), (1, 3, 4, 10), (1, 3, 4, 12), (1, 3, 4, 6)]
    torch.testing.assert_close(seen, columns, atol=0.04, rtol=0)
    grey = trial.stacked(job)[1].apply(columns[:, :1], job.timeline.moments(torch.zeros(1).numpy()))
    torch.testing.assert_close(grey, seen[:, :1])


def test_a_file_that_is_no_network_is_told(network, told, tmp_path):
    (tmp_path / "bad.pth").write_bytes(b"none")
    said = told("upscale: {with: spandrel, model: bad.pth}")
    assert "bad.pth: spandrel cannot read it: no architecture known" in said


def test_upscale_leaves_a_model_of_any_size_alone():
    trial = Trial(EFFECTS["upscale"], "- walk: {keys: 3}\n- upscale: {}")
    job = trial.job()
    assert (frames(job, 0, 2) == frames(trial.without(job), 0, 2)).all()


def test_texts_are_set_in_lines():
    one, two = (draw_text(text, Colour.parse("red")) for text in ("words", "words\nwords"))
    assert two.shape[2] > 1.5 * one.shape[2]
    assert one[0, :, :, 0].abs().max() == 0  # nothing is cut at the sides
    assert one[0, :3, one[0, 3] > 0.9].mean(1).tolist() == [1, 0, 0]
    lined = draw_text("words", Colour.parse("red"), Colour.parse("lime"))
    assert lined.shape[3] > one.shape[3]
    assert lined[0, 1].max() == 1


def test_a_picture_is_turned_as_its_camera_says(tmp_path):
    from PIL import Image

    picture = Image.new("RGB", (4, 2), "red")
    exif = picture.getexif()
    exif[0x0112] = 6  # a quarter turn
    picture.save(tmp_path / "photo.jpg", exif=exif)
    assert read_picture(tmp_path / "photo.jpg").shape == (1, 4, 4, 2)


def test_an_upscaler_that_is_none_is_refused(plugin, command, folder):
    plugin("up", "@renderer.hookimpl\ndef register_upscalers(register): register('up', 3)")
    assert (
        "PluginError: upscaler 'up': expected a function that makes one, got 3"
        in command("plugins", "--plugins-dir", folder).output
    )


def test_a_scene_error_names_the_time_of_a_signal():
    with pytest.raises(SceneError, match=r"rotate\.x: "):
        Trial(EFFECTS["rotate"], "- walk: {keys: 3}\n- rotate: {x: 1/(t-t)}").job()
