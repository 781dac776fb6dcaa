"""An effect that goes wrong ends in one sentence with its name and the time, code 2, and no file."""

from __future__ import annotations

import pytest

from tests.plugins.conftest import effect

SCENE = "size: 16\nfps: 10\nduration: 4s\ntimeline:\n  - walk: {{keys: 3}}\n  - {name}: {{}}\n"
LATE = "late = (frame.t >= 3.15).reshape(-1, 1, 1)\n"


FAULTS = {
    "a latent effect that raises": (
        "LatentEffect",
        "raise KeyError('oh\\nno')",
        "{dim} failed with KeyError: 'oh\\nno', at 0s, with amount 0.5",
    ),
    "a latent effect that raises later": (
        "LatentEffect",
        "if (frame.t > 3.1).any(): raise RuntimeError('lost\\nall')\nreturn x",
        "{dim} failed with RuntimeError: lost, at 3.2s, with amount 0.5",
    ),
    "an effect that returns nothing": (
        "LatentEffect",
        "x.replace(ws=x.ws)",
        "{dim} returned NoneType, expected Latents, at 0s, with amount 0.5",
    ),
    "ws of another shape": (
        "LatentEffect",
        "return x.replace(ws=x.ws[:, :5])",
        "{dim} returned ws of float32 [1, 5, 64], expected float32 [1, 14, 64], at 0s, with amount 0.5",
    ),
    "ws of another type": (
        "LatentEffect",
        "return x.replace(ws=x.ws.half())",
        "{dim} returned ws of float16 [1, 14, 64], expected float32 [1, 14, 64], at 0s, with amount 0.5",
    ),
    "a z of another length": (
        "LatentEffect",
        "return x.replace(z=x.ws[:1, 0])",
        "{dim} returned z of float32 [1, 64], expected float32 [3, 64], at 0s to 2s",
    ),
    "latents without ws": (
        "LatentEffect",
        "return x.replace(ws=None)",
        "{dim} returned latents without ws at 0s, with amount 0.5",
    ),
    "NaN from some time on": (
        "LatentEffect",
        LATE + "return x.replace(ws=x.ws / (~late).float() )",
        "{dim} returned NaN or infinity in ws at 3.2s, with amount 0.5",
    ),
    "input changed in place": (
        "LatentEffect",
        "y = x.ws.clone()\nx.psi.mul_(2)\nreturn x.replace(ws=y)",
        "{dim} changed its input in place instead of returning something new, at 0s, with amount 0.5",
    ),
    "input changed by numpy": (
        "ImageEffect",
        "x.numpy()[:] *= 0.5\nreturn x",
        "{dim} changed its input in place instead of returning something new, at 0s, with amount 0.5",
    ),
    "input changed through its data": (
        "LatentEffect",
        "x.ws.data.add_(1)\nreturn x.replace(ws=x.ws * 1)",
        "{dim} changed its input in place instead of returning something new, at 0s, with amount 0.5",
    ),
    "an effect that ends Python": (
        "LatentEffect",
        "import sys\nsys.exit(3)",
        "{dim} failed with SystemExit: 3, at 0s, with amount 0.5",
    ),
    "an exception of the highest kind": (
        "ImageEffect",
        "class Odd(BaseException): pass\nraise Odd('no')",
        "{dim} failed with Odd: no, at 0s, with amount 0.5",
    ),
    "recursion without end": (
        "LatentEffect",
        "return self.apply(x, p, frame)",
        "{dim} failed with RecursionError: maximum recursion depth exceeded, at 0s, with amount 0.5",
    ),
    "a value that cannot be": (
        "LatentEffect",
        "raise renderer.ValueProblem('expected something else')",
        "{scene}:6:10: timeline[1].dim: expected something else",
    ),
    "an image effect that raises": (
        "ImageEffect",
        "raise OSError('no lut')",
        "{dim} failed with OSError: no lut, at 0s, with amount 0.5",
    ),
    "images of another shape": (
        "ImageEffect",
        "return x[:, :1]",
        "{dim} returned images of float32 [1, 1, 16, 16], expected float32 [1, 3, 16, 16], at 0s, with amount 0.5",
    ),
    "images as numpy arrays": (
        "ImageEffect",
        "return x.numpy()",
        "{dim} returned ndarray, expected Tensor, at 0s, with amount 0.5",
    ),
    "images with NaN": (
        "ImageEffect",
        "return x / (frame.t < 0.15).float().reshape(-1, 1, 1, 1)",
        "{dim} returned NaN or infinity in images at 0.2s, with amount 0.5",
    ),
    "a transform of another shape": (
        "SynthesisEffect",
        "import torch\nreturn x.replace(transform=torch.eye(3))",
        "{dim} returned transform of float32 [3, 3], expected float32 [4, 3, 3], at 0s to 0.3s",
    ),
    "a tap that raises": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: features.nothing,))",
        "{dim} failed with AttributeError: 'Tensor' object has no attribute 'nothing', at 0s to 0.3s",
    ),
    "a tap of another shape": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: features[:, :1],))",
        "{dim} returned features coordinates of torch.float32 [4, 1, 16, 16], expected [4, 2, 16, 16], at 0s to 0.3s",
    ),
    "a tap that returns nothing": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: None,))",
        "{dim} returned NoneType for the features coordinates at 0s to 0.3s",
    ),
}


@pytest.mark.parametrize(("base", "apply", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_sentence(command, plugin, folder, write_scene, tmp_path, base, apply, said):
    plugin("dim", effect(apply, base=base))
    scene = write_scene(SCENE.format(name="dim"))
    told = command(scene, "-o", "film.mp4", "--plugins-dir", folder, "-q", "--batch", "4")
    assert told.code == 2
    assert told.output.strip() == said.format(scene=scene, dim=f"effect 'dim' of {folder / 'dim.py'}")
    seen = sorted(path.name for path in tmp_path.iterdir() if not path.name.startswith("."))  # frames may be kept
    assert seen == ["plugins", "scene.yaml"]


def test_taps_of_others_stay(command, plugin, folder, write_scene):
    plugin("first", effect("return x.replace(taps=(*x.taps, lambda layer, features: features))", "first",
                           "SynthesisEffect"))  # fmt: skip
    plugin("dim", effect("return x.replace(taps=())", base="SynthesisEffect"))
    scene = write_scene(SCENE.format(name="first") + "  - dim: {}\n")
    told = command(scene, "--at", "0s", "-o", "a.png", "--plugins-dir", folder, "-q")
    assert told.code == 2
    assert "took away taps of the effects above it; add to x.taps instead," in told.output


def test_a_prepare_that_raises(command, plugin, folder, write_scene):
    text = effect("return x").replace("    def apply", "    def prepare(self, film):\n        {}['x']\n\n    def apply")
    plugin("dim", text)
    scene = write_scene(SCENE.format(name="dim"))
    told = command("check", scene, "--plugins-dir", folder)
    assert told.code == 2
    assert told.output.strip() == (
        f"{scene}:6:10: timeline[1].dim: effect 'dim' of {folder / 'dim.py'} failed to prepare: KeyError: 'x'"
    )


def test_a_scene_that_cannot_work_fails_its_check(command, write_scene):
    scene = write_scene(
        "timeline:\n  - walk: {keys: 3}\n  - direction-sweep: {direction: hue, space: w}\n  - jitter: {period: 0s}\n"
    )
    told = command("check", scene)
    assert told.code == 2
    assert "timeline[2].jitter: expected a period longer than 0s, got 0s" in told.output


def test_a_direction_in_z_without_a_z_fails_its_check(command, write_scene, tmp_path):
    import numpy as np

    np.save(tmp_path / "step.npy", np.ones(64, np.float32))
    scene = write_scene(
        "timeline:\n  - walk: {keys: 3}\n    to: 2s\n  - direction-sweep: {direction: step.npy, space: z}\n"
    )
    told = command("check", scene)
    assert told.code == 2
    assert "timeline[1].direction-sweep: a direction in z needs a source in z above it" in told.output
