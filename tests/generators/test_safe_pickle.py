"""What good files of plain tensors give, and one clear sentence for every file that is none."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from checkpoint_probe import FIXTURES, UNSAFE, name_of, pickled, text

from renderer.errors import CheckpointError
from renderer.generators import load_generator, read_torch_file
from renderer.generators.safe_pickle import read_checkpoint


def saved(tmp_path: Path, value: Any, legacy: bool = False, **options: Any) -> Path:
    path = tmp_path / "latents.pt"
    torch.save(value, path, _use_new_zipfile_serialization=not legacy, **options)
    return path


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_tensors_come_back_bit_equal(tmp_path: Path, legacy: bool, protocol: int) -> None:
    base = torch.randn(6, 8, generator=torch.Generator().manual_seed(1))
    value = {
        "float": base,
        "half": base.half(),
        "brain": base.bfloat16(),
        "double": base.double(),
        "long": torch.arange(5),
        "int": torch.arange(5, dtype=torch.int32),
        "short": torch.arange(5, dtype=torch.int16),
        "char": torch.arange(5, dtype=torch.int8),
        "byte": torch.arange(5, dtype=torch.uint8),
        "bool": base > 0,
        "scalar": torch.tensor(3.5),
        "empty": torch.zeros(0, 4),
        "transposed": base.t(),
        "channels_last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "slice": base[2:, ::3],
        "expanded": base[:1].expand(18, 8),
        "parameter": torch.nn.Parameter(base),
        "nested": [OrderedDict(a=base), (1, 2.5, None, True, "word", 10**30, -5)],
    }
    read = read_torch_file(saved(tmp_path, value, legacy, pickle_protocol=protocol))
    assert list(read) == list(value)
    for name, wanted in value.items():
        if isinstance(wanted, torch.Tensor):
            assert read[name].dtype == wanted.dtype, name
            assert torch.equal(read[name], wanted), name
            assert read[name].is_contiguous(), name
            assert not read[name].requires_grad, name
    assert torch.equal(read["nested"][0]["a"], base)
    assert read["nested"][1] == (1, 2.5, None, True, "word", 10**30, -5)


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_plain_pickles_of_tensors(tmp_path: Path, protocol: int) -> None:
    """A tensor in a plain pickle carries a nested torch stream, as NVIDIA's checkpoints do."""
    path, value = tmp_path / "latents.pkl", torch.arange(12.0).reshape(3, 4)
    path.write_bytes(pickle.dumps({"w": value, "n": {1, 2}}, protocol=protocol))
    read = read_torch_file(path)
    assert torch.equal(read["w"], value)
    assert read["n"] == {1, 2}


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("kind", ["<f4", ">f4", ">i2", "<u2", "<u4", "|b1", "<f2", ">f8"])
def test_numpy_values(tmp_path: Path, protocol: int, kind: str) -> None:
    path = tmp_path / "latents.pkl"
    array = np.arange(6).reshape(2, 3).astype(kind)
    value = {"a": array, "fortran": np.asfortranarray(array), "number": array[1, 2], "zero": np.array(array[0, 0])}
    path.write_bytes(pickle.dumps(value, protocol=protocol))
    read = read_torch_file(path)
    for name in ("a", "fortran"):
        assert np.array_equal(read[name].numpy(), array), name
    assert type(read["number"]) in (int, float, bool)
    assert read["number"] == array[1, 2]
    assert read["zero"].shape == ()
    read["a"][0] = 1  # writable: it is a copy


def test_every_good_fixture_uses_only_known_names() -> None:
    for path in sorted(FIXTURES.glob("*.pkl")):
        loaded = read_checkpoint(path)
        assert len(loaded) == 3 if isinstance(loaded, tuple) else set(loaded) >= {"G", "D", "G_ema"}


def test_the_file_is_not_changed_and_not_kept_open(tmp_path: Path) -> None:
    path = saved(tmp_path, torch.ones(3))
    before = path.read_bytes()
    read_torch_file(path).zero_()
    assert path.read_bytes() == before
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty, expected a model file"),
        (b"model: bloom\nseed: 7\n", "is a text file, expected a model file"),
        ("modèle: é\n".encode(), "is a text file, expected a model file"),
        (b"<!DOCTYPE html><html>", "is a web page or XML text, not a model: the download went wrong"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a Git LFS pointer: the model itself was not"),
        (b"\x1f\x8b\x08\x00", "is compressed with gzip; unpack it first"),
        (b"\x89PNG\r\n\x1a\n", "is a PNG image"),
        (b"\x00\x01\x02\x03", "is not a model file (it begins with the bytes 00 01 02 03)"),
        (b"\x80", "is not a model file"),
        (b"\x80\x09N.", "is not a model file"),
        (b"\x80\x04", "broken: it ends too early: 1 bytes are announced where 0 are left"),
        (b"PK\x03\x04", "broken: it is no complete zip file as torch writes it (File is not a zip file)"),
        (b"\x80\x04R.", "broken: its pickle instructions use more values than they make"),
        (b"\x80\x04N.", "refused: it holds a NoneType, not a network"),
        (b"\x80\x04}.", "refused: it holds no network that is known (it has nothing)"),
    ],
)
def test_what_is_no_checkpoint(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(content)
    with pytest.raises(CheckpointError) as caught:
        load_generator(path)
    assert str(caught.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(caught.value)


def test_missing_directory_pipe_and_unreadable(tmp_path: Path) -> None:
    (tmp_path / "ffhq.pkl").write_bytes(b"x")
    with pytest.raises(CheckpointError, match=r"fhq\.pkl: no such file; did you mean 'ffhq\.pkl'\?$"):
        load_generator(tmp_path / "fhq.pkl")
    with pytest.raises(CheckpointError, match=r"no such file$"):
        load_generator(tmp_path / "nowhere" / "fhq.pkl")
    with pytest.raises(CheckpointError, match=r"is a directory, expected a model file$"):
        load_generator(tmp_path)
    os.mkfifo(tmp_path / "pipe.pkl")
    with pytest.raises(CheckpointError, match="is not a regular file"):
        load_generator(tmp_path / "pipe.pkl")
    (tmp_path / "loop.pkl").symlink_to(tmp_path / "loop.pkl")
    with pytest.raises(CheckpointError, match="is not a regular file"):
        load_generator(tmp_path / "loop.pkl")


def test_a_network_is_no_file_of_tensors() -> None:
    with pytest.raises(CheckpointError, match="it holds a Persistent, expected tensors"):
        read_torch_file(FIXTURES / "sg2ada_orig32.pkl")


@pytest.mark.parametrize("length", [1, 100, 4999, 100_000, -200, -1])
def test_every_truncation_is_one_sentence(length: int, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes((FIXTURES / "sg2ada_resnet32.pkl").read_bytes()[:length])
    with pytest.raises(CheckpointError) as caught:
        load_generator(path)
    assert "\n" not in str(caught.value)


def array_state(shape: bytes, kind: str, data: bytes, order: str = "<") -> bytes:
    dtype = name_of("numpy", "dtype") + text(kind) + b"\x89\x88\x87R"
    dtype += b"(K\x03" + text(order) + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    array = name_of("numpy.core.multiarray", "_reconstruct") + name_of("numpy", "ndarray") + b"K\x00\x85C\x01b\x87R"
    return array + b"(K\x01" + shape + dtype + b"\x89C" + bytes([len(data)]) + data + b"tb"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (array_state(b"K\x03\x85", "f4", b"0" * 11), "needs 12 bytes of data but has 11 bytes"),
        (array_state(b"K\x03\x85", "f4", b"0" * 13), "needs 12 bytes of data but has 13 bytes"),
        (array_state(b"J\xff\xff\xff\xff\x85", "f4", b""), "has an impossible shape"),
        (array_state(b"N\x85", "f4", b""), "has an impossible shape"),
        (array_state(b"K\x01\x85", "O", b"0" * 8), "array of type O, expected plain numbers"),
        (array_state(b"K\x01\x85", "f4,f4", b"0" * 8), "array of type f4,f4, expected plain numbers"),
        (array_state(b"K\x01\x85", "f4", b"0" * 4, "x"), "the description of a numpy type in it is broken"),
    ],
)
def test_wrong_arrays(body: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "latents.pkl"
    path.write_bytes(pickled(body))
    with pytest.raises(CheckpointError, match=reason):
        read_torch_file(path)


def test_the_hand_written_array_is_good_when_its_length_is(tmp_path: Path) -> None:
    path = tmp_path / "latents.pkl"
    path.write_bytes(pickled(array_state(b"K\x03\x85", "i2", b"\x00\x01\x00\x02\x00\x03", ">")))
    assert read_torch_file(path).tolist() == [1, 2, 3]


def test_legacy_streams_are_checked_to_the_end(tmp_path: Path) -> None:
    content = saved(tmp_path, {"x": torch.arange(100.0)}, legacy=True).read_bytes()
    path = tmp_path / "latents.pt"
    path.write_bytes(content[:-1])
    with pytest.raises(CheckpointError, match="ends too early: 400 bytes are announced where 399 are left"):
        read_torch_file(path)
    position = content.rfind((100).to_bytes(8, "little"))
    path.write_bytes(content[:position] + (99).to_bytes(8, "little") + content[position + 8 :])
    with pytest.raises(CheckpointError, match="a storage of 100 elements has 99 elements of data"):
        read_torch_file(path)


def test_a_tensor_before_its_data_is_not_zero(tmp_path: Path) -> None:
    """In a legacy stream the data follow the pickle; a copy taken too early would be silent zeros."""
    value = torch.arange(1.0, 13.0).reshape(3, 4)
    for legacy in (True, False):
        read = read_torch_file(saved(tmp_path, {"t": value.t(), "shared": value}, legacy))
        assert torch.equal(read["t"], value.t())


def test_the_unsafe_names_are_really_in_the_unsafe_files() -> None:
    """Guard the fixtures themselves: a payload that is not there proves nothing."""
    stream = io.BytesIO((UNSAFE / "UNSAFE_reduce_os_system.pkl").read_bytes())
    assert "system" in [argument for _, argument, _ in pickletools.genops(stream)]
