"""Images of a model of another size come into the frame as asked: cut, between bars, or on a blurred ground."""

from __future__ import annotations

import pytest
import torch

from renderer.api import load_scene
from renderer.errors import SceneError
from renderer.fitting import fit

HOWS = ("cover", "contain", "blur", "native")


def noisy(*shape: int) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [(60, 34), (33, 57), (8, 200), (200, 8), (31, 31), (64, 64), (15, 16)])
def test_every_size_is_filled_exactly(how, channels, size):
    made = fit(noisy(2, channels, 32, 32), size, how)
    assert made.shape == (2, channels, size[1], size[0])
    assert bool(made.isfinite().all())


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_an_image_that_fits_comes_back_as_it_is(how, channels):
    image = noisy(2, channels, 16, 24)
    assert fit(image, (24, 16), how) is image


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("channels", [3, 4])
def test_what_is_given_is_not_changed_and_rows_are_independent(how, channels):
    images = noisy(3, channels, 20, 32)
    copy = images.clone()
    together = fit(images, (50, 50), how)
    assert torch.equal(images, copy)
    other = fit(torch.cat([-images[:1], images[1:2], images[:1]]), (50, 50), how)
    assert torch.equal(other[1], together[1])
    torch.testing.assert_close(fit(images[1:2], (50, 50), how), together[1:2], atol=1e-5, rtol=0)


@pytest.mark.parametrize(("size", "inside"), [((60, 32), (0, 32, 14, 46)), ((32, 61), (14, 46, 0, 32))])
def test_contain_shows_all_between_black_bars(size, inside):
    image = noisy(1, 3, 32, 32)
    made = fit(image, size, "contain")
    top, bottom, left, right = inside
    assert torch.equal(made[..., top:bottom, left:right], image)
    bars = made.clone()
    bars[..., top:bottom, left:right] = -1
    assert bool((bars == -1).all())


def test_contain_of_a_wide_image_has_bars_above_and_below():
    made = fit(torch.ones(1, 1, 20, 40), (80, 60), "contain")[0, 0]
    assert bool((made[10:50] > 0.99).all())
    assert bool((made[:10] == -1).all())
    assert bool((made[50:] == -1).all())


def test_bars_are_transparent_where_there_is_alpha():
    made = fit(torch.ones(1, 4, 16, 16), (32, 16), "contain")
    assert bool((made[..., :8] == -1).all())
    assert bool((made[..., 8:24] == 1).all())


def test_blur_lays_the_image_on_a_soft_copy():
    image = noisy(1, 3, 32, 32) * 0.2 + torch.linspace(-0.5, 0.5, 32)[:, None]
    made = fit(image, (64, 32), "blur")
    assert torch.equal(made[..., 16:48], image)
    ground = made[..., :16]
    assert float(ground.diff(dim=-1).abs().mean()) < 0.1 * float(image.diff(dim=-1).abs().mean())
    assert float(ground[0, :, 24:].mean() - ground[0, :, :8].mean()) > 0.1  # it is a copy: dark above, bright below


def test_blur_looks_the_same_at_every_size():
    image = noisy(1, 3, 32, 32)
    small, large = fit(image, (64, 36), "blur"), fit(image, (256, 144), "blur")
    pooled = torch.nn.functional.avg_pool2d(large[..., :48], 4)
    assert float((pooled - small[..., :12]).abs().max()) < 0.05


def test_colours_that_nobody_sees_do_not_bleed():
    image = torch.ones(1, 4, 32, 32)  # white where it is seen, red where it is transparent
    image[:, 1:, :, 16:] = -1
    made = fit(image, (50, 50))
    seen = made[:, 3:] > -0.9
    assert bool((made[:, :3].min(1, keepdim=True).values[seen] > 0.95).all())


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("covr", r"expected cover, contain, blur, native or \{native: mirror\}, got 'covr'; did you mean 'cover'"),
        ("{native: tiles}", "expected native: mirror, tile or stretch, got 'tiles'; did you mean 'tile'"),
        ("{blur: 3}", r"expected cover, .* got \{blur: 3\}"),
        ("3", "expected cover, .* got 3"),
        ("{native: [1]}", "expected native: mirror, tile or stretch"),
    ],
)
def test_a_wrong_fit_is_told(write_scene, written, message):
    with pytest.raises(SceneError, match=message):
        load_scene(write_scene(f"fit: {written}\ntimeline: [{{walk: {{keys: 3}}}}]\n"))
