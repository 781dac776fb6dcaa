"""An effect that goes wrong ends in one sentence with its name and the time, code 2, and no half file."""

from __future__ import annotations

import pytest

from tests.plugins.conftest import effect

SCENE = "size: 16\nfps: 10\nduration: 4s\ntimeline:\n  - walk: {{keys: 3}}\n  - {name}: {{}}\n"
LATE = "late = (frame.t >= 3.15).reshape(-1, 1, 1)\n"


FAULTS = {
    "a latent effect that raises": (
        "LatentEffect",
        "raise KeyError('oh\\nno')",
        "effect 'dim' failed with KeyError: 'oh\\nno', at 0s to 2s",
    ),
    "a latent effect that raises later": (
        "LatentEffect",
        "if (frame.t > 3.1).any(): raise RuntimeError('lost\\nall')\nreturn x",
        "effect 'dim' failed with RuntimeError: lost, at 3.2s to 6.3s",
    ),
    "an effect that returns nothing": (
        "LatentEffect",
        "x.replace(ws=x.ws)",
        "effect 'dim' returned NoneType, expected Latents, at 0s to 2s",
    ),
    "ws of another shape": (
        "LatentEffect",
        "return x.replace(ws=x.ws[:, :5])",
        "effect 'dim' returned ws of float32 [3, 5, 64], expected float32 [3, 14, 64], at 0s to 2s",
    ),
    "ws of another type": (
        "LatentEffect",
        "return x.replace(ws=x.ws.half())",
        "effect 'dim' returned ws of float16 [3, 14, 64], expected float32 [3, 14, 64], at 0s to 2s",
    ),
    "a z of another length": (
        "LatentEffect",
        "return x.replace(z=x.ws[:1, 0])",
        "effect 'dim' returned z of float32 [1, 64], expected float32 [3, 64], at 0s to 2s",
    ),
    "latents without ws": (
        "LatentEffect",
        "return x.replace(ws=None)",
        "effect 'dim' returned latents without ws at 0s to 2s",
    ),
    "NaN from some time on": (
        "LatentEffect",
        LATE + "return x.replace(ws=x.ws / (~late).float() )",
        "effect 'dim' returned NaN or infinity in ws at 3.2s",
    ),
    "input changed in place": (
        "LatentEffect",
        "y = x.ws.clone()\nx.psi.mul_(2)\nreturn x.replace(ws=y)",
        "effect 'dim' changed its input in place instead of returning something new, at 0s to 2s",
    ),
    "a value that cannot be": (
        "LatentEffect",
        "raise renderer.ValueProblem('expected something else')",
        "{scene}:6:10: timeline[1].dim: expected something else",
    ),
    "an image effect that raises": (
        "ImageEffect",
        "raise OSError('no lut')",
        "effect 'dim' failed with OSError: no lut, at 0s to 0.3s",
    ),
    "images of another shape": (
        "ImageEffect",
        "return x[:, :1]",
        "effect 'dim' returned images of float32 [4, 1, 16, 16], expected float32 [4, 3, 16, 16], at 0s to 0.3s",
    ),
    "images as numpy arrays": (
        "ImageEffect",
        "return x.numpy()",
        "effect 'dim' returned ndarray, expected Tensor, at 0s to 0.3s",
    ),
    "images with NaN": (
        "ImageEffect",
        "return x / (frame.t < 0.15).float().reshape(-1, 1, 1, 1)",
        "effect 'dim' returned NaN or infinity in images at 0.2s",
    ),
    "a transform of another shape": (
        "SynthesisEffect",
        "import torch\nreturn x.replace(transform=torch.eye(3))",
        "effect 'dim' returned transform of float32 [3, 3], expected float32 [4, 3, 3], at 0s to 0.3s",
    ),
    "a tap that raises": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: features.nothing,))",
        "effect 'dim' failed with AttributeError: 'Tensor' object has no attribute 'nothing', at 0s to 0.3s",
    ),
    "a tap of another shape": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: features[:, :1],))",
        "effect 'dim' returned features coordinates of torch.float32 [4, 1, 16, 16], expected [4, 2, 16, 16], "
        "at 0s to 0.3s",
    ),
    "a tap that returns nothing": (
        "SynthesisEffect",
        "return x.replace(taps=(lambda layer, features: None,))",
        "effect 'dim' returned NoneType for the features coordinates at 0s to 0.3s",
    ),
}


@pytest.mark.parametrize(("base", "apply", "said"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_sentence(command, plugin, folder, write_scene, tmp_path, base, apply, said):
    plugin("dim", effect(apply, base=base))
    scene = write_scene(SCENE.format(name="dim"))
    told = command(scene, "-o", "film.mp4", "--plugins-dir", folder, "-q", "--batch", "4")
    assert told.code == 2
    assert told.output.strip() == said.format(scene=scene)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plugins", "scene.yaml"]


def test_taps_of_others_stay(command, plugin, folder, write_scene):
    plugin("first", effect("return x.replace(taps=(*x.taps, lambda layer, features: features))", "first",
                           "SynthesisEffect"))  # fmt: skip
    plugin("dim", effect("return x.replace(taps=())", base="SynthesisEffect"))
    scene = write_scene(SCENE.format(name="first") + "  - dim: {}\n")
    told = command(scene, "--at", "0s", "-o", "a.png", "--plugins-dir", folder, "-q")
    assert told.code == 2
    assert "effect 'dim' took away taps of the effects above it; add to x.taps instead," in told.output


def test_a_prepare_that_raises(command, plugin, folder, write_scene):
    text = effect("return x").replace("    def apply", "    def prepare(self, film):\n        {}['x']\n\n    def apply")
    plugin("dim", text)
    scene = write_scene(SCENE.format(name="dim"))
    told = command("check", scene, "--plugins-dir", folder)
    assert told.code == 2
    assert told.output.strip() == f"{scene}:6:10: timeline[1].dim: failed to prepare: KeyError: 'x'"


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
