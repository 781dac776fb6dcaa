"""What `model:` takes: paths, addresses and names, and what is said of all else."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from renderer.errors import CheckpointError, SceneError
from renderer.generators import load_generator, model_hash
from renderer.generators import zoo as zoo_module
from renderer.generators.load import is_remote
from renderer.generators.zoo import ZooModel
from tests.generators.checkpoint_probe import FIXTURES
from tests.generators.model_server import ModelServer, serving, status

CONTENT = (FIXTURES / "sg2ada_orig32.pkl").read_bytes()


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LATENTREEL_OFFLINE", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def server():
    with serving(CONTENT) as running:
        yield running


@pytest.fixture
def in_zoo(server: ModelServer, monkeypatch: pytest.MonkeyPatch) -> str:
    model = ZooModel(
        name="tiny-32x32",
        url=server.url,
        family="StyleGAN2-ADA",
        resolution=32,
        classes=0,
        shows="noise",
        licence="none",
        about="https://example.com/",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
    )
    models = {**zoo_module.zoo(), model.name: model}
    for module in ("load", "cache"):
        monkeypatch.setattr(f"renderer.generators.{module}.zoo", lambda: models)
    return model.name


def test_an_address_is_fetched_and_opened(server: ModelServer):
    seen: list[int] = []
    generator = load_generator(server.url, progress=lambda done, total: seen.append(done))
    assert generator.img_resolution == 32
    assert seen[-1] == len(CONTENT)
    assert model_hash(server.url) == hashlib.sha256(CONTENT).hexdigest()
    assert len(server.seen) == 1


def test_a_name_of_the_zoo_is_fetched_unless_a_file_is_called_so(in_zoo: str, server: ModelServer):
    assert is_remote(in_zoo)
    assert load_generator(in_zoo).img_resolution == 32
    Path(in_zoo).write_bytes((FIXTURES / "sg2ada_uncond64.pkl").read_bytes())
    assert not is_remote(in_zoo)
    assert load_generator(in_zoo).img_resolution == 64
    assert not is_remote(Path("elsewhere") / in_zoo)


def test_offline_says_which_folder(in_zoo: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LATENTREEL_OFFLINE", "1")
    with pytest.raises(CheckpointError, match=rf"^{in_zoo}: is not in the cache \(.*models\), and LATENTREEL_OFFLINE"):
        load_generator(in_zoo)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tiny-32x23", r"did you mean 'tiny-32x32'\?"),
        ("ffhq", r"did you mean stylegan2-ada-ffhq-1024x1024, .* or another\?"),
        ("horse", r"did you mean stylegan2-horse-config-f\?"),
        ("wxyz", r"and none of `render models`; known are bloom and files$"),
        ("x" * 300 + ".pkl", "no such file"),
        ("http://example.com/a.pkl", "models are fetched from https:// addresses only"),
    ],
)
def test_unknown_names_lead_to_known_ones(in_zoo: str, name: str, said: str):
    with pytest.raises(CheckpointError, match=said):
        load_generator(name)


def scene_error(path: Path) -> str:
    from renderer import load_scene, prepare

    with pytest.raises(SceneError) as caught:
        prepare(load_scene(path))
    return str(caught.value)


def test_a_scene_takes_an_address(write_scene, server: ModelServer):
    from renderer import load_scene, prepare

    scene = write_scene(f"model: {server.url}?token={'x' * 300}\nduration: 1s\ntimeline: [{{walk: {{keys: 1-2}}}}]\n")
    job = prepare(load_scene(scene))
    assert job.size == (32, 32)
    assert job.model.startswith("http://127.0.0.1")


@pytest.mark.parametrize("model", ["missing.pkl", "blom", "http://example.com/a.pkl", "./folder"])
def test_errors_about_a_model_say_where_it_stands(write_scene, model: str):
    os.mkdir("folder")  # noqa: PTH102
    scene = write_scene(f"seed: 1\nmodel: {model}\ntimeline: [{{walk: {{keys: 1-2}}}}]\n")
    assert scene_error(scene).startswith(f"{scene}:2:8: model: {model}: ")


def test_a_download_that_fails_says_where_it_stands(write_scene, server: ModelServer):
    server.behaviours = [status(404)]
    scene = write_scene(f"model: {server.url}\ntimeline: [{{walk: {{keys: 1-2}}}}]\n")
    assert scene_error(scene) == f"{scene}:1:8: model: {server.url}: the server has no such file (404)"
