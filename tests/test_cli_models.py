"""`render models`, `render info`, and scenes whose model comes from elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from tests.generators.model_server import ModelServer, serving, status

FIXTURES = Path(__file__).parent / "fixtures"
CONTENT = (FIXTURES / "sg2ada_cond32.pkl").read_bytes()


@pytest.fixture
def server():
    with serving(CONTENT) as running:
        yield running


@pytest.fixture
def render(render_command, tmp_path: Path):
    """Run `render` with a cache of its own."""
    return lambda *args, **env: render_command(*args, env={"LATENTREEL_CACHE": str(tmp_path / "cache"), **env})


def test_models_lists_what_can_be_named(render, tmp_path: Path):
    done = render("models")
    assert done.returncode == 0, done.stderr
    for said in ("bloom", "stylegan2-ada-ffhq-1024x1024", "stylegan3-r-afhqv2-512x512", "airplane", "non-commercial"):
        assert said in done.stdout
    assert f"Downloads lie in {tmp_path}/cache/models." in done.stdout
    listed = json.loads(render("models", "--json").stdout)
    assert listed[0]["name"] == "bloom"
    assert {one["held"] for one in listed} == {0}
    assert all(one["url"].startswith("https://") for one in listed[1:])
    assert not (tmp_path / "cache").exists(), "a list changes nothing"


def test_models_shows_what_is_cached(render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from renderer.generators.cache import Record, Remote

    monkeypatch.setenv("LATENTREEL_CACHE", str(tmp_path / "cache"))
    whole, begun = Remote.find("stylegan2-ada-cifar10-32x32"), Remote.find("stylegan3-t-ffhqu-256x256")
    whole.file.parent.mkdir(parents=True)
    whole.file.write_bytes(CONTENT)
    begun.beside(".part").write_bytes(bytes(2_000_000))
    Record(url=begun.url, length=90_000_000).write(begun.beside(".part.json"))
    lines = render("models").stdout.splitlines()
    assert "yes, 419.5 kB" in next(line for line in lines if line.startswith(whole.name))
    assert "2.0 MB of 90.0 MB" in next(line for line in lines if line.startswith(begun.name))
    told = render("info", whole.name, LATENTREEL_OFFLINE="1")
    assert told.returncode == 0, told.stderr
    assert "licence" in told.stdout


def test_models_fetches(render, server: ModelServer, tmp_path: Path):
    done = render("models", "--fetch", server.url)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).read_bytes() == CONTENT
    assert "ffhq.pkl" in done.stderr, "a bar is shown"
    assert render("models", "--fetch", server.url).stderr == "", "and none where nothing is downloaded"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["models", "--fetch", "stylegan2-ada-ffhq"], "no model is called so; did you mean 'stylegan2-ada-ffhq-"),
        (["models", "--fetch", "stylegan2-cat-config-f"], "LATENTREEL_OFFLINE is set"),
        (["info", "missing.pkl"], "missing.pkl: no such file"),
        (["info", "blom"], "did you mean 'bloom'?"),
        (["info", "bloom", "--sheet", "a.mp4"], "a.mp4: expected a picture for the sheet"),
        (["convert", "http://example.com/a.pkl", "a.safetensors"], "models are fetched from https:// addresses only"),
    ],
)
def test_bad_input_gets_one_clear_sentence(render, tmp_path: Path, args: list[str], said: str):
    done = render(*args, LATENTREEL_OFFLINE="1")
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_info_tells_all_about_a_file(render):
    file = FIXTURES / "sg2ada_cond32.pkl"
    done = render("info", file)
    assert done.returncode == 0, done.stderr
    for said in (
        "stylegan2",
        "32x32 pixels, 3 channels",
        "z 64, c 5, w 64, 8 layers",
        hashlib.sha256(CONTENT).hexdigest(),
    ):
        assert said in done.stdout
    facts = json.loads(render("info", "--json", file).stdout)
    assert (facts["family"], facts["classes"], facts["bytes"]) == ("stylegan2", 5, len(CONTENT))
    assert facts["bands"] == {"coarse": [0, 3], "middle": [4, 7]}
    assert facts["layers"][0] == {"first": 0, "last": 1, "resolution": 4, "band": "coarse"}
    assert facts["parameters"] > 10_000


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sg2ada_fp16clamp32.pkl", ["3 highest resolutions were trained in float16", "clamped to 1"]),
        ("sg2ada_resnet32.pkl", ["its layers are joined as resnet, not skip"]),
        ("sg2ada_uncond64.pkl", ["z has 64 and w 64 numbers, not 512"]),
    ],
)
def test_info_tells_what_is_unusual(name: str, said: list[str]):
    from renderer.generators import load_generator
    from renderer.generators.info import model_info

    told = "; ".join(model_info(name, load_generator(FIXTURES / name), FIXTURES / name).unusual)
    for sentence in said:
        assert sentence in told


def test_a_network_of_the_papers_has_nothing_unusual():
    import torch

    from renderer.generators.info import unusual
    from renderer.generators.networks.stylegan2 import StyleGAN2, StyleGAN2Config

    usual = {"z_dim": 512, "c_dim": 0, "w_dim": 512, "img_resolution": 16, "img_channels": 3}
    config = StyleGAN2Config(**usual, channels=(512,) * 3, mapping_widths=(512,) * 8)
    network = StyleGAN2(config).randomize(0)
    assert unusual(network) == [
        "w_avg is zero or missing: psi below 1 leads to w = 0, not to the mean image",
    ]
    network.w_avg += 1
    assert unusual(network) == []
    network.w_avg[3] = torch.nan
    assert unusual(network) == ["1 of its tensors are not finite, w_avg among them"]


@pytest.mark.parametrize("model", ["bloom", str(FIXTURES / "sg2ada_cond32.pkl")])
def test_info_draws_samples(render, tmp_path: Path, model: str):
    done = render("info", model, "--sheet", "some.png", "--count", 3, "--columns", 2)
    assert done.returncode == 0, done.stderr
    side = 256 if model == "bloom" else 128
    with Image.open(tmp_path / "some.png") as sheet:
        assert sheet.size == (2 * (side + 6) + 6, 2 * (side + 26) + 6)
        assert len(sheet.getcolors(1 << 20)) > 100


def test_a_scene_downloads_its_model_and_its_manifest_knows_the_file(
    render, write_scene, server: ModelServer, tmp_path
):
    scene = write_scene(f"model: {server.url}\nsize: 32\nduration: 0.2s\ntimeline: [{{walk: {{keys: 1-2}}}}]\n")
    done = render(scene, "-o", "a.gif")
    assert done.returncode == 0, done.stderr
    assert "ffhq.pkl" in done.stderr
    manifest = json.loads((tmp_path / "a.gif.json").read_text())
    assert manifest["model"]["name"] == server.url
    assert manifest["model"]["hash"] == hashlib.sha256(CONTENT).hexdigest()
    again = render("a.gif.json", "-o", "b.gif", LATENTREEL_OFFLINE="1")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()


def test_a_download_that_fails_says_where_the_scene_names_it(render, write_scene, server: ModelServer, tmp_path: Path):
    server.behaviours = [status(403)]
    write_scene(f"model: {server.url}\ntimeline: [{{walk: {{keys: 1-2}}}}]\n")
    done = render("check", "scene.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"scene.yaml:1:8: model: {server.url}: the server does not give it to everybody (403)"
    )
    assert len(done.stderr.strip().splitlines()) == 1
