"""Model files read as data: `.pkl` pickles and torch's `.pt`/`.pth`, in both of its containers.

A pickle can ask to run any function. Here it can only name what stands in an exact table (see `allowed`), and
whatever is wrong with a file becomes one CheckpointError of one sentence.
"""

from __future__ import annotations

import codecs
import mmap
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor

from renderer.errors import CheckpointError, nearest
from renderer.generators.allowed import Namespace, NumpyArray, checkpoint_names, tensor_names
from renderer.generators.pickle_machine import Budget, Damage, Global, PickleMachine, Refusal, Stub
from renderer.generators.torch_streams import LEGACY_HEAD, Storage, StoredTensor, read_legacy, read_zip

Result = TypeVar("Result")
MAX_FILE_BYTES = 8 << 30
MAX_DEPTH = 16
MAPPED_BYTES = 4 << 20

KNOWN_HEADS = {
    b"\x93NUMPY": "is a numpy array, not a checkpoint",
    b"\x1f\x8b": "is compressed with gzip; unpack it first",
    b"BZh": "is compressed with bzip2; unpack it first",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
    b"\x89HDF": "is an HDF5 file, not a checkpoint",
    b"\x89PNG": "is a PNG image, not a checkpoint",
    b"\xff\xd8\xff": "is a JPEG image, not a checkpoint",
    b"version https://git-lfs": "is a Git LFS pointer: the model itself was not downloaded",
    b"<": "is a web page or XML text, not a model: the download went wrong",
}


def read_checkpoint(path: str | Path) -> Any:
    """Return the object in a `.pkl`, `.pt` or `.pth` file, without running anything that it asks for.

    Containers are plain, tensors are CPU tensors that may be strided, foreign objects are inert stubs (see `allowed`).
    In the networks of a plain pickle, tensors and arrays are StoredTensor and NumpyArray until they are asked for.
    Raises CheckpointError for every file that is missing, broken, too large, or asks for more than a checkpoint needs.
    """
    return guarded(path, parse)


def read_torch_file(path: str | Path) -> Any:
    """Return the tensors of a `.pt` or `.pth` file of plain data, such as latents or a direction.

    What comes back is a tensor, or dicts, lists and tuples of tensors and plain values; arrays become tensors.
    Raises CheckpointError as `read_checkpoint` does, and where the file holds a network instead.
    """
    return guarded(path, lambda data: _plain(parse(data), MAX_DEPTH, {}))


def parse(data: memoryview | bytes) -> Any:
    """Return the object in the bytes of any of the three containers; raise Refusal or Damage."""
    budget, data = Budget.for_file(len(data)), memoryview(data)
    head = bytes(data[:32])
    if head.startswith(b"PK"):
        return read_zip(data, tensor_names(budget), budget)
    if LEGACY_HEAD in head:
        return read_legacy(data, tensor_names(budget), budget)
    return PickleMachine(data, budget).run(checkpoint_names(budget))


def guarded(path: str | Path, read: Callable[[memoryview], Result]) -> Result:
    """Return what `read` makes of the bytes of a file; every failure is one CheckpointError that names it."""
    data = file_bytes(path)
    try:
        return read(data)
    except Refusal as error:
        raise CheckpointError(f"{path}: refused: {error}") from error
    except Damage as error:
        raise CheckpointError(f"{path}: broken: {error}") from error
    except zipfile.BadZipFile as error:
        detail = str(error).split("\n")[0][:100]
        raise CheckpointError(f"{path}: broken: it is no complete zip file as torch writes it ({detail})") from error
    except IndexError as error:
        raise CheckpointError(f"{path}: broken: its pickle instructions use more values than they make") from error
    except MemoryError as error:
        raise CheckpointError(f"{path}: there is not enough memory to open it ({len(data)} bytes)") from error
    except Exception as error:  # malformed bytes can fail anywhere; nothing of it is lost in the chain
        detail = f"{type(error).__name__}: {error}".split("\n")[0][:100]
        raise CheckpointError(f"{path}: broken: its parts do not fit together ({detail})") from error


def check_file(path: str | Path) -> Path:
    """Return the path of an existing regular file; raise CheckpointError naming the nearest one otherwise."""
    file = Path(path)
    if not os.path.lexists(file):  # also for a name that is too long to be one
        known = [entry.name for entry in file.parent.iterdir()] if file.parent.is_dir() else []
        raise CheckpointError(f"{path}: no such file{nearest(file.name, known)}")
    if file.is_dir():
        raise CheckpointError(f"{path}: is a directory, expected a model file")
    if not file.is_file():
        raise CheckpointError(f"{path}: is not a regular file, expected a model file")
    return file


def file_bytes(path: str | Path) -> memoryview:
    """Return the bytes of a file that could be a checkpoint; raise CheckpointError saying what it is otherwise.

    Those of a large file are mapped, so that only what is looked at is read.
    """
    file = check_file(path)
    try:
        with file.open("rb") as stream:
            size, head = os.fstat(stream.fileno()).st_size, stream.read(512)
            if size > MAX_FILE_BYTES:
                raise CheckpointError(f"{path}: has {size} bytes, more than the {MAX_FILE_BYTES} that a model may have")
            if problem := not_a_checkpoint(head):
                raise CheckpointError(f"{path}: {problem}")
            if size >= MAPPED_BYTES:
                return memoryview(mmap.mmap(stream.fileno(), size, access=mmap.ACCESS_READ))
            return memoryview(head + stream.read(size - len(head)))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error


def not_a_checkpoint(head: bytes) -> str | None:
    """Return what a file is if its first bytes are not those of a pickle or torch file, else None."""
    if not head:
        return "is empty, expected a model file"
    if head.startswith(b"PK\x03\x04") or (head[0] == 0x80 and len(head) > 1 and 2 <= head[1] <= 5):
        return None
    for start, meaning in KNOWN_HEADS.items():
        if head.startswith(start):
            return meaning
    if head[8:9] == b"{":
        return "is a safetensors file, expected a pickle or torch file"
    if is_text(head):
        return "is a text file, expected a model file"
    return f"is not a model file (it begins with the bytes {head[:4].hex(' ')})"


def is_text(head: bytes) -> bool:
    """Tell whether the first bytes of a file are printable UTF-8, the last character of which may be cut."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\n\r" for character in text)


def _plain(value: Any, depth: int, seen: dict[int, Any]) -> Any:
    """Return containers of tensors and plain values, each shared part made once; raise Refusal for anything else."""
    if depth < 0:
        raise Refusal(f"its containers are nested more than {MAX_DEPTH} deep")
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, Namespace):
        plain = _plain(value.state, depth, seen)
    elif isinstance(value, dict):
        plain = {key: _plain(item, depth - 1, seen) for key, item in value.items()}
    elif isinstance(value, (list, tuple)):
        plain = type(value)(_plain(item, depth - 1, seen) for item in value)
    elif isinstance(value, NumpyArray):
        plain = tensor_of(value)
    elif isinstance(value, Tensor):
        plain = value.contiguous()
    elif isinstance(value, StoredTensor):
        plain = value.tensor().contiguous()
    elif isinstance(value, memoryview):
        plain = bytes(value)
    elif isinstance(value, (Stub, Storage, Global)):
        raise Refusal(f"it holds a {type(value).__name__}, expected tensors")
    else:
        return value
    seen[id(value)] = plain
    return plain


def tensor_of(array: NumpyArray) -> Tensor:
    """Return a numpy array of a file as a tensor."""
    number = array.value
    wider = {"uint16": "int32", "uint32": "int64", "uint64": "int64"}.get(number.dtype.name, number.dtype)
    return torch.from_numpy(number.astype(wider, order="C", copy=False))
