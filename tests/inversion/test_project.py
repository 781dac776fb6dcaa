"""A picture of the model comes back as its latent, an interrupted run goes on as if it had never stopped."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from renderer.cli import cli
from renderer.directions.model import Model
from renderer.errors import LatentFileError, LatentreelError
from renderer.generators.bloom import Bloom
from renderer.inversion.distance import Distance
from renderer.inversion.keeping import Keeper
from renderer.inversion.project import Projector
from renderer.inversion.result import read_result
from renderer.inversion.settings import Settings
from renderer.job import load_generator, plugins
from renderer.timeline.sources import seed_to_z

SEED = 1003  # never told to what looks for it
QUICK = {"perceptual": "pixel", "samples": 20, "candidates": 2}


@pytest.fixture(scope="module")
def bloom():
    return Model(Bloom(64), "bloom")


@pytest.fixture(scope="module")
def photo(bloom):
    with torch.no_grad():
        return bloom.generator.synthesis(bloom.map(seed_to_z(SEED, 64)))


@pytest.fixture(scope="module")
def photo_file(photo, tmp_path_factory):
    return save(photo, tmp_path_factory.mktemp("photos") / "me.png")


def save(picture, path):
    levels = (picture[0].clamp(-1, 1) * 127.5 + 127.5).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(levels).save(path)
    return path


def projector(model, photo, masks=None, **settings):
    made = Settings(**{**QUICK, **settings})
    backend = plugins().perceptual[made.perceptual](None)
    return Projector(model, Distance(photo, masks, backend, made.perceptual_weight), made)


def run(*arguments):
    return CliRunner().invoke(cli, ["project", *map(str, arguments)])


@pytest.mark.parametrize(
    ("steps", "looks", "decibels"),
    [(48, {"start": "mean"}, 16), pytest.param(160, {"samples": 300, "candidates": 8}, 27, marks=pytest.mark.full)],
)
def test_a_hidden_seed_comes_back(bloom, photo, steps, looks, decibels):
    found = projector(bloom, photo, steps=steps, **looks).run()
    assert float(found.psnr) > decibels
    assert found.complete
    assert found.result.ws.shape == (1, 14, 64)
    assert found.result.loss[-1] < found.result.loss[0] / 3


@pytest.mark.parametrize("space", ["w", "z"])
def test_spaces_keep_their_shape_and_come_nearer(bloom, photo, space):
    found = projector(bloom, photo, steps=12, space=space, start="mean" if space == "w" else "best").run()
    ws = found.result.ws
    assert (ws == ws[:, :1]).all()
    assert found.result.loss[-1] < found.result.loss[0]
    if space == "z":
        unit = (ws[:, 0] - bloom.generator.w_avg) / bloom.generator.spectrum
        assert float(unit.square().mean()) == pytest.approx(1, abs=1e-3)


@pytest.mark.full
def test_a_hidden_seed_of_a_network_comes_back():
    generator = load_generator("tests/fixtures/sg2ada_uncond64.pkl")
    model = Model(generator, "sg2ada")
    with torch.no_grad():
        photo = generator.synthesis(model.map(seed_to_z(SEED, generator.z_dim)))
    found = projector(model, photo, steps=120, samples=32, candidates=2).run()
    mean = generator.synthesis(generator.w_avg.expand(1, generator.num_ws, -1))
    apart = 10 * torch.log10(4 / (mean - photo).square().mean())
    assert float(found.psnr) > float(apart) + 10


def test_what_starts_near_is_not_thrown_away(bloom, photo, tmp_path):
    near = projector(bloom, photo, steps=40, start="mean").run()
    np.savez(tmp_path / "near.npz", ws=near.result.ws)
    again = projector(bloom, photo, steps=8, start=str(tmp_path / "near.npz"))
    assert [(stage.size, stage.count, stage.noise) for stage in again.stages] == [((32, 32), 1, 0), ((64, 64), 1, 0)]
    assert float(again.run().psnr) > float(near.psnr) - 0.5


def test_several_photos_are_found_as_if_alone(bloom, photo):
    with torch.no_grad():
        other = bloom.generator.synthesis(bloom.map(seed_to_z(7, 64)))
    both = projector(bloom, torch.cat([photo, other]), steps=8, start="mean").run()
    alone = projector(bloom, other, steps=8, start="mean").run()
    assert both.result.ws.shape[0] == 2
    assert float((both.psnr[1] - alone.psnr[0]).abs()) < 1.5  # noise on latents differs


def test_an_interrupted_run_goes_on_bit_for_bit(bloom, photo, tmp_path):
    settings = {"steps": 8, "start": "mean", "perceptual": "squeezenet"}
    whole = projector(bloom, photo, **settings).run()
    keeper = Keeper(tmp_path / "me.npz", {"steps": 8})

    def stop(state):
        if len(state.losses) == 5:
            raise KeyboardInterrupt

    stopped = projector(bloom, photo, **settings).run(keep=stop)
    assert not stopped.complete
    keeper.write(stopped.state)
    resumed = projector(bloom, photo, **settings).run(keeper.found())
    assert torch.equal(resumed.result.ws, whole.result.ws)
    assert torch.equal(resumed.result.loss, whole.result.loss)
    assert torch.equal(resumed.path, whole.path)
    with pytest.raises(LatentFileError, match=r"had steps 8, this one has 30.*--fresh"):
        Keeper(tmp_path / "me.npz", {"steps": 30}).found()


def test_a_mask_hides_what_is_beside_it(bloom, photo):
    masks = torch.zeros(1, 1, 64, 64)
    masks[..., :32] = 1
    spoilt = photo.clone()
    spoilt[..., 32:] = 1
    settings = {"steps": 8, "start": "mean", "perceptual": "pixel"}
    clean, hidden = (projector(bloom, one, masks, **settings).run() for one in (photo, spoilt))
    assert torch.allclose(clean.result.ws, hidden.result.ws, atol=1e-5)


def test_noise_is_optimised_and_stays_noise(bloom, photo):
    found = projector(bloom, photo, steps=12, noise="optimise").run()
    grain = found.result.noise["grain"]
    assert grain.shape == (1, 1, 64, 64)
    assert float(grain.mean()) == pytest.approx(0, abs=1e-4)
    assert float(grain.square().mean()) == pytest.approx(1, abs=1e-3)
    assert not torch.equal(grain[0, 0], bloom.generator.const_noise["grain"])


def test_command_writes_a_latent_and_a_film(photo_file, tmp_path):
    target, video = tmp_path / "me.npz", tmp_path / "me.gif"
    quick = ["--size", 64, "--steps", 8, "--samples", 20, "--perceptual", "pixel"]
    done = run(photo_file, *quick, "-o", target, "--video", video)
    assert done.exit_code == 0, done.output
    result = read_result(target)
    assert result.settings["model"] == "bloom"
    assert result.settings["complete"] is True
    assert len(result.loss) == 8
    with Image.open(video) as film:
        assert film.size == (128, 64)
        assert np.asarray(film.convert("RGB"))[:, :64].std() > 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["me.gif", "me.npz"]


def test_ctrl_c_keeps_the_best_and_the_way_on(photo_file, tmp_path, monkeypatch):
    target = tmp_path / "me.npz"
    quick = [photo_file, "--size", 64, "--steps", 12, "--start", "mean", "--perceptual", "pixel", "-o", target]
    step = Projector._step

    def stopping(self, state, *rest):
        if len(state.losses) == 5:
            raise KeyboardInterrupt
        return step(self, state, *rest)

    monkeypatch.setattr(Projector, "_step", stopping)
    stopped = run(*quick)
    assert isinstance(stopped.exception, LatentreelError)
    assert read_result(target).settings["complete"] is False
    monkeypatch.undo()
    assert "going on after 5 steps" in run(*quick).output
    assert len(read_result(target).loss) == 12


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing.png"], "no such file"),
        (["PHOTO", "-o", "me.png"], "written as .npz"),
        (["PHOTO", "--perceptual", "squeeznet"], "did you mean 'squeezenet'"),
        (["PHOTO", "--perceptual", "vgg16"], "vgg16 needs its weights"),
        (["PHOTO", "--mask", "BLACK"], "black all over"),
        (["PHOTO", "--mask", "PHOTO", "--mask", "PHOTO"], "expected one mask, or one for each of 1 photos"),
        (["PHOTO", "--start", "OTHER"], "it was made for another model"),
        (["PHOTO", "--video", "film.txt"], "film.txt"),
    ],
)
def test_bad_input_is_told_in_a_sentence(photo_file, tmp_path, arguments, said):
    Image.new("RGB", (64, 64)).save(tmp_path / "black.png")
    np.savez(tmp_path / "other.npz", ws=np.zeros((1, 18, 512), np.float32))
    places = {"PHOTO": photo_file, "BLACK": tmp_path / "black.png", "OTHER": tmp_path / "other.npz"}
    target = [] if "-o" in arguments else ["-o", tmp_path / "me.npz"]
    done = run(*[places.get(one, one) for one in arguments], "--size", 64, "--steps", 4, *target)
    assert isinstance(done.exception, LatentreelError)
    assert said in str(done.exception)
    assert "\n" not in str(done.exception)
    assert not (tmp_path / "me.npz").exists()
