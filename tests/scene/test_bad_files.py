"""Files that are broken, foreign or hostile: one sentence each, where the scene names them, code 2, nothing run."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.conftest import ROOT
from tests.scene.command import check

FIXTURES = ROOT / "tests" / "fixtures"
UNSAFE = FIXTURES / "unsafe"
MODEL = "scene.yaml:1:8: model: "
KEY = "scene.yaml:1:38: timeline[0].walk.keys.2s: "
DIRECTION = "scene.yaml:3:34: timeline[1].direction-sweep.direction: "
NO_ARRAYS = "not a readable .npy file of plain arrays: it holds Python objects or is of another kind"
SHAPES = "but this model wants ws [K, 14, 64], w [K, 64] or z [K, 64]; it was made for another model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Return a folder of bad files."""
    folder = tmp_path_factory.mktemp("bad")
    whole = (FIXTURES / "sg2ada_uncond64.pkl").read_bytes()
    (folder / "faces.pkl").write_bytes(whole)
    (folder / "cut.pkl").write_bytes(whole[: len(whole) // 2])
    (folder / "text.pkl").write_text("just some words\n" * 20)
    (folder / "empty.pkl").write_bytes(b"")
    np.save(folder / "wide.npy", np.zeros(100))
    np.save(folder / "objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    np.save(folder / "nan.npy", np.full(64, np.nan))
    (folder / "words.npy").write_text("words")
    np.savez(folder / "other.npz", w=np.zeros((2, 512)))
    np.savez(folder / "two.npz", w=np.zeros((2, 64)))
    np.savez(folder / "names.npz", names=np.array(["a", "b"]))
    np.savez(folder / "none.npz")
    np.savez(folder / "strange.npz", a=np.zeros((2, 64)), b=np.zeros((2, 64)))
    save_file({"w": torch.zeros(2, 64)}, folder / "cut.safetensors")
    (folder / "cut.safetensors").write_bytes((folder / "cut.safetensors").read_bytes()[:-10])
    torch.save({"w": torch.zeros(2, 64)}, folder / "cut.pt")
    (folder / "cut.pt").write_bytes((folder / "cut.pt").read_bytes()[:-200])
    (folder / "empty").mkdir()
    (folder / "empty" / "readme.txt").write_text("no latents here")
    for path in UNSAFE.iterdir():
        shutil.copy(path, folder)
    return folder


def refused(folder: Path, text: str) -> str:
    """Return the one line that is said of a scene."""
    before = sorted(folder.rglob("*"))
    result = check(folder, text)
    assert (result.code, result.out) == (2, "")
    (line,) = result.lines
    assert sorted({*before, folder / "scene.yaml"}) == sorted(folder.rglob("*")), "something was written"
    return line


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("cut.pkl", "cut.pkl: broken: it ends too early"),
        ("text.pkl", "text.pkl: is a text file, expected a model file"),
        ("empty.pkl", "empty.pkl: is empty, expected a model file"),
        ("facse.pkl", "facse.pkl: no such file; did you mean 'faces.pkl'?"),
        ("models/faces.pkl", "models/faces.pkl: no such file"),
        ("blom", "blom: there is no generator and no file of this name; did you mean 'bloom'?"),
        ("two.npz", "two.npz: "),
        ("scene.yaml", "scene.yaml: is a text file, expected a model file"),
    ],
)
def test_models(folder, file, said):
    assert refused(folder, f"model: {file}\ntimeline: [{{walk: {{keys: 1-3}}}}]\n").startswith(MODEL + said)


@pytest.mark.parametrize("file", sorted(path.name for path in UNSAFE.iterdir()))
def test_hostile_models_do_nothing(folder, file):
    said = refused(folder, f"model: {file}\ntimeline: [{{walk: {{keys: 1-3}}}}]\n")
    assert said.startswith(f"{MODEL}{file}: ")
    assert not list(folder.glob("*PWNED*"))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("wide.npy", f"wide.npy: holds [100], {SHAPES}"),
        ("other.npz", f"other.npz: holds [2, 512], {SHAPES}"),
        ("objects.npy", f"objects.npy: {NO_ARRAYS}"),
        ("words.npy", f"words.npy: {NO_ARRAYS}"),
        ("nan.npy", "nan.npy: expected finite numbers, got NaN or infinity"),
        ("two.npz[2]", "two.npz holds 2 latents, 0 to 1; got 2"),
        ("two.npz", "two.npz holds 2 latents; say which, such as two.npz[0]"),
        ("names.npz", "names.npz: expected numbers, got an array of <U1"),
        ("none.npz", "none.npz: expected an array of numbers, found none"),
        ("strange.npz", "strange.npz: expected an array called ws, w_plus, w, z, latents, projected_w; it holds a, b"),
        ("empty/", "expected latents (.npy, .npz, .pt, .safetensors) in empty/, found none"),
        ("cut.safetensors", "cut.safetensors: not a readable .safetensors file of plain arrays: "),
        ("cut.pt", "cut.pt: broken: it is no complete zip file as torch writes it"),
        ("UNSAFE_zip_reduce.pt", "UNSAFE_zip_reduce.pt: refused: it asks to run "),
        ("UNSAFE_legacy_reduce.pt", "UNSAFE_legacy_reduce.pt: refused: it asks to run "),
        ("UNSAFE_object_boundary.npy", "UNSAFE_object_boundary.npy: not a readable .npy file"),
        ("twoo.npz[0]", "no such file: twoo.npz; did you mean 'two.npz'?"),
        ("~nobody-here/a.npy", "no such file: '~nobody-here/a.npy' "),
    ],
)  # fmt: skip
def test_latents(folder, file, said):
    line = refused(folder, f"timeline: [{{walk: {{keys: {{0s: 3, 2s: '{file}'}}}}}}]\n")
    assert line.startswith(KEY + said)
    assert not list(folder.glob("*PWNED*"))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("wide.npy", "direction wide.npy has shape [100], but this model wants [64] or [14, 64]"),
        ("two.npz[5]", "two.npz: holds 2 directions, 0 to 1; got 5"),
        ("objects.npy", "objects.npy: not a readable .npy file"),
        ("UNSAFE_zip_reduce.pt", "UNSAFE_zip_reduce.pt: refused: it asks to run "),
        ("wied.npy", "no such file: wied.npy; did you mean 'wide.npy'?"),
        ("empty/", "empty: expected a file of latents, .npy, .npz, .pt or .safetensors"),
        ("huee", "unknown direction 'huee' of bloom; did you mean 'hue'?"),
    ],
)
def test_directions(folder, file, said):
    text = f"timeline:\n  - walk: {{keys: 3}}\n  - direction-sweep: {{direction: '{file}', amount: 1}}\n"
    assert refused(folder, text).startswith(DIRECTION + said)
    assert not list(folder.glob("*PWNED*"))


def test_many_bad_files_at_once(folder):
    text = (
        "timeline:\n  - walk: {keys: [1-3, nan.npy, 5, wide.npy]}\n"
        "  - direction-sweep: {direction: {hue: 1, wide.npy: 2, huee: 1}}\n  - layer-mix: {with: 'two.npz[9]'}\n"
    )
    assert [line.split(": ")[0] + line.split(": ")[1] for line in check(folder, text).lines] == [
        "scene.yaml:2:24timeline[0].walk.keys[1]",
        "scene.yaml:2:36timeline[0].walk.keys[3]",
        "scene.yaml:3:43timeline[1].direction-sweep.direction[wide.npy]",
        "scene.yaml:3:56timeline[1].direction-sweep.direction.huee",
        "scene.yaml:4:23timeline[2].layer-mix.with",
    ]
