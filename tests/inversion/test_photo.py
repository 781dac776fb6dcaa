"""Photos of every kind are read right, or refused in one sentence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from renderer import PhotoError
from renderer.inversion.photo import photo_files, read_photo


def gradient(mode="RGB", size=(40, 30)):
    """Return a picture that is red to the right and green downwards."""
    x, y = np.meshgrid(np.linspace(0, 255, size[0]), np.linspace(0, 255, size[1]))
    return Image.fromarray(np.stack([x, y, x * 0], -1).astype(np.uint8)).convert(mode)


def test_a_photo_is_floats_of_three_channels(tmp_path):
    gradient().save(tmp_path / "a.png")
    tensor = read_photo(tmp_path / "a.png").tensor()
    assert tensor.shape == (3, 30, 40)
    assert tensor.dtype == torch.float32
    assert tensor[0, 0, -1] == 1
    assert tensor[1, -1, 0] == 1
    assert tensor[2].max() == 0
    assert read_photo(tmp_path / "a.png").square(16).shape == (3, 16, 16)


@pytest.mark.parametrize(("mode", "suffix"), [("L", "png"), ("P", "gif"), ("1", "png"), ("LA", "png"), ("CMYK", "jpg")])
def test_other_modes_become_rgb(tmp_path, mode, suffix):
    gradient(mode).save(tmp_path / f"a.{suffix}")
    read = read_photo(tmp_path / f"a.{suffix}")
    wanted = np.asarray(gradient(mode).convert("RGB"), float)
    assert read.picture.mode == "RGB"
    assert np.abs(np.asarray(read.picture, float) - wanted).mean() < 6


def test_deep_grey_keeps_its_brightness(tmp_path):
    values = np.linspace(0, 65535, 32 * 32).reshape(32, 32).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "deep.png")
    read = read_photo(tmp_path / "deep.png").tensor()
    assert torch.allclose(read[1], torch.from_numpy(values / 65535).float(), atol=1 / 255)


def test_alpha_is_laid_on_black(tmp_path):
    picture = gradient().convert("RGBA")
    picture.putalpha(0)
    picture.save(tmp_path / "a.png")
    assert read_photo(tmp_path / "a.png").tensor().max() == 0


def test_exif_turns_it_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # held on its side: its top is at the right
    gradient().save(tmp_path / "a.png", exif=exif)
    read = read_photo(tmp_path / "a.png").tensor()
    assert read.shape == (3, 40, 30)
    assert read[0, -1, 0] == 1  # what was red at the right is now at the bottom


def test_a_colour_profile_is_converted(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    gradient().save(tmp_path / "same.png", icc_profile=lab.tobytes())
    same = read_photo(tmp_path / "same.png")
    assert np.abs(np.asarray(same.picture, int) - np.asarray(gradient(), int)).max() <= 2
    gradient().save(tmp_path / "odd.png", icc_profile=b"no profile at all")
    assert "profile is left out" in read_photo(tmp_path / "odd.png").notes[0]


def test_of_an_animation_the_first_picture_is_taken(tmp_path):
    gradient().save(tmp_path / "a.gif", save_all=True, append_images=[Image.new("RGB", (40, 30), "blue")])
    read = read_photo(tmp_path / "a.gif")
    assert read.notes == ("it holds 2 pictures; the first is taken",)
    assert read.tensor()[2].max() < 0.3


def write_bomb(path):
    """Write the head of a PNG that says it is 20000 pixels wide and high."""
    Image.new("1", (20_000, 20_000)).save(path)


BAD = {
    "missing.png": (lambda path: gradient().save(path.with_name("missin.png")), "did you mean 'missin.png'"),
    "text.jpg": (lambda path: path.write_text("hello"), "no picture of a kind that can be read"),
    "phone.heic": (lambda path: path.write_bytes(b"\0\0\0\x18ftypheic"), "save it as JPEG first"),
    "empty.png": (lambda path: path.write_bytes(b""), "no picture"),
    "tiny.png": (lambda path: Image.new("RGB", (9, 200)).save(path), "9x200 pixels are too few"),
    "huge.png": (write_bomb, "more than 89 megapixels"),
    "folder": (lambda path: path.mkdir(), "got a folder"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_photo_is_refused_in_one_sentence(tmp_path, name):
    make, said = BAD[name]
    make(tmp_path / name)
    with pytest.raises(PhotoError, match=said) as caught:
        read_photo(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "gif"])
def test_a_file_that_is_cut_off_is_refused(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / f"a.{suffix}")
    whole = (tmp_path / f"a.{suffix}").read_bytes()
    (tmp_path / f"a.{suffix}").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PhotoError, match=r"damaged or cut off|no picture"):
        read_photo(tmp_path / f"a.{suffix}")


def test_a_folder_holds_photos(tmp_path):
    with pytest.raises(PhotoError, match="found none"):
        photo_files(tmp_path)
    for name in ("b.jpg", "a.PNG", "notes.txt", ".hidden.png"):
        (tmp_path / name).touch()
    assert [path.name for path in photo_files(tmp_path)] == ["a.PNG", "b.jpg"]
