"""The encoder of e4e files against the reference's own values, and `render encode`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from renderer import CheckpointError, LatentreelError, load_encoder
from renderer.generators.safe_pickle import read_checkpoint
from renderer.inversion.e4e import E4E
from renderer.inversion.latent_finder import FinderShape, LatentFinder, save_latent_finder
from renderer.inversion.result import read_result
from tests.scene.command import run

FIXTURES = Path(__file__).parent.parent / "fixtures"
PATH = FIXTURES / "e4e_32.pt"
ASTRONAUT = FIXTURES / "photos" / "astronaut.jpg"


@pytest.fixture(scope="module")
def encoder():
    return load_encoder(PATH)


@pytest.fixture(scope="module")
def expected():
    with np.load(FIXTURES / "e4e_32.expected.npz") as held:
        return {name: torch.from_numpy(held[name]) for name in held.files if held[name].dtype.kind in "fu"}


@pytest.fixture(scope="module")
def images(expected):
    """Return what was encoded: images [2, 3, 256, 256] in [-1, 1], of pixels 16 wide."""
    large = expected["image_small_u8"].repeat_interleave(16, 1).repeat_interleave(16, 2)
    return (large.permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.5


def near(made, wanted):
    torch.testing.assert_close(made, wanted, atol=1e-5 * float(wanted.abs().max()), rtol=0)


def test_every_value_is_that_of_the_reference(encoder, images, expected):
    near(encoder(images), expected["w"])
    near(encoder.codes(images), expected["codes"])
    near(encoder.latent_avg, expected["latent_avg"])
    near(encoder.features(images[:1])[2], expected["c3_feature"])
    near(encoder.codes(images[:1], stage=0), expected["codes_stage_w"])
    near(encoder.codes(images[:1], stage=4), expected["codes_stage4"])
    assert (encoder.num_ws, encoder.w_dim, encoder.image_size) == (8, 17, 256)
    assert (encoder(images.flip(3)) - expected["w"]).abs().max() > 0.1


def test_photos_are_independent_and_gradients_flow(encoder, images):
    both, one = encoder(images), encoder(images[1:])
    near(one, both[1:])
    wanted = images[:1].clone().requires_grad_()
    encoder(wanted).square().sum().backward()
    assert wanted.grad.abs().max() > 0
    assert not any(parameter.requires_grad for parameter in encoder.parameters())


def changed(tmp_path, **changes):
    """Write the file with other entries; None leaves one out."""
    held = {**read_checkpoint(PATH), **changes}
    torch.save({key: value for key, value in held.items() if value is not None}, tmp_path / "model.pt")
    return tmp_path / "model.pt"


def without(name):
    return {key: value for key, value in read_checkpoint(PATH)["state_dict"].items() if key != name}


def test_a_file_of_psp_has_rows_that_stand_alone(tmp_path, images, encoder):
    rows = load_encoder(changed(tmp_path, opts={"encoder_type": "GradualStyleEncoder"}))
    assert isinstance(rows, E4E)
    near(rows.codes(images)[:, 1:] + encoder.codes(images)[:, :1], encoder.codes(images)[:, 1:])


def test_options_say_what_codes_are_relative_to(tmp_path, images, expected):
    alone = load_encoder(changed(tmp_path, opts={"start_from_latent_avg": False}))
    near(alone(images), expected["codes"])
    mean = expected["latent_avg"][0]
    near(load_encoder(changed(tmp_path, latent_avg=mean)).latent_avg, mean.expand(8, 17))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"opts": {"encoder_type": "SingleStyleCodeEncoder"}}, "is a SingleStyleCodeEncoder, expected"),
        ({"latent_avg": torch.zeros(3, 17)}, r"latent_avg is \[3, 17\], expected \[8, 17\]"),
        ({"latent_avg": None}, r"latent_avg is none, expected"),
        ({"state_dict": without("encoder.body.3.shortcut_layer.0.weight")}, "without a shortcut"),
        ({"state_dict": without("encoder.styles.2.convs.0.weight")}, "broken"),
        ({"state_dict": without("encoder.latlayer1.bias")}, "latlayer1.bias is missing"),
    ],
)
def test_another_encoder_is_refused(tmp_path, changes, said):
    with pytest.raises(CheckpointError, match=said):
        load_encoder(changed(tmp_path, **changes))


def test_other_files_are_refused(tmp_path, encoder):
    with pytest.raises(CheckpointError, match="holds no encoder"):
        load_encoder(FIXTURES / "rosinality_train32.pt")
    with pytest.raises(CheckpointError, match=r"no such file; did you mean 'e4e_32\.pt'"):
        load_encoder(FIXTURES / "e4e_33.pt")
    for path in sorted((FIXTURES / "unsafe").glob("*.pt")):
        with pytest.raises(CheckpointError):
            load_encoder(path)
    with pytest.raises(LatentreelError, match=r"takes images \[N, 3, 256, 256\], got \[1, 3, 64, 64\]"):
        encoder(torch.zeros(1, 3, 64, 64))


def test_photos_are_encoded_and_their_latents_render(tmp_path, encoder):
    Image.new("RGB", (300, 200), "teal").save(tmp_path / "wall.png")
    said = run(tmp_path, "encode", ASTRONAUT, "wall.png", "-m", PATH, "-o", "me.npz")
    assert said.code == 0, said.err
    assert said.out.split() == ["me.npz", "me.png"]
    assert "wall.png: no face was found, its middle square is taken" in said.err
    result = read_result(tmp_path / "me.npz")
    assert result.ws.shape == (2, 8, 17)
    assert [photo["face"] for photo in result.settings["photos"]] == [0, None]
    wall = torch.tensor([0, 128, 128]).view(1, 3, 1, 1).expand(1, 3, 256, 256) / 127.5 - 1
    near(result.ws[1:], encoder(wall))
    with Image.open(tmp_path / "me.png") as sheet:
        assert sheet.width > 4 * 256
    scene = (
        f"model: {PATH}\nduration: 1s\nfps: 2\ntimeline: [{{walk: {{keys: {{0s: 'me.npz[0]', 1s: 'me.npz[1]'}}}}}}]\n"
    )
    (tmp_path / "scene.yaml").write_text(scene)
    assert run(tmp_path, "check", "scene.yaml").code == 0


def test_aligning_may_be_asked_for_or_left_out(tmp_path):
    args = ("encode", ASTRONAUT, "-m", PATH, "-o")
    for name, flags in (("a.npz", ()), ("b.npz", ("--align",)), ("c.npz", ("--no-align",))):
        assert run(tmp_path, *args, name, *flags).code == 0
    first, asked, plain = (read_result(tmp_path / name).ws for name in ("a.npz", "b.npz", "c.npz"))
    assert torch.equal(first, asked)
    assert (first - plain).abs().max() > 1e-3


def test_a_latent_finder_encodes_for_any_model(tmp_path):
    finder = LatentFinder(FinderShape(32, 8, 14, 64)).eval()
    save_latent_finder(tmp_path / "finder.safetensors", finder, {}, {})
    Image.new("RGB", (64, 64), "teal").save(tmp_path / "flower.png")
    said = run(tmp_path, "encode", "flower.png", "-m", "bloom", "--encoder", "finder.safetensors", "-o", "it.npz")
    assert said.code == 0, said.err
    wall = torch.tensor([0, 128, 128]).view(1, 3, 1, 1).expand(1, 3, 32, 32) / 127.5 - 1
    near(read_result(tmp_path / "it.npz").ws, finder(wall).detach())


def refused(folder, *args):
    said = run(folder, "encode", *args)
    assert said.code == 2
    assert len(said.lines) == 1, said.err
    assert not list(folder.glob("*.npz"))
    return said.err


def test_what_cannot_be_encoded_is_one_sentence(tmp_path):
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "wall.png")
    assert "no face was found" in refused(tmp_path, "wall.png", "-m", PATH, "--align")
    other = FIXTURES / "sg2ada_uncond64.pkl"
    told = refused(tmp_path, ASTRONAUT, "-m", other, "--encoder", PATH)
    assert "the encoder gives ws [1, 8, 17], but" in told
    assert "takes [1, 10, 64]; it was made for another model" in told
    assert "holds no encoder" in refused(tmp_path, ASTRONAUT, "-m", FIXTURES / "rosinality_train32.pt")
    assert "bloom has no encoder of its own" in refused(tmp_path, ASTRONAUT, "-m", "bloom")
    assert "written as .npz" in refused(tmp_path, ASTRONAUT, "-m", PATH, "-o", "me.pt")
