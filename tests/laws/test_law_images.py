"""Each image effect does what it says, on pictures whose content is known: a dot, a ramp, an edge."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from renderer import Lut, ValueProblem, read_lut
from renderer.colour import luma
from renderer.context import Past
from renderer.testing import Trial
from tests.laws.law_cases import EFFECTS

WIDE = (60, 100)  # height and width


def applied(name, entry, x, times=(0.0,), past=None, folder=None, **head):
    """Return pictures x [N, C, H, W] after one effect, in the space of the effect."""
    trial = Trial(EFFECTS[name], f"- walk: {{keys: 3}}\n- {name}: {entry}", head, folder)
    job = trial.job()
    return trial.stacked(job)[1].apply(x, job.timeline.moments(np.asarray(times)), past)


def dot(x, y, size=WIDE, sigma=2.0, channels=3):
    """Return a picture of a soft white dot at a pixel, on black."""
    rows, columns = (torch.arange(count) + 0.5 for count in size)
    spot = torch.exp(-((columns - x) ** 2 + (rows[:, None] - y) ** 2) / (2 * sigma**2))
    return spot.expand(1, channels, *size).clone()


def centre(x, channel=0):
    """Return where the light of a channel is, (x, y) in pixels."""
    light = x[0, channel] / x[0, channel].sum()
    columns, rows = torch.arange(x.shape[3]) + 0.5, torch.arange(x.shape[2]) + 0.5
    return float((light.sum(0) * columns).sum()), float((light.sum(1) * rows).sum())


def ramp(size=WIDE):
    """Return a picture that goes from black at the left to white at the right, each channel a little other."""
    level = (torch.arange(size[1]) + 0.5) / size[1]
    return torch.stack([level, level**2, 1 - level])[None, :, None, :].expand(1, 3, *size).clone()


def near(a, b, atol=1e-5):
    torch.testing.assert_close(a, b, atol=atol, rtol=0)


def test_zoom_moves_things_away_from_the_point():
    zoomed = applied("zoom", "{scale: 2, x: 0.4, y: 0.5}", dot(55, 24))
    assert centre(zoomed) == pytest.approx((40 + 2 * 15, 30 - 2 * 6), abs=0.1)
    assert float(zoomed.sum() / dot(55, 24).sum()) == pytest.approx(4, rel=0.01)


@pytest.mark.parametrize(("edge", "left", "right"), [("mirror", 0.0, 1.0), ("tile", 1.0, 0.0), ("empty", 0.0, 0.0)])
def test_zoom_goes_on_beyond_the_edges(edge, left, right):
    half = (ramp() > 0.5).float()[:, :1]
    small = applied("zoom", f"{{scale: 0.5, edge: {edge}}}", half)[0, 0]
    assert (float(small[30, 20]), float(small[30, 80])) == pytest.approx((left, right), abs=1e-4)


def test_rotate_turns_against_the_clock_and_keeps_shapes():
    turned = applied("rotate", "{degrees: 90}", dot(70, 30))
    assert centre(turned) == pytest.approx((50, 10), abs=0.1)
    quarter = applied("rotate", "{spin: 2s}", dot(70, 30).expand(2, -1, -1, -1), (0.5, 2.0))
    near(quarter[:1], turned, 1e-4)
    near(quarter[1:], dot(70, 30), 1e-4)


def test_rotate_fills_the_frame():
    white = torch.ones(1, 3, *WIDE)
    bare = applied("rotate", "{degrees: 30, edge: empty}", white)
    filled = applied("rotate", "{degrees: 30, edge: empty, fill: true}", white)
    assert float(bare.min()) == 0
    assert float(filled[..., 1:-1, 1:-1].min()) > 0.99


def test_kaleidoscope_is_the_same_in_every_wedge():
    picture = torch.rand(1, 3, 65, 65, generator=torch.Generator().manual_seed(1))
    seen = applied("kaleidoscope", "{segments: 4, turn: 20}", picture)
    near(seen, seen.flip(3), 1e-3)
    near(seen, seen.transpose(2, 3), 1e-3)
    near(applied("kaleidoscope", "{segments: 4, turn: 20, rotate: 90}", picture), seen, 1e-3)
    middle = applied("kaleidoscope", "{segments: 6, x: 0.25}", dot(16.25, 32.5, (65, 65)))
    assert centre(middle) == pytest.approx((32.5, 32.5), abs=0.1)


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_mirror_keeps_one_half(side):
    picture = torch.rand(1, 3, 40, 60, generator=torch.Generator().manual_seed(1))
    axis, half = (3, 30) if side in ("left", "right") else (2, 20)
    seen = applied("mirror", f"{{keep: {side}}}", picture)
    near(seen, seen.flip(axis), 1e-4)
    kept = slice(0, half) if side in ("left", "top") else slice(half, None)
    near(seen.movedim(axis, 0)[kept], picture.movedim(axis, 0)[kept], 1e-4)


def test_mirror_stands_where_it_is_put():
    picture = ramp()[:, :1]
    seen = applied("mirror", "{keep: left, at: 0.25}", picture)
    near(seen[..., :25], picture[..., :25], 1e-4)
    near(seen[..., 25:50], picture[..., :25].flip(3), 1e-4)


def test_feedback_halves_its_past_and_moves_it():
    black, past = torch.zeros(1, 3, *WIDE), Past(dot(60, 30), torch.tensor([0.1]))
    seen = applied("feedback", "{trail: 0.1, zoom: 1}", black, past=past)
    near(seen, dot(60, 30) / 2, 1e-4)
    moved = applied("feedback", "{trail: 0.1, zoom: 1024, rotate: 900}", black, past=past)  # 2 and 90 degrees in 100 ms
    assert centre(moved) == pytest.approx((50, 10), abs=0.2)
    assert float(applied("feedback", "{by: lighten, trail: 0.1}", torch.ones_like(black), past=past).min()) == 1


def test_bloom_glow_spreads_what_is_bright():
    picture = dot(50, 30) * 0.9
    glowing = applied("bloom-glow", "{amount: 1, threshold: 0.5, radius: 0.05}", picture)
    assert bool((glowing >= picture - 1e-6).all())
    assert float(glowing[0, 0, 30, 60]) > float(picture[0, 0, 30, 60]) + 0.003
    dim = torch.full((1, 3, *WIDE), 0.2)  # in linear light; the threshold is 0.218
    near(applied("bloom-glow", "{amount: 1, threshold: 0.5}", dim), dim, 0)
    flat = torch.full((1, 3, *WIDE), 0.4)
    near(
        applied("bloom-glow", "{amount: 0.5, threshold: 0, color: red}", flat)[0, :, 0, 0],
        torch.tensor([0.6, 0.4, 0.4]),
    )


def test_chromatic_shifts_red_and_blue():
    seen = applied("chromatic", "{kind: shift, amount: 0.1, degrees: 90}", dot(50, 30))
    assert [centre(seen, channel) for channel in range(3)] == [
        pytest.approx((50, y), abs=0.05) for y in (24, 30, 36)
    ]  # fmt: skip
    lens = applied("chromatic", "{amount: 0.1}", dot(50, 15))
    assert [centre(lens, channel)[1] for channel in range(3)] == pytest.approx([30 - 18, 15, 30 - 12], abs=0.1)
    near(lens[:, 1], dot(50, 15)[:, 1], 0)


def test_grain_belongs_to_times_and_to_the_height_of_the_picture():
    grey = torch.full((3, 3, 120, 200), 0.5)
    seen = applied("grain", "{amount: 0.1, size: 0.02, period: 100ms}", grey, (0.01, 0.09, 0.11)) - grey
    near(seen[0], seen[1], 0)
    assert abs(float((seen[0] * seen[2]).mean())) < 1e-3
    assert float(seen.std()) == pytest.approx(0.1, rel=0.05)
    assert abs(float(seen.mean())) < 0.01
    small = applied("grain", "{amount: 0.1, size: 0.02, period: 100ms}", grey[:1, :, :60, :100]) - 0.5
    shrunk = torch.nn.functional.avg_pool2d(seen[:1], 2)
    assert float(torch.corrcoef(torch.stack([small.flatten(), shrunk.flatten()]))[0, 1]) > 0.9
    dark = applied("grain", "{amount: 0.1, size: 0.02}", torch.full((1, 1, 60, 100), 0.02))
    assert float(dark.std()) < 0.03


def test_grain_is_the_same_at_the_end_of_a_loop():
    grey = torch.full((2, 1, 60, 60), 0.5)
    first, last = applied("grain", "{size: 0.05, period: 300ms}", grey, (0.0, 2.0), loop=True)
    near(first, last, 0)


def test_vignette_darkens_corners_by_a_smooth_step():
    seen = applied(
        "vignette", "{amount: 0.8, radius: 0.2, softness: 0.5, color: '#ff0000'}", torch.full((1, 3, *WIDE), 0.5)
    )
    rows, columns = ((2 * np.arange(count) + 1) / count - 1 for count in WIDE)
    way = np.clip((np.sqrt((columns**2 + rows[:, None] ** 2) / 2) - 0.2) / 0.5, 0, 1)
    cover = 0.8 * way * way * (3 - 2 * way)
    near(seen[0], torch.tensor(0.5 + (np.array([1.0, 0, 0])[:, None, None] - 0.5) * cover).float())


def test_colour_grade_lifts_bends_and_gains():
    seen = applied("colour-grade", "{lift: 0.1, gamma: 2, gain: 0.8, contrast: 1.2, saturation: 0.5}", ramp())
    toned = (0.8 * (ramp() + 0.1 * (1 - ramp()))) ** 0.5
    toned = (toned - 0.5) * 1.2 + 0.5
    near(seen, (luma(toned) + (toned - luma(toned)) * 0.5).clamp(0, 1))
    warm = applied("colour-grade", "{warmth: 0.4}", torch.full((1, 3, 4, 4), 0.5))
    near(warm[0, :, 0, 0], torch.tensor([0.55, 0.5, 0.45]))


def cube(folder, text, name="look.cube"):
    (folder / name).write_text(text)
    return f"{{lut: {name}}}"


def cube_rows(size, look):
    levels = np.linspace(0, 1, size)
    rows = [look(np.array([r, g, b])) for b in levels for g in levels for r in levels]
    return f'TITLE "a look"\nLUT_3D_SIZE {size}\n# red first\n' + "".join(
        f"{r:.7f} {g:.7f} {b:.7f}\n" for r, g, b in rows
    )


def test_a_table_of_three_dimensions_is_looked_up(tmp_path):
    colours = torch.rand(1, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    near(applied("colour-grade", cube(tmp_path, cube_rows(5, lambda c: c)), colours, folder=tmp_path), colours, 1e-6)
    swapped = applied("colour-grade", cube(tmp_path, cube_rows(3, lambda c: c[[2, 0, 1]])), colours, folder=tmp_path)
    near(swapped, colours[:, [2, 0, 1]], 1e-6)
    grey = applied("colour-grade", cube(tmp_path, cube_rows(3, lambda c: 1 - c)), colours[:, :1], folder=tmp_path)
    near(grey, 1 - colours[:, :1], 1e-6)


def test_a_table_of_one_dimension_is_looked_up(tmp_path):
    text = "LUT_1D_SIZE 3\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 2 2 2\n1 0 0\n0.5 0.5 0\n0 1 1\n"
    seen = applied("colour-grade", cube(tmp_path, text), torch.full((1, 3, 2, 2), 0.5), folder=tmp_path)
    near(seen[0, :, 0, 0], torch.tensor([0.75, 0.25, 0.0]))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no LUT_1D_SIZE or LUT_3D_SIZE"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "expected 8 rows of numbers for a size of 2, got 1"),
        ("LUT_3D_SIZE 500\n", "line 1: expected LUT_3D_SIZE and a whole number from 2 to 256, got '500'"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1\n", "line 3: expected 3 numbers, got '1 1'"),
        ("LUT_1D_SIZE 2\n0 0 nan\n", "line 2: expected 3 numbers, got '0 0 nan'"),
        ("hello there\n", "line 1: expected 3 numbers, got 'hello there'"),
        ("LUT_1D_SIZE 2\nDOMAIN_MAX 0 1 1\n0 0 0\n1 1 1\n", "expected each DOMAIN_MIN below its DOMAIN_MAX"),
    ],
)
def test_a_broken_table_is_told(text, said, tmp_path):
    cube(tmp_path, text)
    with pytest.raises(ValueProblem) as told:
        read_lut(tmp_path / "look.cube")
    assert said in str(told.value)
    assert "look.cube" in str(told.value)


def test_a_table_of_bytes_is_told(tmp_path):
    (tmp_path / "look.cube").write_bytes(b"\xff\xfe\x00LUT")
    with pytest.raises(ValueProblem, match=r"not a \.cube file of text"):
        read_lut(tmp_path / "look.cube")


def test_a_table_ends_at_its_ends():
    table = Lut(torch.linspace(0.2, 0.8, 4).expand(3, 4), torch.zeros(3), torch.ones(3))
    near(
        table.of(torch.tensor([-1.0, 0.0, 1.0, 2.0]).reshape(4, 1, 1, 1)).flatten(), torch.tensor([0.2, 0.2, 0.8, 0.8])
    )


def test_palette_paints_in_the_nearest_colour():
    colours = torch.tensor([[0, 0, 0], [1, 0, 0], [1, 1, 1.0]])
    seen = applied("palette", "{colors: [black, '#ff0000', white]}", ramp())
    apart = ((ramp()[:, None] - colours[None, :, :, None, None]) ** 2).sum(2).argmin(1)
    near(seen, colours[apart].permute(0, 3, 1, 2), 0)


def test_palette_dots_mix_two_colours_and_tones_follow_brightness():
    grey = torch.full((1, 1, 64, 64), 0.3)
    dotted = applied("palette", "{colors: [black, white], by: tone, dither: 1, dots: 0.015625}", grey)
    assert set(dotted.unique().tolist()) == {0.0, 1.0}
    assert float(dotted.mean()) == pytest.approx(0.3, abs=0.02)
    tones = applied("palette", "{colors: [navy, teal, gold, white], by: tone}", ramp()[:, :1].expand(-1, 3, -1, -1))
    assert [int(tones[0, 0, 0, i] * 255) for i in (5, 35, 60, 90)] == [0, 0, 255, 255]


def test_pixelate_shows_means_of_squares():
    picture = torch.rand(1, 3, 40, 60, generator=torch.Generator().manual_seed(1))
    seen = applied("pixelate", "{size: 0.25}", picture)
    near(seen[..., ::10, ::10], torch.nn.functional.avg_pool2d(picture, 10))
    near(seen[..., 3, 3], seen[..., 9, 9], 0)


@pytest.mark.parametrize("pixels", [0.8, 1.9, 2.1, 5.0, 11.0])
def test_blur_is_a_gaussian(pixels):
    size, sigma = (150, 200), 3.0
    seen = applied("blur", f"{{radius: {pixels / 150}}}", dot(100, 75, size, sigma))
    wide = math.hypot(sigma, pixels)
    near(seen, dot(100, 75, size, wide) * (sigma / wide) ** 2, 0.008)


def test_sharpen_adds_what_a_blur_takes():
    picture = dot(50, 30, sigma=3.0)
    seen = applied("sharpen", f"{{amount: 0.5, radius: {1.5 / 60}}}", picture)
    wide = math.hypot(3, 1.5)
    near(seen, (picture + 0.5 * (picture - dot(50, 30, sigma=wide) * (3 / wide) ** 2)).clamp(0, 1), 0.003)


def test_overlay_lays_a_picture_where_it_is_told(tmp_path):
    from PIL import Image

    Image.new("RGBA", (10, 20), (255, 0, 0, 128)).save(tmp_path / "logo.png")
    seen = applied("overlay", "{image: logo.png, size: 0.5, x: 0.25}", torch.ones(1, 3, *WIDE), folder=tmp_path)
    near(seen[0, :, 30, 25], torch.tensor([1.0, 127 / 255, 127 / 255]), 1e-3)
    changed = (seen[0, 1] < 0.999).nonzero()
    assert changed.min(0).values.tolist() == pytest.approx([15, 17], abs=1)
    assert changed.max(0).values.tolist() == pytest.approx([44, 32], abs=1)
    turned = applied("overlay", "{image: logo.png, size: 0.5, rotate: 90}", torch.ones(1, 3, *WIDE), folder=tmp_path)
    changed = (turned[0, 1] < 0.999).nonzero()
    assert changed.max(0).values.tolist() == pytest.approx([37, 64], abs=1)


def test_overlay_shows_one_text_after_another():
    lines = "{text: {500ms: I, 1s: '', 1500ms: WWW}, size: 0.5, fade: 100ms}"
    seen = applied("overlay", lines, torch.zeros(6, 3, *WIDE), (0.4, 0.55, 0.8, 0.999, 1.2, 1.8))
    widths = [int((one[0] > 0.05).any(0).sum()) for one in seen]
    assert [widths[i] for i in (0, 4)] == [0, 0]
    assert 0 < widths[2] < widths[5] / 3
    near(seen[1], seen[2] / 2, 0.01)


def test_letterbox_leaves_the_shape_of_the_cinema():
    seen = applied("letterbox", "{aspect: 4, color: white}", torch.zeros(1, 3, *WIDE))
    assert float(seen[0, 0, :, 50].sum()) == pytest.approx(60 - 100 / 4, abs=1e-4)
    half = applied("letterbox", "{aspect: 1, amount: 0.5, color: white}", torch.zeros(1, 3, *WIDE))
    assert float(half[0, 0, 30].sum()) == pytest.approx((100 - 60) / 2, abs=1e-4)


def test_crossfade_covers_in_its_own_order():
    grey = ramp()[:, :1]
    near(applied("crossfade", "{amount: 0.25, color: white}", grey), grey * 0.75 + 0.25)
    wipe = applied("crossfade", "{amount: 0.5, by: wipe, softness: 0.001, color: lime}", torch.zeros(1, 3, *WIDE))
    near(wipe[0, 1, 30], (torch.arange(100) < 50).float())
    iris = applied("crossfade", "{amount: 0.5, by: iris, softness: 0.01, color: white}", torch.zeros(1, 3, *WIDE))
    assert (float(iris[0, 0, 30, 50]), float(iris[0, 0, 0, 0])) == (0, 1)
    dark = applied("crossfade", "{amount: 0.5, by: luma, softness: 0.001, color: white}", grey)
    assert bool((dark[..., :50] == 1).all())
    near(dark[..., 50:], grey[..., 50:], 0)


def test_crossfade_brings_a_picture_to_the_frame(tmp_path):
    from PIL import Image

    Image.new("RGB", (30, 30), (0, 0, 255)).save(tmp_path / "card.png")
    near(
        applied("crossfade", "{to: card.png, amount: 1}", ramp(), folder=tmp_path)[0, :, 0, 0],
        torch.tensor([0, 0, 1.0]),
    )


def test_upscale_takes_the_picture_back_and_enlarges_it():
    columns = (torch.arange(96) + 0.5) / 96
    wave = (0.5 + 0.4 * torch.sin(2 * math.pi * 4 * columns)).expand(1, 3, 96, 96)
    near(applied("upscale", "{scale: 3}", wave)[..., 12:-12, 12:-12], wave[..., 12:-12, 12:-12], 0.02)
