"""Perceptual backends see what they should, and read their weights as data."""

from __future__ import annotations

import pytest
import torch
from PIL import Image
from renderer.plugins.perceptual import squeezenet
from torch import nn

from renderer import CheckpointError, ValueProblem, read_tensors
from renderer.inversion.distance import Distance
from renderer.inversion.photo import picture_tensor
from renderer.job import plugins

WIDTHS = (4, 4, 6, 6, 8, 8, 8, 10, 10, 10, 10, 10, 10)  # of VGG16's convolutions, an eighth and less


def small_vgg():
    torch.manual_seed(0)
    pairs = zip((3, *WIDTHS), WIDTHS, strict=False)
    features = nn.Sequential(*(layer for pair in pairs for layer in (nn.Conv2d(*pair, 3, padding=1), nn.ReLU())))
    whole = nn.Module()
    whole.features = features
    whole.classifier = nn.Linear(10, 3)
    return whole


def test_squeezenet_sees_what_a_photo_shows():
    """The photo is scikit-image's `coffee`, by Rachel Michetti, CC0."""
    with Image.open("tests/fixtures/photos/coffee.jpg") as photo:
        images = picture_tensor(photo.convert("RGB").resize((224, 224)))[None]
    scores = squeezenet.load(classes=True).classify(images).softmax(1)
    assert int(scores.argmax()) == 967  # espresso
    assert float(scores.max()) > 0.9


def test_features_tell_a_change_of_shape_from_one_of_light():
    backend = plugins().perceptual["squeezenet"](None)
    torch.manual_seed(0)
    photo = nn.functional.interpolate(torch.rand(1, 3, 8, 8) * 1.2 - 0.6, (64, 64), mode="bicubic")
    darker, moved = photo - 0.1, photo.roll(3, 3)
    pixels = [float(Distance(photo, None, backend, 0.0)(one)) for one in (darker, moved)]
    both = [float(Distance(photo, None, backend, 1.0)(one)) for one in (darker, moved)]
    features = [whole - part for whole, part in zip(both, pixels, strict=True)]
    assert features[1] / features[0] > 2 * pixels[1] / pixels[0]
    assert float(Distance(photo, None, backend, 1.0)(photo)) == pytest.approx(0, abs=1e-5)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("container", ["state_dict", "script"])
def test_vgg16_is_read_from_both_containers(tmp_path, container):
    network, file = small_vgg(), tmp_path / "vgg16.pt"
    if container == "script":

        class Program(nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = network.features

            def forward(self, x):
                return self.layers(x)

        torch.jit.trace(Program(), torch.rand(1, 3, 16, 16)).save(str(file))
    else:
        torch.save(network.state_dict(), file)
    backend = plugins().perceptual["vgg16"](file)
    maps = backend(torch.rand(1, 3, 64, 64))
    assert [(one.shape[1], one.shape[2]) for one in maps] == [(4, 64), (6, 32), (8, 16), (10, 8), (10, 4)]
    assert torch.equal(backend.kernels[12][0], network.features[24].weight)


def test_files_without_weights_are_refused(tmp_path):
    torch.save({"a": torch.zeros(3)}, tmp_path / "other.pt")
    torch.save([1, 2], tmp_path / "none.pt")
    with pytest.raises(ValueProblem, match="13 convolutions of VGG16"):
        plugins().perceptual["vgg16"](tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match="holds no tensors"):
        read_tensors(tmp_path / "none.pt")
    with pytest.raises(ValueProblem, match="takes no file"):
        plugins().perceptual["squeezenet"](tmp_path / "other.pt")
