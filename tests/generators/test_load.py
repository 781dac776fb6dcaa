"""Opening generators by name and by path."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
import torch
from checkpoint_probe import FIXTURES

from renderer.errors import CheckpointError
from renderer.generators import Generator, convert, load_generator, model_hash, stylegan2_ada, stylegan2_tf
from renderer.generators.allowed import Persistent
from renderer.generators.checkpoint import Format, contents_of
from renderer.generators.detect import FORMATS, open_contents, unique
from renderer.generators.pickle_machine import Refusal

SG3_CHILDREN = {"synthesis": {"input": ["weight"]}, "mapping": {"fc0": ["weight"]}}


def persistent(class_name: str, tree: dict[str, object]) -> Persistent:
    """Build a network object as a checkpoint holds it, with one element per tensor."""

    def module(name: str, content: object) -> Persistent:
        state: dict[str, object] = {"_parameters": {}, "_modules": {}}
        if isinstance(content, dict):
            state["_modules"] = {key: module(key, value) for key, value in content.items()}
        elif isinstance(content, list):
            state["_parameters"] = {key: torch.zeros(1) for key in content}
        return Persistent({"type": "class", "class_name": name, "state": state})

    return module(class_name, tree)


@pytest.mark.parametrize(
    ("loaded", "title"),
    [
        ({"G_ema": persistent("Generator", SG3_CHILDREN)}, "a StyleGAN3 checkpoint"),
        ({"G_ema": persistent("SuperresGenerator", SG3_CHILDREN)}, "a StyleGAN-XL checkpoint"),
        ({"g_ema": {"convs.0.conv.weight": torch.zeros(1)}}, "a StyleGAN2 checkpoint of the rosinality code"),
        ({"module.convs.0.conv.weight": torch.zeros(1)}, "a StyleGAN2 checkpoint of the rosinality code"),
        (
            {"state_dict": {"encoder.a": torch.zeros(1), "decoder.b": torch.zeros(1)}},
            "a StyleGAN2 checkpoint of the e4e or pSp code",
        ),
        ({"synthesis.layer0.first_layer": torch.zeros(1)}, "a StyleGAN1 checkpoint of the InterFaceGAN code"),
        ({"g_synthesis.blocks.4x4.const": torch.zeros(1)}, "a StyleGAN1 checkpoint of the lernapparat code"),
    ],
)
def test_other_formats_are_recognised(loaded: object, title: str) -> None:
    contents = contents_of(loaded)
    assert next(each.title for each in FORMATS if each.detect(contents)) == title


def test_a_format_not_opened_says_what_is() -> None:
    other = Format("a StyleGAN9 checkpoint", lambda contents: True)
    with pytest.raises(Refusal, match=r"it is a StyleGAN9 checkpoint; this version opens our \.safetensors$"):
        open_contents({"w": torch.zeros(1)}, [other])
    with pytest.raises(Refusal, match=r"it is a .*9 checkpoint; .* opens StyleGAN2-ADA, .* and our \.safetensors$"):
        open_contents({"w": torch.zeros(1)}, [other, stylegan2_ada.FORMAT, stylegan2_tf.FORMAT])


def test_a_checkpoint_without_g_ema_says_so() -> None:
    with pytest.raises(Exception, match="it has no G_ema, the network that renders; it has G"):
        contents_of({"G": persistent("Generator", SG3_CHILDREN)})


def test_contradictions_are_one_sentence(tmp_path: Path) -> None:
    content = (FIXTURES / "sg2ada_orig32.pkl").read_bytes()
    path = tmp_path / "model.pkl"
    path.write_bytes(content.replace(b"X\x05\x00\x00\x00z_dim", b"X\x05\x00\x00\x00z_dux"))
    load_generator(path)  # a constructor argument that is missing is read off the shapes
    path.write_bytes(content.replace(b"conv1", b"conv9"))
    with pytest.raises(CheckpointError, match=r"broken: it holds an incomplete network: synthesis\.b4\.conv1"):
        load_generator(path)


def test_what_comes_is_ready_to_render() -> None:
    generator = load_generator(str(FIXTURES / "sg2ada_orig32.pkl"), size=(7, 9))
    assert generator.family == "stylegan2"
    assert generator.img_size == (32, 32)
    assert not generator.training
    assert not any(parameter.requires_grad for parameter in generator.parameters())
    assert all(value.dtype == torch.float32 for value in generator.state_dict().values())
    assert generator.device == torch.device("cpu")


def test_embedded_generators_go_by_name() -> None:
    bloom = load_generator("bloom", size=(24, 32))
    assert bloom.family == "bloom"
    assert bloom.img_size == (24, 32)
    made: list[dict[str, object]] = []

    def own(**options: object) -> Generator:
        made.append(options)
        return bloom

    assert load_generator("mine", embedded={"mine": own}) is bloom
    assert made == [{}]


def test_unknown_names_name_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ffhq.pkl").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"^blom: there is no generator and no file .*; did you mean 'bloom'\?$"):
        load_generator("blom")
    with pytest.raises(CheckpointError, match=r"^ffhq: .*; did you mean 'ffhq\.pkl'\?$"):
        load_generator("ffhq")
    with pytest.raises(CheckpointError, match=r"^zzzzzz: .*; known are bloom and files$"):
        load_generator("zzzzzz")
    with pytest.raises(CheckpointError, match=r"^models/ffhq\.pkl: no such file$"):
        load_generator("models/ffhq.pkl")
    with pytest.raises(CheckpointError, match=r"a generator cannot run in fp8; known are bf16, fp16, fp32$"):
        load_generator("bloom", dtype="fp8")
    with pytest.raises(CheckpointError, match=r"cannot run in torch\.float64"):
        load_generator("bloom", dtype=torch.float64)


def test_model_hash_tells_models_apart(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    shutil.copy(FIXTURES / "sg2ada_orig32.pkl", path)
    assert model_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert model_hash("bloom").startswith("bloom ")
    with pytest.raises(CheckpointError, match=r"did you mean 'a\.pkl'"):
        model_hash(tmp_path / "b.pkl")


def test_a_model_is_told_by_its_contents_not_its_name(tmp_path: Path) -> None:
    convert(FIXTURES / "sg2ada_orig32.pkl", tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").rename(tmp_path / "a.pkl")
    assert load_generator(tmp_path / "a.pkl").img_resolution == 32


def test_two_formats_of_one_title_are_refused():
    with pytest.raises(ValueError, match="two formats are called 'a StyleGAN3 checkpoint'"):
        unique(*FORMATS, next(each for each in FORMATS if each.title == "a StyleGAN3 checkpoint"))
