"""Files say what they hold, come back as they were, open elsewhere, and move scenes in sigmas."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from renderer.api import compile_timeline, load_scene
from renderer.directions.found import described, strengths_of
from renderer.directions.pca import components_of
from renderer.directions.write import write_directions
from renderer.errors import LatentFileError, SceneError, ValueProblem
from renderer.generators.bloom import Bloom
from renderer.generators.fingerprint import fingerprint
from renderer.generators.load import convert, load_generator
from renderer.generators.safe_pickle import read_torch_file
from renderer.timeline.direction_files import read_direction, read_directions
from tests.directions.paths import FIXTURES, PACKS


@pytest.fixture
def components(bloom, spread):
    return components_of(spread, 4)


@pytest.fixture
def held(bloom, spread, components):
    strengths = strengths_of("0-7, 9=0.5", bloom.generator, "w")
    names = ["a", "b", "c", "d"]
    return described(bloom, spread, components.vectors, names, {"method": "pca", "samples": 9}, strengths)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_file_comes_back_as_it_was(held, bloom, tmp_path, suffix):
    path = write_directions(tmp_path / "new" / f"four{suffix}", held)
    read = read_directions(path)
    assert torch.equal(read.vectors, held.vectors)
    assert torch.equal(read.sigmas, held.sigmas)
    assert torch.equal(read.layers, held.layers)
    assert (read.space, read.names) == ("w", ("a", "b", "c", "d"))
    facts = dict(read.facts)
    assert facts["made"] == {"method": "pca", "samples": 9}
    assert (facts["model"], facts["model_hash"]) == ("bloom", fingerprint(bloom.generator))
    assert facts["range"] == [-3, 3]
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing half-written beside it"


def test_it_is_a_plain_file(held, tmp_path):
    with np.load(write_directions(tmp_path / "a.npz", held), allow_pickle=False) as plain:
        assert {"directions", "sigmas", "layers", "about"} == set(plain.files)
        assert json.loads(str(plain["about"]))["space"] == "w"
    with safe_open(write_directions(tmp_path / "a.safetensors", held), "np") as plain:
        assert json.loads(plain.metadata()["about"])["names"][0] == "a"


def test_components_open_as_those_of_ganspace(held, components, tmp_path):
    path = write_directions(tmp_path / "pca.npz", held, components.ganspace)
    with np.load(path, allow_pickle=False) as theirs, np.load(FIXTURES / "ganspace_components.npz") as published:
        assert set(published.files) <= set(theirs.files)
        for name in published.files:
            assert theirs[name].ndim == published[name].ndim, name
            assert theirs[name].dtype == np.float32, name
        np.testing.assert_allclose(theirs["lat_mean"], Bloom(8).w_avg[None], atol=0.05)
        assert theirs["random_stdevs"].max() < theirs["lat_stdev"][0]


def test_components_open_as_a_pack_of_encoder4editing(held, components, tmp_path):
    path = write_directions(tmp_path / "pca.pt", held, components.ganspace)
    written, published = read_torch_file(path), read_torch_file(PACKS / "ffhq_pca.pt")
    assert {name: value.ndim for name, value in written.items()} == {
        name: value.ndim for name, value in published.items()
    }
    torch.testing.assert_close(read_direction(path, 2).vector, components.vectors[2] * components.sigmas[2])


def swept(write_scene, generator, direction, base="keys: mean"):
    entries = f"  - walk: {{{base}}}\n  - direction-sweep: {{direction: '{direction}', amount: 2}}\n"
    scene = load_scene(write_scene(f"duration: 1s\ntimeline:\n{entries}"))
    timeline = compile_timeline(scene, generator)
    return timeline.at(0.0).ws[0] - generator.w_avg, timeline.notes


def test_a_scene_moves_by_sigmas_in_its_layers(held, components, write_scene, tmp_path, bloom):
    write_directions(tmp_path / "four.npz", held)
    moved, notes = swept(write_scene, bloom.generator, "four.npz[1]")
    step = 2 * components.vectors[1] * held.sigmas[1]
    assert notes == ()
    torch.testing.assert_close(moved[:8], step.expand(8, -1), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(moved[9], step / 2, atol=1e-5, rtol=1e-5)
    assert not bool(moved[10:].any() | moved[8].any())


def test_one_direction_needs_no_index(bloom, spread, write_scene, tmp_path):
    held = described(bloom, spread, torch.eye(64)[3:4], ["swirl"], {"method": "ridge"})
    write_directions(tmp_path / "swirl.npz", held)
    moved, _ = swept(write_scene, bloom.generator, "swirl.npz")
    torch.testing.assert_close(moved[:, 3], torch.full((14,), 2 * spread.sigma(torch.eye(64)[3])), rtol=1e-4, atol=0)


def test_a_direction_in_z_says_so_by_itself(bloom, write_scene, tmp_path):
    write_directions(tmp_path / "in_z.npz", described(bloom, None, torch.eye(64)[:1], ["first"], {}))
    assert read_direction(tmp_path / "in_z.npz").space == "z"
    moved, _ = swept(write_scene, bloom.generator, "in_z.npz", "keys: 3, space: z")
    plain, _ = swept(write_scene, bloom.generator, "hue", "keys: 3, space: z")
    assert moved.shape == plain.shape
    assert bool((moved == moved[:1]).all()), "all layers move in z"


def test_the_scene_is_told_of_another_model(held, write_scene, tmp_path):
    """One that has the same width, so that it may be meant."""
    write_directions(tmp_path / "four.npz", described_for("my.pkl", held))
    _, notes = swept(write_scene, Bloom(16), "four.npz[0]")
    assert notes == ("four.npz was made for my.pkl, not for this model; see what it does here",)


def described_for(model, held):
    facts = {**held.facts, "model": model, "model_hash": "0" * 32}
    return type(held)(held.vectors, held.sigmas, held.layers, held.space, facts)


def test_a_file_of_another_width_is_refused(held, write_scene, tmp_path):
    write_directions(tmp_path / "four.npz", held)
    network = load_generator(FIXTURES / "sg1_128_interfacegan.pth")
    with pytest.raises(SceneError, match=r"four.npz\[0\] of \[14, 64\] was made for bloom; this model wants \[40\] or"):
        swept(write_scene, network, "four.npz[0]")


def test_the_model_hash_is_of_the_weights(tmp_path):
    pickled = FIXTURES / "sg2ada_uncond64.pkl"
    convert(pickled, tmp_path / "same.safetensors")
    hashes = [fingerprint(load_generator(file)) for file in (pickled, tmp_path / "same.safetensors")]
    assert hashes[0] == hashes[1]
    changed = load_generator(pickled)
    changed.w_avg[0] += 1
    assert fingerprint(changed) != hashes[0]
    assert fingerprint(Bloom(16)) == fingerprint(Bloom((32, 64)))


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ("no json", "what it says about itself is no text, or no JSON"),
        ({"space": "w"}, "what it says about itself is no text, or no JSON: Object arrays cannot be loaded"),
        ('{"space": "w", "names": 5}', "expected a list of names in what it says about itself, got 5"),
        ("[]", "expected a space"),
        ('{"space": "q"}', "expected a space"),
    ],
)
def test_a_broken_file_is_told(tmp_path, about, message):
    np.savez(tmp_path / "broken.npz", directions=np.eye(3, dtype=np.float32), about=np.array(about))
    with pytest.raises(LatentFileError, match=f"broken.npz: {message}"):
        read_directions(tmp_path / "broken.npz")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("0-14", "this generator has 14 layers, 0 to 13"),
        ("corse", "did you mean 'coarse'"),
        ("coarse=x", "expected a strength such as coarse=0.5, got 'coarse=x'"),
    ],
)
def test_unknown_layers_are_told(bloom, written, message):
    with pytest.raises(ValueProblem, match=message):
        strengths_of(written, bloom.generator, "w")
    with pytest.raises(ValueProblem, match="in z moves all layers"):
        strengths_of(written, bloom.generator, "z")


def test_other_kinds_of_files_are_refused(held, tmp_path):
    with pytest.raises(LatentFileError, match=r"expected a file of directions, .npz or .safetensors or .pt"):
        write_directions(tmp_path / "a.npy", held)
    with pytest.raises(LatentFileError, match=r"holds components; write another as \.npz"):
        write_directions(tmp_path / "a.pt", held)
    assert list(tmp_path.iterdir()) == []
