"""Latent sources become ws: seeds, files, folders, the mean and chance; layers become rows, directions vectors."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from renderer import LatentFileError, SceneError, load_generator
from renderer.testing import Trial
from renderer.timeline.direction_files import read_direction
from renderer.timeline.files import latents_of, read_arrays
from tests.laws.law_cases import EFFECTS


@pytest.fixture(scope="module")
def bloom():
    return load_generator("bloom", size=(16, 16))


def ws_of(timeline, folder=None, at=(0.0, 1.0, 2.0), **head):
    return Trial(EFFECTS["walk"], timeline, head, folder).job().timeline.at(at).ws


def seed(bloom, number):
    return bloom.map(torch.from_numpy(np.random.RandomState(number).randn(1, 64)).float())[0]


def test_seeds_ranges_and_the_mean(bloom):
    ws = ws_of("- walk: {keys: [3, 7-6, mean]}", at=(0, 2 / 3, 4 / 3, 2))
    wanted = [seed(bloom, 3), seed(bloom, 7), seed(bloom, 6), bloom.w_avg.expand(14, 64)]
    torch.testing.assert_close(ws, torch.stack(wanted))


def test_chance_belongs_to_the_scene_the_entry_and_the_key():
    one = ws_of("- walk: {keys: [random, random]}")
    assert torch.equal(one, ws_of("- walk: {keys: [random, random]}"))
    assert (one[0] != one[2]).any()
    assert (one != ws_of("- walk: {keys: [random, random]}", seed=8)).any()
    assert (one != ws_of("- walk: {keys: [random, random]}\n  id: other")).any()


def test_psi_of_the_scene_and_of_the_source(bloom):
    ws = ws_of("- walk: {keys: {0s: 3, 2s: {seed: 3, psi: 1}}, ease: linear}", psi=0.5)
    for row, psi in zip(ws, (0.5, 0.75, 1.0), strict=True):
        torch.testing.assert_close(row, bloom.w_avg + psi * (seed(bloom, 3) - bloom.w_avg), atol=1e-5, rtol=1e-5)


Z = np.random.RandomState(0).randn(5, 64).astype(np.float32)
WS = np.random.RandomState(1).randn(5, 14, 64).astype(np.float32)


@pytest.fixture
def files(tmp_path):
    np.save(tmp_path / "ws.npy", WS)
    np.savez(tmp_path / "many.npz", ws=WS, notes=np.arange(3))
    np.savez_compressed(tmp_path / "z.npz", z=Z)
    np.save(tmp_path / "one.npy", WS[2])
    torch.save({"w": torch.from_numpy(WS[:, 0])}, tmp_path / "w.pt")
    save_file({"latents": torch.from_numpy(WS)}, tmp_path / "ws.safetensors")
    (tmp_path / "shots").mkdir()
    for name, index in (("b.npy", 1), ("a.npy", 0), ("c.npy", 2)):
        np.save(tmp_path / "shots" / name, WS[index])
    return tmp_path


@pytest.mark.parametrize("source", ["'ws.npy[3]'", "'many.npz[3]'", "'ws.safetensors[-2]'", "{file: ws.npy, index: 3}"])
def test_a_latent_of_a_file(files, source):
    assert torch.equal(ws_of(f"- walk: {{keys: {source}}}", files)[0], torch.from_numpy(WS[3]))


def test_a_file_of_w_of_one_and_of_z(files, bloom):
    assert torch.equal(ws_of("- walk: {keys: 'w.pt[1]'}", files)[0], torch.from_numpy(WS[1, :1]).expand(14, -1))
    assert torch.equal(ws_of("- walk: {keys: one.npy}", files)[0], torch.from_numpy(WS[2]))
    mapped = bloom.map(torch.from_numpy(Z))
    torch.testing.assert_close(ws_of("- walk: {keys: 'z.npz[4]'}", files)[0], mapped[4])
    torch.testing.assert_close(ws_of("- walk: {keys: 'z.npz[4]', space: z}", files)[0], mapped[4])
    torch.testing.assert_close(ws_of("- walk: {keys: {file: 'one.npy', space: ws}}", files)[0], torch.from_numpy(WS[2]))


def test_a_folder_is_walked_in_the_order_of_names(files):
    assert torch.equal(ws_of("- walk: {keys: shots/}", files), torch.from_numpy(WS[:3]))
    assert torch.equal(ws_of("- walk: {keys: [shots/, 'ws.npy[4]']}", files, at=(2.0,))[0], torch.from_numpy(WS[4]))


def test_a_whole_file_in_a_list_stands_for_its_latents(files):
    ws = ws_of("- walk: {keys: [ws.npy]}", files, at=(0, 0.5, 1, 1.5, 2))
    assert torch.equal(ws, torch.from_numpy(WS))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("{0s: ws.npy}", "ws.npy holds 5 latents; say which, such as ws.npy[0]"),
        ("'ws.npy[5]'", "ws.npy holds 5 latents, 0 to 4; got 5"),
        ("gone.npy", "no such file: gone.npy"),
        ("empty/", "expected latents (.npy, .npz, .pt, .safetensors) in empty/, found none"),
        ("other.npy", "other.npy: holds [3, 512], but this model wants ws [K, 14, 64], w [K, 64] or z [K, 64]"),
        ("[mean, ws.npy], space: z", "expected keys that have a z to walk in z"),
    ],
)
def test_what_is_refused(files, keys, said):
    (files / "empty").mkdir()
    np.save(files / "other.npy", np.zeros((3, 512), np.float32))
    with pytest.raises(SceneError, match=r"timeline\[0\]\.walk") as refused:
        ws_of(f"- walk: {{keys: {keys}}}", files)
    assert said in str(refused.value)


BAD = {
    "text": (b"hello", "not a readable .npy file of plain arrays"),
    "truncated": (None, "not a readable .npy file of plain arrays"),
    "objects": (np.array([{"a": 1}], dtype=object), "not a readable .npy file of plain arrays"),
    "words": (np.array(["a", "b"]), "expected numbers, got an array of <U1"),
    "NaN": (np.array([1.0, np.nan]), "expected finite numbers, got NaN or infinity"),
}


@pytest.mark.parametrize(("content", "said"), BAD.values(), ids=BAD)
def test_a_bad_file_is_one_sentence(tmp_path, content, said):
    path = tmp_path / "bad.npy"
    if isinstance(content, np.ndarray):
        np.save(path, content, allow_pickle=True)
    elif content is None:
        np.save(path, WS)
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(content)
    with pytest.raises(LatentFileError) as refused:
        read_arrays(path)
    assert said in str(refused.value)
    assert str(refused.value).startswith("bad.npy: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("position", range(0, 1400, 97))
def test_a_damaged_archive_is_one_sentence(tmp_path, position):
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, ws=np.random.RandomState(0).randn(2, 64).astype(np.float32))
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= 0xFF
    path.write_bytes(data)
    try:
        said = ""
        read_arrays(path)  # a byte may mean nothing
    except LatentFileError as error:
        said = str(error)
    assert said == "" or (said.startswith("bad.npz: ") and "\n" not in said)


def test_an_archive_that_unfolds_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("renderer.timeline.files.MAX_BYTES", 100_000)
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, ws=np.zeros((100, 14, 64), np.float32))
    assert path.stat().st_size < 100_000
    with pytest.raises(LatentFileError, match="it unfolds to more than 2 GiB"):
        read_arrays(path)


def test_a_file_of_another_kind_or_without_numbers(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(LatentFileError, match=r"expected a file of latents, \.npy"):
        read_arrays(tmp_path / "a.txt")
    np.save(tmp_path / "none.npy", np.zeros((0, 64), np.float32))
    with pytest.raises(LatentFileError, match=r"expected latents, got an empty array \[0, 64\]"):
        latents_of(tmp_path / "none.npy", None, 64, 64, 14)
    torch.save({"step": 3}, tmp_path / "none.pt")
    with pytest.raises(LatentFileError, match="expected an array of numbers, found none"):
        read_arrays(tmp_path / "none.pt")


def test_the_space_decides_where_shapes_do_not(tmp_path):
    np.save(tmp_path / "a.npy", Z)
    assert latents_of(tmp_path / "a.npy", None, 64, 64, 14)[0] == "ws"
    assert latents_of(tmp_path / "a.npy", "z", 64, 64, 14)[0] == "z"
    assert latents_of(tmp_path / "a.npy", None, 64, 128, 14)[0] == "z"
    np.savez(tmp_path / "b.npz", z=Z)
    assert latents_of(tmp_path / "b.npz", None, 64, 64, 14)[0] == "z"


@pytest.mark.parametrize("shape", [(64,), (1, 64), (14, 64), (1, 14, 64)])
def test_a_direction_of_a_file(tmp_path, shape):
    step = np.random.RandomState(2).randn(*shape).astype(np.float32)
    np.save(tmp_path / "step.npy", step)
    trial = Trial(
        EFFECTS["direction-sweep"],
        "- walk: {keys: 3}\n- direction-sweep: {direction: step.npy, amount: 2}", {}, tmp_path,
    )  # fmt: skip
    job = trial.job()
    moved = job.timeline.at(0.0).ws - trial.without(job).timeline.at(0.0).ws
    torch.testing.assert_close(
        moved[0], 2 * torch.from_numpy(step).reshape(-1, 64).expand(14, 64), atol=1e-5, rtol=1e-5
    )


def test_directions_of_a_file_of_many(tmp_path):
    many = np.random.RandomState(2).randn(8, 1, 64).astype(np.float32)
    np.savez(tmp_path / "ganspace.npz", lat_comp=many, act_stdev=np.ones(8))
    assert torch.equal(read_direction(tmp_path / "ganspace.npz", 5).vector, torch.from_numpy(many[5, 0]))
    with pytest.raises(LatentFileError, match=r"holds 8 directions; say which, such as ganspace\.npz\[0\]"):
        read_direction(tmp_path / "ganspace.npz", None)
    with pytest.raises(LatentFileError, match="holds 8 directions, 0 to 7; got 8"):
        read_direction(tmp_path / "ganspace.npz", 8)


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        ("direction: hew", "unknown direction 'hew' of bloom"),
        ("direction: wide.npy", "direction wide.npy has shape [512], but this model wants [64] or [14, 64]"),
        ("direction: hue, layers: 12-20", "layers 12-20: this generator has 14 layers, 0 to 13"),
        ("direction: hue, space: z", "direction hue has shape [14, 64], but this model wants [64] in z"),
        ("direction: step.npy, space: z, layers: fine", "a direction in z moves all layers"),
    ],
)
def test_a_direction_that_does_not_fit(tmp_path, sweep, said):
    np.save(tmp_path / "wide.npy", np.zeros(512, np.float32))
    np.save(tmp_path / "step.npy", np.zeros(64, np.float32))
    with pytest.raises(SceneError, match=r"timeline\[1\]\.direction-sweep") as refused:
        ws_of(f"- walk: {{keys: 3, space: z}}\n- direction-sweep: {{{sweep}}}", tmp_path)
    assert said in str(refused.value)


def test_an_empty_band_is_refused(monkeypatch):
    from renderer.errors import ValueProblem
    from renderer.timeline.sources import layer_mask
    from renderer.values.layers import LayerRange

    class Small:
        num_ws, layer_resolutions, device = 4, (4, 8, 8, 16), torch.device("cpu")
        layer_bands = ("coarse", "coarse", "coarse", "middle")

    assert layer_mask(LayerRange("coarse", "coarse"), Small()).tolist() == [True, True, True, False]
    assert layer_mask(LayerRange("all", "all"), Small()).all()
    with pytest.raises(ValueProblem, match="the band 'fine' is empty: this generator's layers are"):
        layer_mask(LayerRange("fine", "fine"), Small())
