"""The embedded generator: its protocol, its latent space, its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from renderer.generators.bloom import Bloom
from renderer.generators.bloom_attributes import ATTRIBUTES, SPECTRUM, read_attributes

GOLDEN = Path(__file__).parents[1] / "golden" / "bloom.npy"  # uint8 [4, 32, 32, 3]: seeds 0, 1, 2 and the mean
NAMES = [attribute.name for attribute in ATTRIBUTES]


@pytest.fixture(scope="module")
def bloom() -> Bloom:
    return Bloom(32)


def seeds(*numbers: int) -> Tensor:
    return torch.cat([torch.from_numpy(np.random.RandomState(n).randn(1, 64)).float() for n in numbers])


def attributes(bloom: Bloom, ws: Tensor) -> Tensor:
    """Return [N, A]."""
    return torch.stack(list(read_attributes(ws, bloom.spectrum, bloom.w_avg).values()), 1)


def to_uint8(images: Tensor) -> np.ndarray:
    return (images * 127.5 + 128).clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()


def golden_frames(bloom: Bloom) -> np.ndarray:
    ws = torch.cat([bloom.mapping(seeds(0, 1, 2)), bloom.mapping(seeds(0), truncation_psi=0.0)])
    return to_uint8(bloom.synthesis(ws, noise_mode="none"))


def grey_levels_apart(a: np.ndarray, b: np.ndarray) -> int:
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def test_protocol_shapes(bloom: Bloom) -> None:
    ws = bloom.mapping(torch.randn(3, bloom.z_dim))
    image = bloom.synthesis(ws)
    assert ws.shape == (3, bloom.num_ws, bloom.w_dim) == (3, 14, 64)
    assert image.shape == (3, bloom.img_channels, *bloom.img_size) == (3, 3, 32, 32)
    assert image.dtype == ws.dtype == torch.float32
    assert image.abs().max() <= 1
    assert len(bloom.layer_resolutions) == bloom.num_ws
    assert bloom.synthesis(ws[:0]).shape == (0, 3, 32, 32)


def test_bands_of_layers_are_four_four_and_six_rows(bloom: Bloom) -> None:
    rows = bloom.layer_resolutions
    assert [sum(r <= 8 for r in rows), sum(8 < r <= 32 for r in rows), sum(r >= 64 for r in rows)] == [4, 4, 6]


def test_w_has_the_spectrum_along_its_axes(bloom: Bloom) -> None:
    w = bloom.mapping(torch.randn(8192, 64, generator=torch.Generator().manual_seed(0)))[:, 0] - bloom.w_avg
    assert torch.allclose(w.std(0), SPECTRUM.float(), rtol=0.05)
    assert SPECTRUM[0] == 2
    assert SPECTRUM[-1] == pytest.approx(0.3, abs=1e-3)
    axes = torch.linalg.svd(w - w.mean(0), full_matrices=False).Vh[:5]  # principal components
    assert (axes.diagonal().abs() > 0.97).all()


def test_attributes_are_standard_normal(bloom: Bloom) -> None:
    ws = bloom.mapping(torch.randn(4096, 64, generator=torch.Generator().manual_seed(1)))
    read = attributes(bloom, ws)
    assert read.shape == (4096, len(NAMES))
    assert read.mean(0).abs().max() < 0.06
    assert (read.std(0) - 1).abs().max() < 0.06
    assert (torch.corrcoef(read.T) - torch.eye(len(NAMES))).abs().max() < 0.08


def test_a_direction_moves_its_attribute_by_one_and_no_other(bloom: Bloom) -> None:
    assert list(bloom.directions) == NAMES
    for index, direction in enumerate(bloom.directions.values()):
        moved = attributes(bloom, bloom.w_avg + direction.unsqueeze(0))[0]
        expected = torch.zeros(len(NAMES))
        expected[index] = 1
        assert torch.allclose(moved, expected, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_every_direction_shows(name: str) -> None:
    bloom = Bloom(128)  # fine veins fade from smaller pictures
    ws = bloom.mapping(seeds(3))
    moved = bloom.synthesis(ws + 2 * bloom.directions[name])
    assert (moved - bloom.synthesis(ws)).abs().mean() > 1e-3


@pytest.mark.parametrize("row", range(14))
def test_every_row_of_ws_matters(bloom: Bloom, row: int) -> None:
    ws = bloom.mapping(seeds(3, 4))
    mixed = ws[:1].clone()
    mixed[:, row] = ws[1:, row]
    assert (bloom.synthesis(mixed) - bloom.synthesis(ws[:1])).abs().mean() > 1e-3


def test_psi_zero_is_the_mean(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(5, 6), truncation_psi=0.0)
    assert torch.equal(ws, bloom.w_avg.expand_as(ws))
    assert torch.equal(*bloom.synthesis(ws))


def test_mapping_is_deterministic_and_ignores_the_length_of_z(bloom: Bloom) -> None:
    assert torch.equal(bloom.mapping(seeds(7)), Bloom(16).mapping(seeds(7)))
    assert torch.allclose(bloom.mapping(3 * seeds(7)), bloom.mapping(seeds(7)), atol=1e-5)


def test_pictures_are_golden(bloom: Bloom) -> None:
    assert grey_levels_apart(golden_frames(bloom), np.load(GOLDEN)) <= 2


def test_a_wrong_picture_is_not_golden(bloom: Bloom) -> None:
    assert grey_levels_apart(golden_frames(bloom)[[1, 0, 2, 3]], np.load(GOLDEN)) > 2
    ws = bloom.mapping(seeds(0)) + 0.1 * bloom.directions["x"]
    assert grey_levels_apart(to_uint8(bloom.synthesis(ws, noise_mode="none")), np.load(GOLDEN)[:1]) > 2


@pytest.mark.parametrize("size", [(1, 1), (17, 40), (40, 17), (64, 64)])
def test_any_size(bloom: Bloom, size: tuple[int, int]) -> None:
    other = bloom.resized(*size)
    assert other.img_size == size
    assert other.img_resolution == min(size)
    image = other.synthesis(other.mapping(seeds(1)))
    assert image.shape == (1, 3, *size)
    assert image.isfinite().all()


def test_a_size_has_pixels() -> None:
    with pytest.raises(ValueError, match="1 or more pixels"):
        Bloom((0, 5))


def test_a_larger_size_is_the_same_picture(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(0, 1, 2, 3))
    small = Bloom(128).synthesis(ws, noise_mode="none")
    large = Bloom(512).synthesis(ws, noise_mode="none")
    assert (torch.nn.functional.avg_pool2d(large, 4) - small).abs().mean() < 0.015  # two grey levels


def test_a_wide_frame_shows_the_square_in_its_middle(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(2))
    wide = Bloom((64, 96)).synthesis(ws, noise_mode="none")
    assert torch.allclose(wide[..., 16:80], Bloom(64).synthesis(ws, noise_mode="none"), atol=1e-4)


@pytest.mark.parametrize("seed", [3, 8])
def test_small_steps_of_w_are_small_steps_of_the_picture(bloom: Bloom, seed: int) -> None:
    start, end = bloom.mapping(seeds(seed, seed + 1)).split(1)
    amounts = torch.linspace(0, 1, 401).reshape(-1, 1, 1)
    film = bloom.synthesis(start + amounts * (end - start))
    assert (film[1:] - film[:-1]).abs().mean((1, 2, 3)).max() < 0.02


def test_no_seam_where_the_angle_wraps() -> None:
    """Along a small circle around the centre, neighbours differ no more where the angle jumps than elsewhere."""
    bloom = Bloom(256)
    planes: list[Tensor] = []
    ws = bloom.mapping(seeds(3), truncation_psi=0.5)
    image = bloom.synthesis(ws, noise_mode="none", taps=lambda _name, x: planes.append(x) or x)
    x, y = planes[0][0]
    steps = (image[0, :, 1:] - image[0, :, :-1]).abs().amax(0)  # across the half line y = 0, x < 0
    crossing = (y[1:] * y[:-1] < 0) & (x[1:] < -0.05)
    assert crossing.any()
    assert steps[crossing].mean() < 2 * steps[(x[1:] > -1) & ~crossing].mean() + 0.02


def test_the_centre_is_smooth() -> None:
    """The frame moved by a thousandth of itself is nearly the same around the centre of the flower."""
    bloom = Bloom(256)
    ws = bloom.mapping(seeds(2), truncation_psi=0.5)
    shift = torch.eye(3)
    shift[0, 2] = 1e-3
    near = bloom.synthesis(ws, noise_mode="none") - bloom.synthesis(ws, noise_mode="none", transform=shift[None])
    assert near[..., 96:160, 96:160].abs().mean() < 0.05


def test_transform_moves_the_frame() -> None:
    bloom = Bloom(64)
    ws = bloom.mapping(seeds(1))
    seen: dict[str, Tensor] = {}

    def keep(name: str, feature: Tensor) -> Tensor:
        return seen.setdefault(name, feature)

    shift = torch.eye(3)
    shift[0, 2] = 0.25  # look a quarter of the shorter side to the right
    bloom.synthesis(ws, noise_mode="none", taps=keep)
    still = seen.pop("coordinates")
    bloom.synthesis(ws, noise_mode="none", transform=shift[None], taps=keep)
    assert torch.allclose(seen["coordinates"][..., :-16], still[..., 16:], atol=1e-4)


def test_taps_see_every_stage_and_change_it(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(1, 2))
    shapes: dict[str, tuple[int, ...]] = {}

    def record(name: str, feature: Tensor) -> Tensor:
        shapes[name] = tuple(feature.shape)
        return feature

    assert torch.allclose(bloom.synthesis(ws, taps=record), bloom.synthesis(ws), atol=1e-4)
    channels = {"coordinates": 2, "waves": 5, "whorls": 3, "light": 3}
    assert shapes == {name: (2, count, 32, 32) for name, count in channels.items()}
    assert list(shapes) == list(bloom.feature_maps)
    dark = bloom.synthesis(ws, noise_mode="none", taps=lambda name, x: x * 0 if name == "light" else x)
    assert dark.max() < -0.99


def test_gradients_are_finite(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(*range(8))).requires_grad_()
    (gradient,) = torch.autograd.grad(bloom.synthesis(ws).square().sum(), ws)
    assert gradient.isfinite().all()
    assert (gradient.abs().amax((0, 2)) > 0).all()  # through every row


def test_a_picture_does_not_depend_on_its_neighbours(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(0, 1, 2))
    alone = bloom.synthesis(ws[:1].repeat(3, 1, 1))
    among = bloom.synthesis(ws[[2, 0, 1]])
    assert torch.equal(among[1], alone[0])
    assert torch.equal(alone[0], alone[2])


def test_extreme_latents_stay_pictures(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(*range(16)))
    for strength in (5, 50):
        assert bloom.synthesis(ws * strength).isfinite().all()


def test_noise_modes(bloom: Bloom) -> None:
    ws = bloom.mapping(seeds(1))
    clean, fixed = bloom.synthesis(ws, noise_mode="none"), bloom.synthesis(ws)
    assert torch.equal(fixed, bloom.synthesis(ws))
    assert 0 < (fixed - clean).abs().mean() < 0.03
    assert not torch.equal(bloom.synthesis(ws, noise_mode="random"), bloom.synthesis(ws, noise_mode="random"))
    given = bloom.synthesis(ws.repeat(2, 1, 1), noise={"grain": torch.zeros(32, 32)})
    assert torch.equal(given[:1], clean)
    assert torch.equal(bloom.synthesis(ws, noise={"grain": torch.zeros(1, 1, 32, 32)}), clean)
