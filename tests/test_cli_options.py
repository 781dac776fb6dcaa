"""Options that several commands have in common."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from tests.plugins.conftest import command  # noqa: F401

SCENE = "size: 16\nduration: 1s\nmodel: {model}\ntimeline: [{{walk: {{keys: 3}}}}]\n"


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_threads_are_those_of_the_run(command, write_scene):  # noqa: F811
    told = command("check", write_scene(SCENE.format(model="bloom")), "--threads", 1)
    assert (told.code, torch.get_num_threads()) == (0, 1)


def test_another_model_stands_before_that_of_the_scene(command, write_scene):  # noqa: F811
    scene = write_scene(SCENE.format(model="lost.pkl"))
    assert command("check", scene).code == 2
    told = command("check", scene, "--model", "bloom")
    assert told.code == 0
    assert "bloom (bloom)" in told.output


def test_samples_at_psi_0_are_all_the_mean(command, tmp_path):  # noqa: F811
    for psi, differ in (("0", False), ("1", True)):
        told = command("info", "bloom", "--sheet", "sheet.png", "--count", 2, "--columns", 2, "--psi", psi)
        assert told.code == 0, told.output
        with Image.open(tmp_path / "sheet.png") as sheet:
            pixels = np.asarray(sheet.convert("RGB")).astype(int)
        first, second = (pixels[10:250, left : left + 240] for left in (10, 10 + 262))
        assert (np.abs(first - second).mean() > 2) == differ
