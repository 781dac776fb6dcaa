"""Directions as people publish them are understood, counted in their own units, and refused where they do not fit."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from renderer.api import compile_timeline, load_scene
from renderer.errors import LatentFileError, SceneError
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.safe_pickle import read_torch_file
from renderer.timeline.direction_files import read_direction

FIXTURES = Path(__file__).parents[1] / "fixtures"
PACKS = FIXTURES / "packs"


def network(w_dim: int, blocks: int) -> StyleGAN2:
    """Return a network of 2 * blocks rows of ws, whose images nobody looks at."""
    config = StyleGAN2Config(w_dim, 0, w_dim, 4 << blocks - 1, 3, (1,) * blocks, (w_dim, w_dim))
    return StyleGAN2(config).randomize(0).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def small() -> StyleGAN2:
    return network(48, 5)


@pytest.fixture(scope="module")
def faces() -> StyleGAN2:
    return network(512, 9)


@pytest.fixture(scope="module")
def edits() -> dict[str, np.ndarray]:
    with np.load(FIXTURES / "edits.expected.npz") as held:
        return dict(held)


@pytest.fixture
def swept(tmp_path, write_scene):
    """Return a function giving ws [rows, w_dim] at the start of a film of a code and entries below it."""
    for path in [*FIXTURES.glob("*.np[yz]"), *FIXTURES.glob("ganspace*.pt"), *PACKS.glob("*.[pn]*")]:
        shutil.copy(path, tmp_path)

    def sweep(generator, entries, code=None):
        if code is not None:
            np.savez(tmp_path / "code.npz", w=code)
        keys = "{keys: 3, space: z}" if code is None else "{keys: code.npz}"
        lines = "".join(f"  - {entry}\n" for entry in entries)
        scene = load_scene(write_scene(f"duration: 1s\ntimeline:\n  - walk: {keys}\n{lines}"))
        return compile_timeline(scene, generator).at(0.0).ws[0].numpy()

    return sweep


def near(made, wanted):
    np.testing.assert_allclose(made, np.broadcast_to(wanted, made.shape), atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("name", "shape", "norm", "space"),
    [
        ("age.pt", (512,), 1, None),
        ("smile.pt", (512,), 1, None),
        ("pose.pt", (18, 512), 18**0.5, None),
        ("stylegan_ffhq_age_boundary.npy", (512,), 1, "z"),
        ("stylegan_ffhq_age_w_boundary.npy", (512,), 1, "w"),
    ],
)
def test_published_directions_are_read(name, shape, norm, space):
    direction = read_direction(PACKS / name)
    assert direction.vector.shape == shape
    assert direction.vector.dtype == torch.float32
    assert abs(float(direction.vector.norm()) - norm) < 1e-4
    assert direction.space == space


@pytest.mark.parametrize("index", [0, 1, 79, -1])
def test_published_components_count_in_sigmas(index):
    held = read_torch_file(PACKS / "ffhq_pca.pt")
    direction = read_direction(PACKS / "ffhq_pca.pt", index).vector
    assert direction.shape == (512,)
    assert torch.equal(direction, held["comp"][index, 0] * held["std"][index])


def test_both_ways_to_keep_components_are_one(edits):
    for index in range(6):
        wanted = edits["pca_comp"][index, 0] * edits["pca_std"][index]
        near(read_direction(FIXTURES / "ganspace_e4e_pca.pt", index).vector.numpy(), wanted)
    with np.load(FIXTURES / "ganspace_components.npz") as held:
        wanted = held["lat_comp"][4, 0] * held["lat_stdev"][4]
    near(read_direction(FIXTURES / "ganspace_components.npz", 4).vector.numpy(), wanted)


def test_components_without_deviations_stay_as_they_are(tmp_path):
    np.savez(tmp_path / "raw.npz", lat_comp=np.eye(3, 5, dtype=np.float32)[:, None])
    assert read_direction(tmp_path / "raw.npz", 1).vector.tolist() == [0, 1, 0, 0, 0]
    np.savez(tmp_path / "odd.npz", lat_comp=np.ones((3, 1, 5)), lat_stdev=np.ones(4))
    with pytest.raises(LatentFileError, match="3 components, but 4 standard deviations"):
        read_direction(tmp_path / "odd.npz", 1)


@pytest.mark.parametrize(("index", "message"), [(None, r"80 directions; say which, such as .*\[0\]"), (80, "0 to 79")])
def test_a_component_has_to_be_chosen(index, message):
    with pytest.raises(LatentFileError, match=message):
        read_direction(PACKS / "ffhq_pca.pt", index)


@pytest.mark.parametrize("shape", [(48,), (1, 48), (1, 1, 48), (10, 48), (1, 10, 48)])
@pytest.mark.parametrize("suffix", [".npy", ".npz", ".pt", ".safetensors"])
def test_every_shape_in_every_container(swept, small, tmp_path, shape, suffix):
    vector = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    path = tmp_path / f"mine{suffix}"
    if suffix == ".npy":
        np.save(path, vector.numpy())
    elif suffix == ".npz":
        np.savez(path, direction=vector.numpy())
    elif suffix == ".pt":
        torch.save(vector, path)
    else:
        save_file({"direction": vector}, path)
    moved = swept(small, [f"direction-sweep: {{direction: {path.name}, amount: 2}}"], np.zeros((1, 48), np.float32))
    near(moved, 2 * vector.numpy().reshape(-1, 48))


def test_a_boundary_in_w_plus_moves_as_interfacegan_does(swept, small, edits):
    for step, amount in enumerate(np.linspace(-2, 4, 5)):
        entry = f"direction-sweep: {{direction: interfacegan_boundary.npy, amount: {amount}}}"
        near(swept(small, [entry], edits["code_wp"]), edits["interp_wp"][step])


def test_a_boundary_reaches_a_distance_that_counts_from_the_code_s_own(swept, small, edits):
    own = float((edits["code"] @ edits["boundary"].T).item())
    for step, distance in enumerate(np.linspace(-3, 3, 7)):
        entry = f"direction-sweep: {{direction: interfacegan_boundary.npy, amount: {distance - own}}}"
        near(swept(small, [entry], edits["code"]), edits["interp"][step])


def test_a_direction_without_another_is_a_map_of_both(swept, small, edits, tmp_path):
    plain, other, wanted = (edits[name][0] for name in ("boundary", "cond1", "proj1"))
    np.save(tmp_path / "other.npy", other)
    share = float(plain @ other)
    scale = 1 / np.linalg.norm(plain - share * other)
    both = f"{{interfacegan_boundary.npy: {scale}, other.npy: {-share * scale}}}"
    near(swept(small, [f"direction-sweep: {{direction: {both}}}"], np.zeros((1, 48), np.float32)), wanted)


def test_components_move_as_ganspace_does(swept, small, edits):
    first, last = edits["strip_layers"] - [0, 1]
    base = edits["strip"][list(edits["strip_sigmas"]).index(0)]
    for sigma, wanted in zip(edits["strip_sigmas"], edits["strip"], strict=True):
        name = f"ganspace_components.npz[{edits['strip_comp']}]"
        entry = f"direction-sweep: {{direction: '{name}', amount: {sigma}, layers: {first}-{last}}}"
        near(swept(small, [entry], base[None]), wanted)


def test_components_move_to_a_strength_as_in_encoder4editing(swept, small, edits):
    mean, comp, std = edits["pca_mean"], edits["pca_comp"][:, 0], edits["pca_std"]
    for (number, first, end, strength), wanted in zip(edits["pca_dirs"], edits["pca_edited"], strict=True):
        k = int(number)
        own = float(((edits["code_wp"][0, 0] - mean[0]) @ comp[k]) / std[k])
        entry = (
            f"direction-sweep: {{direction: 'ganspace_e4e_pca.pt[{k}]', amount: {strength - own}, "
            f"layers: {int(first)}-{int(end) - 1}}}"
        )
        near(swept(small, [entry], edits["code_wp"]), wanted)


def test_puzer_s_directions_move_the_first_eight_layers(swept, small, edits):
    entry = f"direction-sweep: {{direction: puzer_direction.npy, amount: {edits['puzer_coeff']}, layers: 0-7}}"
    base = edits["puzer_out"].copy()
    base[:8] -= edits["puzer_coeff"] * edits["puzer_direction"][:8]
    near(swept(small, [entry], base[None].astype(np.float32)), edits["puzer_out"])


def test_faces_turn_and_age(swept, faces):
    pose, age = (read_direction(PACKS / f"{name}.pt").vector.numpy() for name in ("pose", "age"))
    code = np.zeros((1, 512), np.float32)
    near(swept(faces, ["direction-sweep: {direction: {pose.pt: 3, age.pt: -2}}"], code), 3 * pose - 2 * age)


def test_a_published_boundary_is_applied_where_it_was_learned(swept, faces):
    boundary = read_direction(PACKS / "stylegan_ffhq_age_boundary.npy").vector
    z = torch.from_numpy(np.random.RandomState(3).randn(1, 512)).float()
    wanted = faces.map(z + 3 * boundary)[0].numpy()
    near(swept(faces, ["direction-sweep: {direction: stylegan_ffhq_age_boundary.npy, amount: 3}"]), wanted)
    in_w = read_direction(PACKS / "stylegan_ffhq_age_w_boundary.npy").vector.numpy()
    moved = swept(faces, ["direction-sweep: {direction: stylegan_ffhq_age_w_boundary.npy, amount: 3}"])
    near(moved, faces.map(z)[0].numpy() + 3 * in_w)


@pytest.mark.parametrize(
    ("direction", "message"),
    [
        ("puzer_direction.npy", r"shape \[10, 48\], but this model wants \[512\] or \[18, 512\]"),
        ("interfacegan_boundary.npy", r"shape \[48\], but this model wants \[512\] or \[18, 512\]"),
        ("'ganspace_components.npz[0]'", r"shape \[48\], but this model wants \[512\]"),
        ("{stylegan_ffhq_age_boundary.npy: 1, stylegan_ffhq_age_w_boundary.npy: 1}", "in z, .* in w; use an entry"),
    ],
)
def test_what_does_not_fit_is_told_with_both_shapes(swept, faces, direction, message):
    with pytest.raises((SceneError, LatentFileError), match=message):
        swept(faces, [f"direction-sweep: {{direction: {direction}}}"])


def test_a_pack_for_a_larger_model_is_told_with_both_shapes(swept):
    with pytest.raises(
        (SceneError, LatentFileError), match=r"\[18, 512\], but this model wants \[512\] or \[16, 512\]"
    ):
        swept(network(512, 8), ["direction-sweep: {direction: pose.pt}"])
