"""StyleGAN-XL, for which there are no reference numbers: its layout by construction, its mapping by its formula."""

from __future__ import annotations

import math
import pickle
import sys
import types
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from stylegan3_probe import snapshot
from torch.nn import functional

from renderer import compile_timeline, load_scene
from renderer.errors import CheckpointError, LatentreelError
from renderer.generators import load_generator, save_safetensors
from renderer.generators.allowed import Persistent
from renderer.generators.detect import open_contents
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import LayerConfig
from renderer.generators.networks.stylegan_xl import StyleGANXL, StyleGANXLConfig
from renderer.generators.pickle_machine import Damage
from renderer.generators.safe_pickle import read_checkpoint
from renderer.generators.stylegan3_design import design
from renderer.generators.untrained import filled_randomly

CLASSES, FEATURES, Z, W = 5, 6, 7, 9
SMALL: dict[str, Any] = {"channel_base": 64, "channel_max": 10, "z_dim": Z, "w_dim": W, "num_layers": 5}


def network(seed: int = 0) -> StyleGANXL:
    """Return a network of a stem without its last layers, and a head that goes on to twice the resolution."""
    stem, stem_filters = design(16, **SMALL, num_critical=2)
    head, head_filters = design(32, **SMALL, num_critical=2)
    kept = stem.layers[:3]  # what is critically sampled goes, and the image layer
    first = next(i for i, layer in enumerate(head.layers) if layer.in_size == 36 != layer.out_size)
    layers, filters = list(kept), {key: v for key, v in stem_filters.items() if key.split(".")[1] in names(kept)}
    for index, layer in enumerate(head.layers[first:], start=len(kept)):
        inputs = layers[-1].outputs
        name = f"L{index}_{layer.out_size}_{layer.outputs}"
        for key in ("up_filter", "down_filter"):
            if (old := f"synthesis_network.{layer.name}.{key}") in head_filters:
                filters[f"synthesis_network.{name}.{key}"] = head_filters[old]
        layers.append(replace(layer, name=name, inputs=inputs))
    fields = {**{key: getattr(stem, key) for key in asdict(stem)}, "layers": tuple(layers), "img_resolution": 32}
    made = StyleGANXLConfig(**fields | {"c_dim": CLASSES, "embed_features": Z}, class_features=FEATURES)
    generator = StyleGANXL(made)
    filled_randomly(generator, filters, seed)
    source = torch.Generator().manual_seed(seed)
    mapping = generator.mapping_network
    mapping.class_table.copy_(torch.randn(CLASSES, FEATURES, generator=source))
    generator.class_w_avg.copy_(torch.randn(CLASSES, W, generator=source))
    generator.w_avg.copy_(generator.class_w_avg.mean(dim=0))
    return generator


def names(layers: tuple[LayerConfig, ...]) -> set[str]:
    return {layer.name for layer in layers}


def xl_snapshot(generator: StyleGANXL) -> Persistent:
    """Return the network as its checkpoint has it: the table a module of torch, the centres of all classes as w_avg."""
    root = snapshot(generator, "SuperresGenerator", path_stem="https://example.org/stem.pkl", head_layers=4)
    mapping = root.state["_modules"]["mapping"].state
    mapping["_buffers"]["w_avg"] = root.state["_buffers"].pop("class_w_avg", None)
    if mapping["_buffers"]["w_avg"] is None:
        mapping["_buffers"]["w_avg"] = root.state["_parameters"].pop("class_w_avg")
    table = mapping["_parameters"].pop("class_table")
    mapping["_modules"]["embed"] = torch.nn.Embedding.from_pretrained(table)
    return root


class _Pickler(pickle.Pickler):
    def reducer_override(self, thing: Any) -> Any:
        if not isinstance(thing, Persistent):
            return NotImplemented
        meta = {"type": "class", "version": 6, "module_src": "", "class_name": thing.class_name, "state": thing.state}
        return sys.modules["torch_utils.persistence"]._reconstruct_persistent_obj, (meta,)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkpoint of `network()` in the layout of NVIDIA's persistence."""
    persistence = types.ModuleType("torch_utils.persistence")

    def _reconstruct_persistent_obj(meta: Any) -> None:
        raise NotImplementedError

    _reconstruct_persistent_obj.__module__ = persistence.__name__
    _reconstruct_persistent_obj.__qualname__ = "_reconstruct_persistent_obj"
    persistence._reconstruct_persistent_obj = _reconstruct_persistent_obj  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch_utils", types.ModuleType("torch_utils"))
    monkeypatch.setitem(sys.modules, "torch_utils.persistence", persistence)
    path = tmp_path / "xl.pkl"
    with path.open("wb") as stream:
        _Pickler(stream, protocol=4).dump({"G": None, "D": None, "G_ema": xl_snapshot(network())})
    return path


def z_and_labels(count: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    z = torch.randn(count, Z, generator=torch.Generator().manual_seed(4))
    return z, torch.eye(CLASSES)[[(2 * i + 1) % CLASSES for i in range(count)]]


def test_a_written_checkpoint_is_the_same_network(written: Path, tmp_path: Path) -> None:
    generator, opened = network(), load_generator(written)
    assert isinstance(opened, StyleGANXL)
    assert opened.config == generator.config
    assert (opened.family, opened.c_dim, opened.img_size, opened.num_ws) == ("stylegan-xl", CLASSES, (32, 32), 8)
    state = opened.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in generator.state_dict().items())
    z, c = z_and_labels()
    ws = opened.mapping(z, c, 0.7)
    assert torch.equal(ws, generator.mapping(z, c, 0.7))
    assert torch.equal(opened.synthesis(ws), generator.synthesis(ws))
    save_safetensors(opened, tmp_path / "a.safetensors")
    again = load_generator(tmp_path / "a.safetensors")
    assert isinstance(again, StyleGANXL)
    assert again.config == opened.config
    assert all(torch.equal(value, state[name]) for name, value in again.state_dict().items())


def test_the_mapping_is_its_formula() -> None:
    generator = network()
    mapping = generator.mapping_network
    z, c = z_and_labels()

    def unit(x: torch.Tensor) -> torch.Tensor:
        return x / (x.square().mean(dim=1, keepdim=True) + 1e-8).sqrt()

    proj = mapping.embed_proj
    y = mapping.class_table[c.argmax(dim=1)] @ proj.weight.t() / math.sqrt(FEATURES) + proj.bias
    x = torch.cat([unit(z), unit(functional.leaky_relu(y, 0.2) * math.sqrt(2))], dim=1)
    for index in range(2):
        dense = mapping.get_submodule(f"fc{index}")
        x = x @ dense.weight.t() * (0.01 / math.sqrt(x.shape[1])) + dense.bias * 0.01
        x = functional.leaky_relu(x, 0.2) * math.sqrt(2)
    torch.testing.assert_close(generator.mapping(z, c)[:, 0], x, atol=1e-5, rtol=1e-5)


def test_truncation_pulls_towards_the_centre_of_the_class() -> None:
    generator = network()
    z, c = z_and_labels()
    centers = generator.class_w_avg[c.argmax(dim=1)]
    full = generator.mapping(z, c)
    torch.testing.assert_close(generator.mapping(z, c, 0.0)[:, 2], centers)
    half = generator.mapping(z, c, 0.5, 4)
    torch.testing.assert_close(half[:, 3], (centers + full[:, 3]) / 2)
    assert torch.equal(half[:, 4:], full[:, 4:])


def test_labels_of_a_wrong_shape_are_one_sentence() -> None:
    generator = network()
    with pytest.raises(LatentreelError, match=r"needs class labels of shape \[2, 5\]; none are given"):
        generator.mapping(torch.ones(2, Z))
    with pytest.raises(LatentreelError, match=r"z has the shape \[2, 3\], expected \[N, 7\]"):
        generator.mapping(torch.ones(2, 3), torch.eye(CLASSES)[:2])


def test_a_head_without_classes_is_a_stylegan3() -> None:
    made, filters = design(16, **SMALL)
    plain = filled_randomly(StyleGAN3(made), filters, 0)
    opened = open_contents({"G_ema": snapshot(plain, "SuperresGenerator", path_stem="stem.pkl")})
    assert type(opened) is StyleGAN3
    assert opened.config == made


def test_the_table_may_hold_more_classes_than_the_network_knows(written: Path) -> None:
    loaded = read_checkpoint(written)
    loaded["G_ema"].state["_modules"]["mapping"].state["_buffers"]["w_avg"] = torch.zeros(4, W)
    opened = open_contents(loaded)
    assert isinstance(opened, StyleGANXL)
    assert opened.c_dim == 4
    assert torch.equal(opened.mapping_network.class_table, network().mapping_network.class_table[:4])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda mapping: mapping["_modules"].pop("embed"), "the table of classes, mapping.embed, is missing"),
        (lambda mapping: mapping["_buffers"].update(w_avg=torch.zeros(W)), "expected 2 dimensions"),
        (
            lambda mapping: mapping["_buffers"].update(w_avg=torch.zeros(6, W)),
            r"table of classes has the shape \[5, 6\]",
        ),
        (lambda mapping: mapping["_buffers"].update(w_avg=torch.zeros(5, W).int()), r"of type torch\.int32"),
    ],
)
def test_networks_that_do_not_fit(change: Any, reason: str, written: Path) -> None:
    loaded = read_checkpoint(written)
    change(loaded["G_ema"].state["_modules"]["mapping"].state)
    with pytest.raises(Damage, match=reason):
        open_contents(loaded)


def test_truncated_files_are_one_sentence(written: Path) -> None:
    content = written.read_bytes()
    for length in (100, len(content) // 2, len(content) - 1):
        written.write_bytes(content[:length])
        with pytest.raises(CheckpointError, match=r"^[^\n]*$"):
            load_generator(written)


@pytest.mark.parametrize("space", ["w", "z"])
def test_a_scene_truncates_towards_the_centre_of_its_class(tmp_path: Path, space: str) -> None:
    generator = network()
    scene = tmp_path / "scene.yaml"
    walk = f"walk: {{keys: [3, 14], space: {space}}}"
    scene.write_text(f"class: 2\npsi: 0\nduration: 1s\ntimeline: [{walk}, {{layer-mix: {{with: 5, layers: 0-1}}}}]\n")
    ws = compile_timeline(load_scene(scene), generator).at([0.0, 0.4, 1.0]).ws
    torch.testing.assert_close(ws, generator.class_w_avg[2].expand_as(ws))
