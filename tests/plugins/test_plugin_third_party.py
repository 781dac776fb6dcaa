"""The view of a third party: effects, easings, generators and outputs of others, each used by a scene."""

from __future__ import annotations

import os
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import run_render
from tests.plugins.conftest import effect

ROOT = Path(__file__).parent.parent.parent
SCENE = "size: 32\nfps: 4\nduration: 1s\nseed: 5\ntimeline:\n  - walk: {keys: 3}\n"


def pixels(path):
    return np.asarray(Image.open(path).convert("RGB")).astype(int)


@pytest.fixture
def still(command, folder, write_scene, tmp_path):
    """Return a function from the text of a scene to its frame at 0.5 s, with the folder of plugins."""

    def render(text):
        told = command(write_scene(text), "--at", "0.5s", "-o", "still.png", "--plugins-dir", folder, "-q")
        assert told.code == 0, told.output
        return pixels(tmp_path / "still.png")

    return render


def test_a_latent_effect_of_one_file(plugin, still, command, folder):
    plugin("to_mean", effect("return x.replace(ws=renderer.truncate(x.ws, frame.generator.w_avg, 1 - p.amount))",
                             "to-mean", "LatentEffect"))  # fmt: skip
    mean = still(SCENE.replace("keys: 3", "keys: mean"))
    assert np.array_equal(still(SCENE + "  - to-mean: {amount: 1}\n"), mean)
    assert np.array_equal(still(SCENE + "  - to-mean: {amount: '0*t'}\n"), still(SCENE))
    assert "to-mean" in command("effects", "--plugins-dir", folder).output
    assert "How much" in command("effects", "to-mean", "--plugins-dir", folder).output
    assert "to-mean" in command("schema", "--plugins-dir", folder).output


def test_an_image_effect(plugin, still):
    plugin("negative", effect("return 1 - x", "negative"))
    plain = still(SCENE)
    assert np.abs(still(SCENE + "  - negative: {}\n") - (255 - plain)).max() <= 1
    assert np.array_equal(still(SCENE + "  - negative: {}\n    to: 0.2s\n"), plain)
    half = still(SCENE + "  - negative: {}\n    from: 0s\n    fade: 1s\n")
    assert np.abs(half - 127.5).max() <= 1.5


def test_a_synthesis_effect_with_a_tap(plugin, still):
    plugin("tint", effect(
        """
        def tap(layer, features):
            if layer != "light":
                return features
            amount = (p.amount * frame.weight).reshape(-1, 1, 1, 1)
            return features * (1 - amount)
        return x.replace(taps=(*x.taps, tap), noise_mode="none")
        """, "tint", "SynthesisEffect"))  # fmt: skip
    plain = still("noise: none\n" + SCENE)
    tapped = still("noise: none\n" + SCENE + "  - tint: {amount: 0}\n")
    assert np.abs(tapped - plain).max() <= 1
    assert still(SCENE + "  - tint: {amount: 1}\n").mean() < plain.mean() - 20


def test_a_synthesis_effect_that_moves_the_picture(plugin, still):
    plugin("flip", effect(
        """
        import torch
        flip = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
        return x.replace(transform=flip.expand(len(frame), 3, 3), noise_mode="none")
        """, "flip", "SynthesisEffect"))  # fmt: skip
    plain = still("noise: none\n" + SCENE)
    assert np.abs(still(SCENE + "  - flip: {}\n") - plain[:, ::-1]).mean() < 8


def test_an_easing(plugin, still):
    plugin("steps", """
        import numpy as np

        @renderer.hookimpl
        def register_easings(register):
            register("two-steps", lambda x: np.where(x >= 1, 1.0, np.floor(x * 2) / 2))
        """)  # fmt: skip
    ramp = SCENE + "  - psi-ramp: {psi: {0s: 0, 0.8s: 1, ease: two-steps}}\n"
    assert np.array_equal(still(ramp), still(SCENE + "  - psi-ramp: {psi: 0.5}\n"))
    walk = "size: 32\nfps: 4\ntimeline: [{walk: {keys: {0s: 3, 1s: 14}, ease: two-steps}}]\n"
    assert np.array_equal(still(walk), still(walk.replace("ease: two-steps", "ease: linear")))


GENERATOR = '''
import torch


class Stripes(renderer.Generator):
    """Paint stripes of one grey."""

    family = "stripes"
    z_dim = w_dim = 4
    num_ws = 2
    layer_resolutions = (4, 64)

    def __init__(self, size=8):
        super().__init__()
        self.img_resolution = size
        self.any_size = {any_size}
        self.register_buffer("w_avg", torch.zeros(4))

    def resized(self, height, width):
        return Stripes(height)

    def map(self, z, c=None):
        return z.unsqueeze(1).repeat(1, 2, 1)

    def synthesis(self, ws, *, noise_mode="const", noise=None, transform=None, taps=None):
        grey = torch.tanh(ws[:, 0, :1])[:, :, None, None]
        return grey.expand(-1, 3, self.img_resolution, self.img_resolution).contiguous()


@renderer.hookimpl
def register_generators(register):
    register("stripes", Stripes)
'''


@pytest.mark.parametrize(
    ("any_size", "head", "side"), [(False, "", 8), (True, "", 8), (True, "size: 20\n", 20), (False, "size: 20\n", 20)]
)
def test_a_generator(plugin, command, folder, write_scene, tmp_path, any_size, head, side):
    plugin("stripes", GENERATOR.replace("{any_size}", str(any_size)))
    scene = write_scene(f"model: stripes\nfps: 4\nduration: 1s\n{head}timeline: [{{walk: {{keys: 3}}}}]\n")
    told = command(scene, "-o", "film.png", "--at", "0s", "--plugins-dir", folder)
    assert told.code == 0, told.output
    shown = pixels(tmp_path / "film.png")
    grey = np.tanh(np.random.RandomState(3).randn(1, 4)[0, 0]) * 127.5 + 128
    assert shown.shape == (side, side, 3)
    assert np.abs(shown - int(grey)).max() <= 1
    assert "stripes" in command("plugins", "--plugins-dir", folder).output


@pytest.mark.parametrize(
    ("makes", "said"), [("5", "expected a Generator, got 5"), ("1 / 0", "ZeroDivisionError: division by zero")]
)
def test_a_generator_that_cannot_be_made(plugin, command, folder, write_scene, makes, said):
    plugin("none", f"@renderer.hookimpl\ndef register_generators(register): register('none', lambda: {makes})\n")
    told = command("check", write_scene("model: none\ntimeline: [{walk: {keys: 3}}]\n"), "--plugins-dir", folder)
    assert told.code == 2
    assert told.output.strip().endswith(f"generator 'none' could not be made: {said}")


SINK = '''
class Ppm(renderer.Sink):
    """Write raw pictures one after the other."""

    name = "ppm"
    suffixes = (".ppm",)
    description = "raw pictures, one after the other"

    def begin(self):
        self.file = self.part.open("wb")

    def encode(self, frames):
        for frame in frames:
            self.file.write(b"P6 %d %d 255\\n" % (self.spec.width, self.spec.height) + frame.tobytes())

    def finish(self):
        self.file.close()

    def cancel(self):
        self.file.close()


@renderer.hookimpl
def register_sinks(register):
    register(Ppm)
'''


def test_a_sink(plugin, still, command, folder, write_scene, tmp_path):
    plugin("ppm", SINK)
    told = command(write_scene(SCENE + "output: film.ppm\n"), "--plugins-dir", folder, "-o", "film.ppm")
    assert told.code == 0, told.output
    written = (tmp_path / "film.ppm").read_bytes()
    size = len(b"P6 32 32 255\n") + 32 * 32 * 3
    assert len(written) == 4 * size
    (tmp_path / "third.ppm").write_bytes(written[2 * size : 3 * size])
    assert np.array_equal(pixels(tmp_path / "third.ppm"), still(SCENE))
    assert not list(tmp_path.glob(".film*"))


def install(package: Path, target: Path) -> None:
    """Put a package where pip would: its modules and its metadata, entry points among them."""
    project = tomllib.loads((package / "pyproject.toml").read_text())["project"]
    shutil.copytree(package / "src", target)
    info = target / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    points = [f"[{group}]\n" + "\n".join(f"{name} = {value}" for name, value in entries.items())
              for group, entries in project["entry-points"].items()]  # fmt: skip
    (info / "entry_points.txt").write_text("\n".join(points))


def test_an_installed_package(tmp_path):
    package = ROOT / "examples/latentreel-tides"
    install(package, tmp_path / "site")
    there = {"PYTHONPATH": f"{tmp_path / 'site'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}", "OMP_NUM_THREADS": "1"}
    listed = run_render("plugins", cwd=tmp_path, env=there)
    assert "tides (latentreel-tides 0.1.0)" in listed.stdout
    scene = package / "scene.yaml"
    args = (scene, "--at", "1s", "--size", "32", "-o", "still.png", "-q")
    without = run_render(*args, cwd=tmp_path)
    assert without.returncode == 2
    assert "timeline[1].tides: unknown effect 'tides'" in without.stderr
    made = run_render(*args, cwd=tmp_path, env=there)
    assert made.returncode == 0, made.stderr
    with_tides = pixels(tmp_path / "still.png")
    plain = tmp_path / "plain.yaml"
    plain.write_text("\n".join(line for line in scene.read_text().splitlines() if "tides" not in line))
    assert run_render(plain, *args[1:], cwd=tmp_path).returncode == 0
    assert np.abs(pixels(tmp_path / "still.png") - with_tides).mean() > 2
