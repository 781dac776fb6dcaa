"""A StyleGAN2 makes images larger and wider than it was trained for, from a larger input."""

from __future__ import annotations

import pytest
import torch
from checkpoint_probe import FIXTURES

from renderer.errors import LatentreelError
from renderer.generators import load_generator
from renderer.generators.networks.extent import Extent
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.values.fit import PAD_MODES

FILES = ("sg2ada_uncond64.pkl", "sg2ada_resnet32.pkl", "sg2ada_orig32.pkl", "rosinality_train32.pt", "e4e_32.pt")


@pytest.fixture(scope="module")
def generator() -> StyleGAN2:
    made = load_generator(FIXTURES / "sg2ada_orig32.pkl")
    assert isinstance(made, StyleGAN2)
    return made


def some_ws(generator: StyleGAN2, count: int = 1) -> torch.Tensor:
    return torch.randn(count, generator.num_ws, generator.w_dim, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize(
    ("height", "width", "resolution", "rows", "columns"),
    [
        (1080, 1920, 1024, 4, 7),
        (1920, 1080, 1024, 7, 4),
        (1024, 1024, 1024, 4, 4),
        (256, 256, 1024, 4, 4),
        (144, 256, 1024, 4, 7),
        (2160, 3840, 1024, 8, 14),
        (1024, 4096, 1024, 4, 16),
        (34, 60, 32, 4, 7),
        (33, 57, 32, 4, 7),
        (65, 65, 32, 8, 8),
    ],
)
def test_the_input_has_the_shape_of_the_film(height, width, resolution, rows, columns):
    extent = Extent.covering(height, width, resolution, "mirror")
    assert (extent.rows, extent.columns) == (rows, columns)


@pytest.mark.parametrize("pad", PAD_MODES)
@pytest.mark.parametrize("name", FILES)
def test_images_have_the_shape_and_the_trained_one_its_bits(name, pad):
    generator = load_generator(FIXTURES / name)
    ws, side = some_ws(generator), generator.img_resolution
    plain = generator.synthesis(ws)
    same = generator.extended(side, side, pad)
    assert torch.equal(same.synthesis(ws), plain)
    wide = generator.extended(side, 2 * side, pad)
    assert wide.img_size == (side, 2 * side)
    assert wide.synthesis(ws).shape == (1, 3, side, 2 * side)
    assert generator.img_size == (side, side)
    assert torch.equal(generator.synthesis(ws), plain)


@pytest.mark.parametrize("pad", PAD_MODES)
def test_tall_and_odd_inputs(generator, pad):
    tall = generator.extended(57, 33, pad)
    assert tall.img_size == (56, 32)
    assert tall.synthesis(some_ws(tall, 2)).shape == (2, 3, 56, 32)
    large = generator.extended(72, 41, pad)
    assert tuple(large.synthesis(some_ws(large)).shape[2:]) == large.img_size == (72, 40)


def test_the_weights_are_shared(generator):
    wide = generator.extended(32, 56)
    for one, other in zip(generator.parameters(), wide.parameters(), strict=True):
        assert one is other
    assert torch.equal(generator.map(torch.ones(1, 64)), wide.map(torch.ones(1, 64)))


def test_the_input_goes_on_as_asked():
    const = torch.arange(4.0).expand(1, 4, 4)
    rows = {pad: Extent(4, 8, pad).of_input(const)[0, 0].tolist() for pad in PAD_MODES}
    assert rows["mirror"] == [2, 1, 0, 1, 2, 3, 2, 1]
    assert rows["tile"] == [2, 3, 0, 1, 2, 3, 0, 1]
    assert rows["stretch"] == pytest.approx([i * 3 / 7 for i in range(8)])
    assert Extent(9, 4, "mirror").of_input(const.mT)[0, :, 0].tolist() == [2, 1, 0, 1, 2, 3, 2, 1, 0]
    assert Extent(4, 7, "tile").of_input(const)[0, 0].tolist() == [3, 0, 1, 2, 3, 0, 1]


def test_noise_is_repeated_around_the_trained_map():
    noise = torch.randn(8, 8, generator=torch.Generator().manual_seed(0))
    made = Extent(5, 9).of_noise(noise)
    assert made.shape == (10, 18)
    assert torch.equal(made[:8, 4:12], noise)
    assert torch.equal(made[8:, 4:12], noise[:2])
    assert torch.equal(made[:8, 12:], noise[:, :6])
    assert Extent().of_noise(noise) is noise


def test_the_middle_of_a_mirrored_image_is_the_trained_one():
    """Where the network does not look as far as the edge of the trained image, nothing changes."""
    generator = load_generator(FIXTURES / "sg2ada_uncond64.pkl")
    ws = some_ws(generator)
    plain, wide = generator.synthesis(ws), generator.extended(64, 128).synthesis(ws)
    apart = (wide[..., 32:96] - plain).abs().mean((0, 1, 2))
    assert float(apart[28:36].mean()) < 0.5 * float(apart[:4].mean())


def test_noise_may_be_given_at_either_size(generator):
    wide, ws = generator.extended(32, 56), some_ws(generator, 2)
    name = wide.layer_names[-1]
    noise = torch.randn(2, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    full = wide.extent.of_noise(noise)
    assert full.shape == (2, 1, 32, 56)
    assert torch.equal(wide.synthesis(ws, noise={name: noise}), wide.synthesis(ws, noise={name: full}))
    with pytest.raises(LatentreelError, match=r"shape \[32, 57\], expected \[32, 56\]"):
        wide.synthesis(ws, noise={name: torch.zeros(32, 57)})
    for mode in ("none", "random"):
        assert wide.synthesis(ws, noise_mode=mode).shape == (2, 3, 32, 56)


@pytest.mark.parametrize("pad", PAD_MODES)
def test_rows_are_independent(generator, pad):
    wide, ws = generator.extended(34, 60, pad), some_ws(generator, 3)
    together = wide.synthesis(ws)
    assert torch.equal(wide.synthesis(torch.cat([-ws[:1], ws[1:2], ws[:1]]))[1], together[1])
    torch.testing.assert_close(wide.synthesis(ws[1:2]), together[1:2], atol=2e-4, rtol=0)


def test_too_large_an_image_is_refused_before_it_is_made(generator):
    with pytest.raises(LatentreelError, match="megapixels, more than 64"):
        generator.extended(8, 16_384 * 64)


def test_other_families_say_what_works():
    with pytest.raises(LatentreelError, match="use fit: cover, contain or blur"):
        load_generator(FIXTURES / "sg1_32_interfacegan.pth").extended(32, 64)
    assert load_generator("bloom").extended(32, 64).img_size == (32, 64)
