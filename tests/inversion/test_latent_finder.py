"""Datasets are whole, others read them, and what is taught with them finds latents and begins projections near."""

from __future__ import annotations

import csv
import io
import tarfile

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from renderer import CheckpointError, LatentFileError, load_encoder
from renderer.cli import cli
from renderer.directions.model import Model
from renderer.generators.bloom import Bloom
from renderer.inversion.dataset import Plan, begin, read_shard, write_dataset
from renderer.inversion.feedback import looked_again
from renderer.inversion.likeness import Likeness
from renderer.inversion.training import Course, Training
from renderer.job import load_generator
from renderer.timeline.sources import seed_to_z


@pytest.fixture(scope="module")
def model():
    return Model(Bloom(32), "bloom")


@pytest.fixture(scope="module")
def folder(model, tmp_path_factory):
    folder, plan = tmp_path_factory.mktemp("data") / "set", Plan(50, first=10, shard=20)
    assert begin(folder, model, plan) == 0
    write_dataset(folder, model, plan)
    return folder


def course(**changes):
    return Course(**{"epochs": 2, "batch": 10, "size": 32, "width": 8, "rate": 1e-3, **changes})


def taught(folder, target, **changes):
    training = Training(folder, target, course(**changes))
    training.resume()
    return training.run(lambda count, text: None)


def test_shards_hold_pictures_and_latents_of_seeds(model, folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        "00000.tar", "00001.tar", "00002.tar", "dataset.json", "index.csv",
    ]  # fmt: skip
    with (folder / "index.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert [int(row["seed"]) for row in rows] == list(range(10, 60))
    assert rows[-1] == {"seed": "59", "psi": "1.0", "name": "000000059", "shard": "00002.tar"}
    with tarfile.open(folder / "00002.tar") as shard:
        names = shard.getnames()
        with Image.open(io.BytesIO(shard.extractfile("000000059.png").read())) as picture:
            pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1) / 255
    assert names[:3] == ["000000050.png", "000000050.npy", "000000050.json"]
    ws = model.map(seed_to_z(59, 64))
    assert float((model.images(ws)[0] - pixels).abs().max()) < 1 / 255
    *_, (_, latent) = read_shard(folder / "00002.tar")
    assert np.array_equal(latent, ws[0, 0].numpy())


def test_an_interrupted_dataset_goes_on_and_a_greater_one_adds(model, folder, tmp_path):
    plan = Plan(50, first=10, shard=20)

    def stop(count):
        if (tmp_path / "00000.tar").exists():
            raise KeyboardInterrupt

    begin(tmp_path, model, plan)
    with pytest.raises(KeyboardInterrupt):
        write_dataset(tmp_path, model, plan, stop)
    assert begin(tmp_path, model, plan) == 20
    write_dataset(tmp_path, model, plan)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()
    assert begin(tmp_path, model, Plan(60, first=10, shard=20)) == 40  # the last shard was not full
    with pytest.raises(LatentFileError, match="holds a dataset with psi"):
        begin(tmp_path, model, Plan(50, first=10, shard=20, psi=0.5))


def test_training_is_repeatable_goes_on_and_lowers_the_loss(folder, tmp_path):
    whole = taught(folder, tmp_path / "a.safetensors")
    assert whole[-1] < whole[0]
    part = Training(folder, tmp_path / "b.safetensors", course())
    teach = part._teach

    def twice(tell):
        if part.epoch == 1:
            raise KeyboardInterrupt
        return teach(tell)

    part._teach = twice
    with pytest.raises(KeyboardInterrupt):
        part.run(lambda count, text: None)
    assert taught(folder, tmp_path / "b.safetensors") == whole[1:]
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    first, second = (load_encoder(tmp_path / f"{name}.safetensors")(images) for name in "ab")
    assert first.shape == (2, 14, 64)
    assert torch.equal(first, second)
    with pytest.raises(LatentFileError, match="was taught with rate"):
        taught(folder, tmp_path / "a.safetensors", rate=0.1)


def test_with_its_model_a_finder_learns_from_pictures(model, folder, tmp_path):
    w = model.map(seed_to_z(3, 64))[:, 0]
    likeness = Likeness(model, model.generator.w_avg)
    photo = model.generator.synthesis(w[:, None].expand(-1, 14, -1))
    far, near = (likeness(one, photo) for one in (model.generator.w_avg[None], w))
    assert float(far) == pytest.approx(1)
    assert float(near) < 0.01  # all but the grain
    training = Training(folder, tmp_path / "f.safetensors", course(epochs=1), model)
    plain = Training(folder, tmp_path / "g.safetensors", course(epochs=1))
    assert training.run(lambda count, text: None) != plain.run(lambda count, text: None)
    plain.target = training.target
    with pytest.raises(LatentFileError, match="was taught with painted True, now False"):
        plain.resume()
    other = Model(load_generator("tests/fixtures/sg2ada_uncond64.pkl"), "other.pkl")
    with pytest.raises(LatentFileError, match=r"holds pictures of bloom, not of other\.pkl"):
        Training(folder, tmp_path / "f.safetensors", course(), other)


def test_looking_again_undoes_what_an_unsure_encoder_holds_back():
    wanted = torch.randn(3, 2, 4)
    found = looked_again(
        lambda seen: 0.4 * seen, lambda ws: ws, lambda seen: (seen - wanted).square().mean((1, 2)), wanted
    )
    assert torch.allclose(found, wanted, atol=0.02)
    wild = looked_again(
        lambda seen: 3.5 * seen, lambda ws: ws, lambda seen: (seen - wanted).square().mean((1, 2)), wanted
    )
    assert torch.equal(wild, 3.5 * wanted)  # corrections that lead away are not kept


def test_files_of_other_kinds_are_refused(folder, tmp_path):
    with pytest.raises(LatentFileError, match="no dataset that `render dataset` wrote"):
        Training(tmp_path, tmp_path / "f.safetensors", course())
    (tmp_path / "f.safetensors").write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="text file"):
        load_encoder(tmp_path / "f.safetensors")
    done = CliRunner().invoke(cli, ["train-encoder", str(folder), "-o", "finder.pt"])
    assert "written as .safetensors" in str(done.exception)


def test_commands_make_a_finder_that_starts_a_projection(model, tmp_path):
    picture = tmp_path / "me.png"
    levels = (model.images(model.map(seed_to_z(1003, 64)))[0] * 255).round().byte().permute(1, 2, 0).numpy()
    Image.fromarray(levels).save(picture)
    data, finder = tmp_path / "set", tmp_path / "finder.safetensors"
    commands = (
        ["dataset", "-n", "24", "--shard", "12", "--size", "32", "-o", data],
        [
            "train-encoder",
            data,
            "-o",
            finder,
            "-m",
            "bloom",
            "--likeness",
            "2",
            "--epochs",
            "1",
            "--size",
            "32",
            "--width",
            "8",
        ],
        ["project", picture, "--size", "32", "--steps", "4", "--start", finder, "--perceptual", "pixel"],
    )
    for command in commands:
        target = ["-o", tmp_path / "me.npz"] if command[0] == "project" else []
        done = CliRunner().invoke(cli, [str(word) for word in (*command, *target)])
        assert done.exit_code == 0, done.output
    assert (tmp_path / "me.npz").exists()
