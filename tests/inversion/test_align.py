"""`render align`: a portrait, a group, a folder, and what cannot be aligned."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from renderer import Face
from renderer.inversion.face_api import face_api_finder
from renderer.inversion.face_api.find import within
from renderer.inversion.ffhq import Region, align
from tests.scene.command import run

ASTRONAUT = Path(__file__).parent.parent / "fixtures" / "photos" / "astronaut.jpg"
# By dlib 20.0.1 with its 68 points, in the 256 pixels of the fixture: the square's middle, side, and turn in degrees.
DLIB = (np.array([224.70, 106.55]) - (64, 0)) * 0.8, 173.66 * 0.8, 2.84


def portrait():
    return opened(ASTRONAUT)


def opened(path):
    with Image.open(path) as picture:
        return picture.convert("RGB")


@pytest.fixture
def group(tmp_path):
    """Write two faces, the smaller one at the left and mirrored, and return the file."""
    picture = Image.new("RGB", (640, 400), (90, 110, 120))
    picture.paste(portrait().transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((180, 180)), (30, 90))
    picture.paste(portrait(), (320, 60))
    picture.save(tmp_path / "group.png")
    return tmp_path / "group.png"


def test_landmarks_are_near_dlibs():
    (face,) = face_api_finder()(np.asarray(portrait()))
    region = Region.of(portrait(), face.points)
    middle, side, turn = DLIB
    across = region.quad[3] - region.quad[0]
    assert np.abs(region.quad.mean(axis=0) - middle).max() < 0.015 * side
    assert abs(region.side / side - 1) < 0.025
    assert abs(np.degrees(np.arctan2(across[1], across[0])) - turn) < 1.5


def test_faces_turn_with_the_photo():
    (face,) = face_api_finder()(np.asarray(portrait()))
    (turned,) = face_api_finder()(np.asarray(portrait().rotate(-12, Image.Resampling.BICUBIC)))
    turn = np.radians(12)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    wanted = (face.points - 128) @ spin + 128
    assert np.abs(turned.points - wanted).mean() < 0.03 * Region.of(portrait(), face.points).side


@pytest.mark.parametrize("box", [(0, 0, 120, 256), (90, 0, 256, 256), (0, 0, 256, 100), (0, 100, 256, 256)])
def test_a_face_at_the_edge_is_aligned_or_not_seen(box):
    picture = portrait().crop(box)
    for face in face_api_finder()(np.asarray(picture)):
        assert align(picture, face.points, 64).size == (64, 64)


def test_what_is_seen_beside_the_picture_is_no_face():
    boxes = np.array([[10, 10, 50, 50], [90, 20, 140, 60], [-40, 0, 10, 50], [20, 20, 20.5, 60]], float)
    assert within(boxes, 100, 80).tolist() == [True, False, False, False]


def test_a_portrait_becomes_a_square_with_the_eyes_in_place(tmp_path):
    said = run(tmp_path, "align", ASTRONAUT, "-o", "me.png", "--size", 128, "--show", "seen.png")
    assert said.code == 0, said.err
    assert "face 0: x " in said.err
    assert said.out.split() == ["me.png", "seen.png"]
    made = opened(tmp_path / "me.png")
    assert made.size == (128, 128)
    (face,) = face_api_finder()(np.asarray(made.resize((512, 512))))
    left, right = face.points[36:42].mean(axis=0) / 512, face.points[42:48].mean(axis=0) / 512
    assert np.abs(left - (0.38, 0.47)).max() < 0.04
    assert np.abs(right - (0.62, 0.47)).max() < 0.04
    seen = np.asarray(opened(tmp_path / "seen.png"), int)
    assert (np.abs(seen - (90, 255, 120)).sum(-1) < 60).sum() > 50  # the points are drawn


def test_of_many_faces_the_largest_is_taken(tmp_path, group):
    said = run(tmp_path, "align", group, "--size", 64)
    assert "it shows 2 faces, the largest is taken; --face N or --all-faces" in said.err
    assert said.out.split() == ["out/group.aligned.png"]
    run(tmp_path, "align", group, "--size", 64, "--face", 1, "-o", "second.png")
    run(tmp_path, "align", group, "--size", 64, "--all-faces", "-o", "every.png")
    first, second, *every = (
        np.asarray(opened(tmp_path / name), int)
        for name in ("out/group.aligned.png", "second.png", "every-0.png", "every-1.png")
    )
    assert (first == every[0]).all()
    assert (second == every[1]).all()
    assert np.abs(first - second[:, ::-1]).mean() < np.abs(first - second).mean()  # the second is mirrored


def test_a_folder_goes_on_where_a_photo_shows_no_face(tmp_path, group):
    folder = tmp_path / "photos"
    folder.mkdir()
    group.rename(folder / "b.png")
    portrait().save(folder / "a.png")
    Image.new("RGB", (64, 64), "grey").save(folder / "c.png")
    (folder / "d.jpg").write_text("no photo")
    said = run(tmp_path, "align", folder, "-o", "faces", "--size", 64, "--show", "sheet.png")
    assert said.code == 0, said.err
    assert sorted(path.name for path in (tmp_path / "faces").iterdir()) == ["a.png", "b.png"]
    assert "c.png: no face was found" in said.err
    assert "d.jpg: no picture of a kind that can be read" in said.err
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 700


def refused(folder, *args):
    said = run(folder, "align", *args)
    assert said.code == 2
    assert len(said.lines) == 1, said.err
    assert not list(folder.glob("**/*.part*"))
    return said.err


def test_what_cannot_be_is_one_sentence(tmp_path):
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "wall.png")
    assert "wall.png: no face was found; it should look at the camera" in refused(tmp_path, "wall.png")
    assert "it shows 1 face, number 0; got --face 3" in refused(tmp_path, ASTRONAUT, "--face", 3)
    assert "expected a folder for the faces of 2 photos" in refused(tmp_path, ASTRONAUT, "wall.png", "-o", "a.png")
    assert "expected a folder, or a picture such as aligned.png" in refused(tmp_path, ASTRONAUT, "-o", "a.txt")
    assert "unknown landmarks 'dlip'; did you mean 'dlib'?" in refused(tmp_path, ASTRONAUT, "--landmarks", "dlip")
    assert "no such file" in refused(tmp_path, ASTRONAUT, "--landmarks-file", "none.dat")
    assert "take no file" in refused(tmp_path, ASTRONAUT, "--landmarks-file", "wall.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wall.png"]


PLUGIN = """
import numpy as np
import renderer

def find(pixels):
    return {faces}

@renderer.hookimpl
def register_landmarks(register):
    register("mine", lambda file: find)
"""
IN_THE_MIDDLE = "[renderer.Face(np.stack([np.linspace(40, 80, 68), np.linspace(30, 90, 68) ** 1.01], 1))]"


def test_landmarks_of_a_plugin(tmp_path):
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "mine.py").write_text(PLUGIN.format(faces=IN_THE_MIDDLE))
    mine = ("--plugins-dir", "plugins", "--landmarks", "mine", "--size", 32)
    said = run(tmp_path, "align", ASTRONAUT, *mine)
    assert said.code == 0, said.err
    assert "face 0: x 40-80, y 31-94" in said.err
    (tmp_path / "plugins" / "mine.py").write_text(PLUGIN.format(faces="[renderer.Face(np.zeros((5, 2)))]"))
    from renderer.job import plugins

    plugins.cache_clear()
    assert "landmarks 'mine': expected a list of Face, each with finite points [68, 2]" in refused(
        tmp_path, ASTRONAUT, *mine
    )


def test_dlib_is_asked_as_it_wants_to_be(tmp_path, monkeypatch):
    class Shape:
        num_parts = 68

        def part(self, index):
            return SimpleNamespace(x=10 + index, y=20 + index % 7)

    def predictor(path):
        if Path(path).read_text() != "points":
            raise RuntimeError("Unable to read")
        return lambda pixels, box: Shape()

    detector = SimpleNamespace(run=lambda pixels, doubled, threshold: (["box"], [1.7], [0]))
    fake = SimpleNamespace(get_frontal_face_detector=lambda: detector, shape_predictor=predictor)
    monkeypatch.setitem(sys.modules, "dlib", fake)
    (tmp_path / "points.dat").write_text("points")
    (tmp_path / "other.dat").write_text("other")
    from renderer.inversion.dlib_faces import dlib_finder

    (face,) = dlib_finder(tmp_path / "points.dat")(np.zeros((64, 64, 3), np.uint8))
    assert isinstance(face, Face)
    assert face.points[67].tolist() == [77, 24]
    assert face.score == 1
    assert "say where its points are" in refused(tmp_path, ASTRONAUT, "--landmarks", "dlib")
    assert "not a file of dlib's landmarks" in refused(
        tmp_path, ASTRONAUT, "--landmarks", "dlib", "--landmarks-file", "other.dat"
    )
    monkeypatch.setitem(sys.modules, "dlib", None)
    assert "pip install 'latentreel[dlib]'" in refused(tmp_path, ASTRONAUT, "--landmarks", "dlib")
