"""The bundled synthesis effects do what they say, on networks and on bloom, and nothing at an amount of 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from renderer import BENDS, SceneError, load_scene
from renderer.api import iterate_frames, prepare
from renderer.example_models import write_models
from renderer.job import Run, plugins

FIXTURES = Path(__file__).parent.parent / "fixtures"
STYLEGAN1, STYLEGAN2, STYLEGAN3 = (
    str(FIXTURES / f"{name}.pkl") for name in ("sg1_128_tf", "sg2ada_uncond64", "sg3_t64")
)
WALK = "walk: {keys: {0s: 3, 1s: 14}}"


@pytest.fixture
def film(tmp_path, write_scene):
    """Return a function from effects to the frames of a short film."""

    def render(*effects, model="bloom", head="", frames=range(4), batch=None, size=32):
        text = f"model: {model}\nfps: 4\nduration: 1s\npsi: 0.3\n{head}\ntimeline:\n"
        text += "".join(f"  - {one}\n" for one in effects)
        sized = {"size": (size, size)} if model == "bloom" else {}
        job = prepare(load_scene(write_scene(text)), Run(device="cpu", batch=batch, **sized))
        return np.concatenate(list(iterate_frames(job, frames))).astype(int)

    return render


def bent(do, image, amount, angle=0.0):
    maps = torch.as_tensor(image, dtype=torch.float32)[None, None]
    return BENDS[do](maps, torch.tensor([amount]), torch.tensor([angle]))[0, 0]


DOT = np.zeros((32, 32))
DOT[15:17, 7:9] = 1  # in the middle of the left half


def middle(image):
    """Return where the mean of an image is, right and down in widths."""
    weights = image.clamp_min(0) / image.clamp_min(0).sum()
    places = (torch.arange(32) + 0.5) / 32
    return float((weights.sum(0) * places).sum()), float((weights.sum(1) * places).sum())


@pytest.mark.parametrize(
    ("do", "amount", "angle", "x", "y"),
    [
        ("translate", 0.25, 0.0, 0.5, 0.5),
        ("translate", 0.25, torch.pi / 2, 0.25, 0.25),
        ("zoom", -0.5, 0.0, 0.375, 0.5),
        ("rotate", 0.25, 0.0, 0.5, 0.75),
        ("flip", 1.0, 0.0, 0.75, 0.5),
    ],
)
def test_a_bend_moves_a_map(do, amount, angle, x, y):
    moved = bent(do, DOT, amount, angle)
    if do == "zoom":
        moved = moved[:, :16].repeat(1, 2) * (torch.arange(32) < 16)  # mirrored copies come in from the edges
        moved[:8] = moved[24:] = 0
        moved[:, :8] = 0
    if do == "translate" and not angle:
        moved = moved * (torch.arange(32) > 8)  # as does a copy here
    assert middle(moved) == pytest.approx((x, y), abs=0.02)


def test_a_bend_changes_values():
    noise = np.random.RandomState(0).randn(32, 32)
    assert torch.equal(bent("ablate", noise, 1.0), torch.zeros(32, 32))
    assert torch.allclose(bent("multiply", noise, 1.0), torch.as_tensor(noise).float() * 2)
    assert bent("invert", noise, 1.0).mean() == pytest.approx(noise.mean(), abs=1e-5)
    assert torch.allclose(
        bent("invert", noise - noise.mean(), 1.0), torch.as_tensor(noise.mean() - noise).float(), atol=1e-5
    )
    two = bent("threshold", noise, 1.0)
    assert len(two.unique()) == 2
    assert two.mean() == pytest.approx(noise.mean(), abs=1e-4)
    wide = bent("dilate", DOT, 0.625)  # two points around
    assert int(wide.sum()) == 36
    assert float(bent("erode", DOT, 0.625).sum()) == 0
    assert float(bent("erode", 1 - DOT, 0.625).sum()) == 32 * 32 - 36
    soft = bent("blur", DOT, 0.5)
    assert float(soft.sum()) == pytest.approx(4, rel=0.01)
    assert float(soft.max()) < 0.3
    assert middle(bent("shear", DOT, 0.5)) == pytest.approx((0.25, 0.5), abs=0.02)


@pytest.mark.parametrize("do", BENDS)
def test_an_amount_of_nothing_is_the_map_itself(do):
    noise = np.random.RandomState(0).randn(16, 16)
    assert torch.allclose(bent(do, noise, 0.0), torch.as_tensor(noise).float(), atol=1e-5)


@pytest.mark.parametrize("model", ["bloom", STYLEGAN2, STYLEGAN3, STYLEGAN1], ids=lambda one: Path(one).stem)
def test_frames_with_an_amount_of_nothing_keep_every_bit(film, model):
    """Also beside frames that are changed, in one batch."""
    plain = film(WALK, model=model, batch=4)
    amount = "{0s: 0, 0.25s: 0, 0.5s: 1, 1s: 1}"
    for effect in (
        f"bend: {{do: multiply, amount: {amount}, layers: all}}",
        f"mask-mix: {{with: 65, amount: {amount}}}",
        f"layer-view: {{layer: 4, amount: {amount}}}",
    ):
        changed = film(WALK, effect, model=model, batch=4)
        assert np.array_equal(changed[:2], plain[:2]), effect
        assert np.abs(changed[2:] - plain[2:]).mean() > 2, effect


def test_bend_that_moves_is_not_stale(film):
    """Where ws stay the same, blocks are kept from frame to frame; not when maps are bent."""
    effect = "bend: {do: rotate, amount: {0s: 0, 1s: 0.3}, layers: coarse}"
    moving = film("walk: {keys: 3}", effect, model=STYLEGAN2)
    for frame in range(1, 4):
        assert np.abs(moving[frame] - moving[frame - 1]).mean() > 1
        alone = film("walk: {keys: 3}", effect, model=STYLEGAN2, frames=range(frame, frame + 1))
        assert np.array_equal(alone[0], moving[frame])


def test_channels_are_chosen_by_seed_and_by_cluster(film):
    effects = ("", ", channels: 0.5", ", channels: 0.5, seed: 1", ", cluster: 0", ", cluster: 1")
    films = [
        film(WALK, f"bend: {{do: ablate, amount: 1, layers: 4{more}}}", model=STYLEGAN2, frames=range(1))
        for more in effects
    ]
    for index, one in enumerate(films):
        assert all(np.abs(one - other).mean() > 0.5 for other in films[:index]), effects[index]


def test_mask_mix_shows_each_latent_where_it_is_white(film, tmp_path):
    one, other = (film(f"walk: {{keys: {seed}}}", model=STYLEGAN2, frames=range(1)) for seed in (3, 65))
    split = "mask-mix: {with: 65, softness: 0, layers: {all: 0}}"
    mixed = film("walk: {keys: 3}", split, model=STYLEGAN2, frames=range(1))
    assert np.abs(mixed[:, :, :30] - one[:, :, :30]).max() <= 1
    assert np.abs(mixed[:, :, 34:] - other[:, :, 34:]).max() <= 1
    Image.new("L", (8, 8), 255).save(tmp_path / "white.png")
    painted = "mask-mix: {with: 65, image: white.png, size: 2, layers: {all: 0}}"
    assert np.abs(film("walk: {keys: 3}", painted, model=STYLEGAN2, frames=range(1)) - other).max() <= 1
    melted = film("walk: {keys: 3}", "mask-mix: {with: 65, softness: 0.1}", model=STYLEGAN2, frames=range(1))
    assert np.abs(melted - mixed).mean() > 1


def test_model_blend_by_layers(film, tmp_path, write_scene):
    write_models(tmp_path)
    own, other = (film(WALK, model=f"{name}.safetensors") for name in ("model", "other"))
    whole = film(WALK, "model-blend: {with: other.safetensors, amount: {0s: 0, 0.25s: 0, 0.5s: 1, 1s: 1}}",
                 model="model.safetensors")  # fmt: skip
    assert np.array_equal(whole[:2], own[:2])
    latents_differ = np.abs(whole[2:] - other[2:]).mean()  # the mapping stays that of the first model
    assert latents_differ > 0
    fine = film(WALK, "model-blend: {with: other.safetensors, layers: fine}", model="model.safetensors")
    coarse = film(WALK, "model-blend: {with: other.safetensors, layers: coarse}", model="model.safetensors")
    for one in (fine, coarse, whole[2:]):
        assert np.abs(one[-1] - own[-1]).mean() > 3
    assert np.abs(fine - coarse).mean() > 3


def test_noise_loop_comes_back_and_noise_strength(film):
    plain = film("walk: {keys: 3}", model=STYLEGAN2)
    moving = film("walk: {keys: 3}", "noise-loop: {period: 0.5s}", model=STYLEGAN2)
    assert np.array_equal(moving[0], moving[2])
    assert np.abs(moving[0] - moving[1]).mean() > 0.2
    none = film("walk: {keys: 3}", model=STYLEGAN2, head="noise: none")
    assert np.array_equal(film("walk: {keys: 3}", "noise-strength: {strength: 0}", model=STYLEGAN2), none)
    assert np.array_equal(film("walk: {keys: 3}", "noise-strength: {strength: 1}", model=STYLEGAN2), plain)


def test_freeze_view(film):
    """StyleGAN3 reads it from the first row of ws, which a transform above all does not share."""
    still = film("walk: {keys: 3}", "freeze-view: {to: 65}", model=STYLEGAN3)
    assert np.abs(still - film("walk: {keys: 3}", model=STYLEGAN3)).mean() > 1
    assert np.array_equal(still, film("walk: {keys: 3}", "layer-mix: {with: 65, layers: 0}", model=STYLEGAN3))


def test_layer_view_shows_the_map():
    """Of three channels, each around its mean, as colours."""
    maps = torch.randn(1, 5, 16, 16, generator=torch.Generator().manual_seed(0))
    effect = plugins().effects.find("layer-view")
    shown = effect(layer=0, channel=4).picture(maps, (1, 3, 16, 16))
    for place, channel in enumerate((4, 0, 1)):
        one = maps[0, channel]
        assert torch.allclose(shown[0, place], torch.tanh((one - one.mean()) / one.std() * 0.7), atol=1e-6)
    sheet = effect(layer=0, show="grid").picture(maps, (1, 3, 32, 48))
    assert sheet[0, 0, :16, 16:32].std() > 0.1
    assert torch.equal(sheet[0, :, 16:, 32:], torch.tanh(torch.full((3, 16, 16), -1.0)) * 0 - 1)
    mean = effect(layer=0, show="mean").picture(maps, (1, 1, 16, 16))
    assert mean.shape == (1, 1, 16, 16)


def test_the_constant_of_older_networks_is_moved(film):
    for model in (STYLEGAN1, STYLEGAN2):
        plain = film("walk: {keys: 3}", model=model)
        moved = film("walk: {keys: 3}", "transform: {x: {0s: 0, 1s: 0.5}}", model=model)
        assert np.array_equal(moved[0], plain[0])
        assert np.abs(moved[3] - plain[3]).mean() > 1


@pytest.mark.parametrize(
    ("effect", "model", "said"),
    [
        ("bend: {cluster: 7}", "bloom", "expected a cluster from 0 to 4, got 7"),
        ("bend: {do: rotat}", "bloom", "rotate"),
        ("noise-loop", STYLEGAN3, "stylegan3 has no noise"),
        ("noise-strength", STYLEGAN3, "stylegan3 has no noise"),
        ("freeze-view", STYLEGAN2, "stylegan2 has no view of its own"),
        ("layer-view: {layer: lihgt}", "bloom", "unknown layer 'lihgt': expected a row of ws or one of"),
        ("mask-mix: {with: 3, image: none.png}", "bloom", "none.png: not a picture that can be read"),
        ("model-blend: {with: none.pkl}", STYLEGAN2, "none.pkl"),
        (f"model-blend: {{with: {STYLEGAN3}}}", STYLEGAN2, "is stylegan3; the scene's model is stylegan2"),
        ("model-blend: {with: bloom}", "bloom", "has no weights to blend"),
    ],
)
def test_bad_input_is_one_sentence(film, effect, model, said):
    with pytest.raises(SceneError) as error:
        film(WALK, effect, model=model)
    assert said in str(error.value)
    assert str(error.value).count("\n") == 0
    assert "scene.yaml:" in str(error.value)
