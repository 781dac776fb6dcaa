"""Tensors in pickles: storages, views into them, and the two containers that torch.save writes.

Nothing is allocated before the bytes for it have been seen, and torch's own loader is never called.
"""

from __future__ import annotations

import io
import math
import mmap
import zipfile
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.generators.pickle_machine import Allowed, Budget, Damage, Global, PickleMachine, Refusal, Stub, shown

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
LEGACY_HEAD = b"\x8a\x0a" + LEGACY_MAGIC.to_bytes(10, "little")  # after the protocol and perhaps a frame
LARGE = 1 << 20  # bytes
SMALL_VIEW = 1 << 16  # elements that an expanded tensor may have beyond its storage

STORAGE_DTYPES = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "DoubleStorage": torch.float64,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
    "UntypedStorage": torch.uint8,
}


@dataclass(frozen=True)
class StorageType(Global):
    """Mark the dtype of a storage; never called."""

    dtype: torch.dtype | None = None


class Storage:
    """Hold the `numel` elements of one storage, which take memory only once they are asked for."""

    def __init__(self, dtype: torch.dtype, numel: int) -> None:
        self.dtype, self.numel = dtype, numel
        self.nbytes = numel * dtype.itemsize
        self.source: memoryview | None = None
        self.made: Tensor | None = None

    @property
    def elements(self) -> Tensor:
        """Return the elements [numel]; those of a legacy stream are zero until its end is read."""
        if self.made is None:
            new = torch.zeros if self.source is None else torch.empty
            self.made = new(self.numel, dtype=self.dtype)
            if self.source is not None:
                self.fill(self.source)
        return self.made

    def fill(self, data: memoryview) -> None:
        """Take raw little-endian bytes as the elements."""
        if self.made is None:
            self.source = data
        else:
            self.made.view(torch.uint8).numpy()[:] = np.frombuffer(data, dtype=np.uint8)
            self.source = None
            release(data)


def release(data: memoryview) -> None:
    """Let go of the memory that a mapped file takes, where the system can; what is looked at again is read again."""
    if isinstance(data.obj, mmap.mmap) and len(data) >= LARGE and hasattr(mmap, "MADV_DONTNEED"):
        data.obj.madvise(mmap.MADV_DONTNEED)


class StoredTensor(Stub):
    """Stand for a tensor of a plain pickle until somebody asks for it.

    A checkpoint holds networks that never render; neither their bytes are read nor is memory taken for them.
    """

    def __init__(self, storage: Storage, shape: tuple[int, ...], stride: tuple[int, ...], offset: int) -> None:
        self.storage, self.shape, self.stride, self.offset = storage, shape, stride, offset

    def tensor(self) -> Tensor:
        """Return the strided view of its storage."""
        if 0 in self.shape:
            return torch.zeros(self.shape, dtype=self.storage.dtype)
        return self.storage.elements.as_strided(self.shape, self.stride, self.offset)


def count(value: Any, what: str) -> int:
    """Return a number from a file that says how many; raise Refusal if it cannot."""
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise Refusal(f"{what} is {value if type(value) is int and abs(value) < 1 << 62 else 'no valid number'}")
    return value


def new_storage(kind: Any, numel: Any, present: int, budget: Budget) -> Storage:
    """Return a storage after checking that `present` bytes are enough for what is declared."""
    dtype = kind.dtype if isinstance(kind, StorageType) else None
    if dtype is None:
        raise Refusal(f"its storage is a {shown(getattr(kind, 'name', kind))}, not one of torch's typed storages")
    needed = count(numel, "the length of a storage") * dtype.itemsize
    if needed > present:
        raise Refusal(f"a storage declares {numel} elements of {dtype} ({needed} bytes) where {present} bytes are left")
    budget.store(needed)
    return Storage(dtype, numel)


def rebuild_tensor(storage: Any, offset: Any, size: Any, stride: Any, budget: Budget) -> StoredTensor:
    """Return the strided view of a storage that a tensor is, every bound checked first.

    It is not copied here: in a legacy stream the elements arrive only after all tensors are made.
    """
    if not isinstance(storage, Storage):
        raise Refusal(f"a tensor is built from a {type(storage).__name__}, not from a storage")
    if not (isinstance(size, tuple) and isinstance(stride, tuple) and len(size) == len(stride) <= 16):
        raise Refusal("the shape and strides of a tensor do not fit together")
    shape = tuple(count(length, "a tensor's size") for length in size)
    steps = tuple(count(step, "a tensor's stride") for step in stride)
    numel, held = math.prod(shape), storage.numel
    last = count(offset, "a tensor's offset") + sum((n - 1) * s for n, s in zip(shape, steps, strict=True))
    if numel and last >= held:
        raise Refusal(f"a tensor of shape {list(shape)} looks beyond the {held} elements of its storage")
    if numel > max(held, SMALL_VIEW):
        raise Refusal(f"a tensor of shape {list(shape)} is made from only {held} stored elements")
    if numel == 0 and max(shape) >= 1 << 31:
        raise Refusal(f"a tensor has the impossible shape {list(shape)}")
    budget.view(numel * storage.dtype.itemsize)
    return StoredTensor(storage, shape, steps, offset)


def read_legacy(data: memoryview, allowed: Allowed, budget: Budget) -> Any:
    """Return the object of a legacy torch.save stream: pickles, then the raw elements of each storage.

    The elements stand after the pickle that uses them, so storages are made first and filled afterwards.
    """
    machine = PickleMachine(data, budget)
    if machine.run() != LEGACY_MAGIC:
        raise Damage("it does not begin as a torch stream does")
    if (version := machine.run()) != 1001:
        raise Damage(f"the version of its torch stream is {shown(version)}, expected 1001")
    system = machine.run()
    if not isinstance(system, dict) or system.get("little_endian") is not True:
        raise Refusal("it was written by a big-endian machine")
    storages: dict[str, Storage] = {}

    def persistent(identity: Any) -> Storage:
        kind, key, numel = storage_identity(identity, view=True)
        if key not in storages:
            storages[key] = new_storage(kind, numel, len(data) - machine.position, budget)
        return same_storage(storages[key], kind, numel)

    loaded = machine.run(allowed, persistent)
    keys = machine.run()
    if not isinstance(keys, list) or set(map(str, keys)) != set(storages):
        raise Damage("the list of its storages is not the one its tensors use")
    for key in map(str, keys):
        storage = storages[key]
        if (numel := machine.number(8)) != storage.numel:
            raise Damage(f"a storage of {storage.numel} elements has {numel} elements of data")
        storage.fill(machine.take(storage.nbytes))
    return loaded


class _Viewed(io.RawIOBase):
    """Let a zip file be read from memory without a copy of it."""

    def __init__(self, data: memoryview) -> None:
        self.data, self.position = data, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: len(self.data)}[whence]
        self.position = max(0, base + offset)
        return self.position

    def readinto(self, buffer: Any) -> int:
        found = self.data[self.position : self.position + len(buffer)]
        buffer[: len(found)] = found
        self.position += len(found)
        return len(found)


def read_zip(data: memoryview, allowed: Allowed, budget: Budget) -> Any:
    """Return the object of a zip file as torch.save writes it: stored members, `data.pkl` and `data/<key>`."""
    with zipfile.ZipFile(_Viewed(data)) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.split("/")[-1] == "data.pkl"]
        if len(pickles) != 1 or len(set(names)) != len(names):
            raise Refusal("it is a zip file but not one that torch.save writes (it needs exactly one data.pkl)")
        prefix = pickles[0].removesuffix("data.pkl")
        if prefix + "byteorder" in names and _member(archive, prefix + "byteorder", 16) != b"little":
            raise Refusal("it was written by a big-endian machine")
        storages: dict[str, Storage] = {}

        def persistent(identity: Any) -> Storage:
            kind, key, numel = storage_identity(identity, view=False)
            if key not in storages:
                content = _member(archive, f"{prefix}data/{key}", len(data))
                storages[key] = new_storage(kind, numel, len(content), budget)
                if storages[key].nbytes != len(content):
                    raise Damage(f"storage {shown(key)} has {len(content)} bytes for {numel} elements")
                storages[key].fill(memoryview(content))
            return same_storage(storages[key], kind, numel)

        content = memoryview(_member(archive, pickles[0], len(data)))
        return PickleMachine(content, budget).run(allowed, persistent)


def _member(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """Return the bytes of a member that is stored as it is."""
    try:
        info = archive.getinfo(name)
    except KeyError:
        raise Damage(f"its member {shown(name)} is missing") from None
    if info.compress_type != zipfile.ZIP_STORED or info.compress_size != info.file_size:
        raise Refusal(f"its member {shown(name)} is compressed, which torch.save never does")
    if info.file_size > limit:
        raise Damage(f"its member {shown(name)} declares {info.file_size} bytes, more than there are")
    return archive.read(info)


def storage_identity(identity: Any, view: bool) -> tuple[Any, str, Any]:
    """Return (kind, key, numel) of a persistent id; the device it was saved from is ignored."""
    length = 6 if view else 5
    if not isinstance(identity, tuple) or len(identity) != length or identity[0] != "storage":
        raise Refusal("it refers to something other than a storage outside of its pickle")
    if view and identity[5] is not None:
        raise Refusal("it has storages that are views of others, as torch before 0.4 wrote them")
    if not isinstance(identity[2], str):
        raise Damage("the key of a storage is not text")
    return identity[1], identity[2], identity[4]


def same_storage(storage: Storage, kind: Any, numel: Any) -> Storage:
    """Return a storage used again if it is declared as before."""
    if getattr(kind, "dtype", None) != storage.dtype or numel != storage.numel:
        raise Refusal("it declares one storage in two different ways")
    return storage
