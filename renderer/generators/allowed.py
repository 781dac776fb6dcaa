"""The exact table of names that good checkpoints use, and what each of them stands for here."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from renderer.generators.pickle_machine import Allowed, Budget, Damage, Global, Refusal, Stub, flat_key, shown
from renderer.generators.torch_streams import (
    STORAGE_DTYPES,
    Storage,
    StorageType,
    StoredTensor,
    read_legacy,
    rebuild_tensor,
)

NUMPY_DTYPES = frozenset(["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"])


class Persistent(Stub):
    """Stand for an object of NVIDIA's persistence: its class name and state; its source text is never kept."""

    def __init__(self, meta: Any) -> None:
        if not isinstance(meta, dict) or meta.get("type") != "class":
            raise Refusal("it holds a persistent object that describes no class")
        name, state = meta.get("class_name"), meta.get("state")
        if not isinstance(name, str) or not isinstance(state, dict):
            raise Damage("it holds a persistent object without class name and state")
        self.class_name: str = name
        self.state: dict[Any, Any] = state


class Namespace(Stub):
    """Stand for an object that is only a bag of attributes, such as argparse.Namespace."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}

    def set_state(self, state: Any) -> None:
        """Keep the attributes."""
        if not isinstance(state, dict):
            raise Damage(f"the state of an object is a {type(state).__name__}, not a dict")
        self.state = state


class TFNetwork(Namespace):
    """Stand for a dnnlib.tflib Network: its state, of which the source text is never looked at."""


class TorchModule(Namespace):
    """Stand for a module of torch itself."""


class NumpyType(Stub):
    """Stand for a numpy dtype of plain numbers."""

    def __init__(self, code: Any, align: Any = False, copy: Any = True) -> None:
        if not isinstance(code, str) or code not in NUMPY_DTYPES:
            raise Refusal(f"it has a numpy array of type {shown(code)}, expected plain numbers")
        self.dtype = np.dtype(code)

    def set_state(self, state: Any) -> None:
        """Set the byte order; refuse everything else that a dtype could have."""
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise Damage("the description of a numpy type in it is broken")
        if any(part is not None for part in state[2:5]):
            raise Refusal("it has a structured numpy array, expected plain numbers")
        self.dtype = self.dtype.newbyteorder(state[1])

    def check(self, data: Any, length: int, budget: Budget) -> None:
        """Raise Refusal where the bytes are not those of `length` numbers."""
        if not isinstance(data, (bytes, memoryview)) or len(data) != length * self.dtype.itemsize:
            got = f"{len(data)} bytes" if isinstance(data, (bytes, memoryview)) else f"a {type(data).__name__}"
            raise Refusal(f"a numpy array needs {length * self.dtype.itemsize} bytes of data but has {got}")
        budget.store(len(data))

    def read(self, data: Any) -> np.ndarray[Any, np.dtype[Any]]:
        """Return the numbers in checked bytes, in native byte order, as a copy."""
        return np.frombuffer(data, dtype=self.dtype).astype(self.dtype.newbyteorder("="))


class NumpyArray(Stub):
    """Stand for a numpy array, which takes memory only where it is asked for."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.make: Callable[[], np.ndarray[Any, np.dtype[Any]]] = lambda: np.zeros(0, dtype=np.float32)

    @property
    def value(self) -> np.ndarray[Any, np.dtype[Any]]:
        """Return the array, a copy of its own every time."""
        return self.make()

    def set_state(self, state: Any) -> None:
        """Check and keep (version, shape, dtype, is_fortran, bytes)."""
        if not isinstance(state, tuple) or len(state) != 5 or not isinstance(state[1], tuple):
            raise Damage("a numpy array in it is broken")
        _, shape, kind, fortran, data = state
        if not isinstance(kind, NumpyType) or len(shape) > 16:
            raise Damage("a numpy array in it is broken")
        if any(type(length) is not int or not 0 <= length < 1 << 31 for length in shape):
            raise Refusal("a numpy array in it has an impossible shape")
        kind.check(data, math.prod(shape), self.budget)
        self.make = lambda: kind.read(data).reshape(shape, order="F" if fortran is True else "C")


def tensor_names(budget: Budget) -> dict[tuple[str, str], Global]:
    """Return the names that torch.save and numpy use inside checkpoints."""

    def tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> torch.Tensor:
        return rebuild_tensor(storage, offset, size, stride, budget).tensor()

    def scalar(kind: Any, data: Any) -> Any:
        if not isinstance(kind, NumpyType):
            raise Damage("a numpy number in it has no type")
        kind.check(data, 1, budget)
        return kind.read(data)[0].item()

    builders: dict[str, Callable[..., Any] | None] = {
        "torch._utils._rebuild_tensor_v2": tensor,
        "torch._utils._rebuild_tensor": tensor,
        "torch._utils._rebuild_parameter": lambda data, *_: data,
        "torch._utils._rebuild_parameter_with_state": lambda data, *_: data,
        "torch.Size": lambda sizes=(): tuple(sizes) if isinstance(sizes, (tuple, list)) else (),
        "torch.device": lambda name="cpu", *_: str(name) if isinstance(name, str) else "cpu",
        "torch.storage.TypedStorage": None,
        "collections.OrderedDict": _ordered_dict,
        "argparse.Namespace": Namespace,
        "_codecs.encode": _encode,
        "numpy.dtype": NumpyType,
        "numpy.ndarray": None,
        "builtins.set": _set,
        "__builtin__.set": _set,
    }
    for core in ("numpy.core.multiarray", "numpy._core.multiarray"):
        builders[core + ".scalar"] = scalar
        builders[core + "._reconstruct"] = lambda *_: NumpyArray(budget)
    for name in ("float16", "float32", "float64", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "bool"):
        builders["torch." + name] = None
    table = {_split(name): Global(name, build) for name, build in builders.items()}
    for name, dtype in STORAGE_DTYPES.items():
        module = "torch.storage" if name == "UntypedStorage" else "torch"
        table[module, name] = StorageType(f"{module}.{name}", None, dtype)
    return table


def checkpoint_names(budget: Budget) -> Allowed:
    """Return the names of plain pickles: NVIDIA's persistence and TF networks, with nested torch streams."""
    inner = tensor_names(budget)

    def nested(data: Any) -> Storage:
        if not isinstance(data, (bytes, memoryview)):
            raise Damage("a nested torch stream in it is not made of bytes")
        loaded = read_legacy(memoryview(data), inner, budget)
        if not isinstance(loaded, Storage):
            raise Refusal("a nested torch stream in it holds something other than one storage")
        return loaded

    def tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> StoredTensor:
        return rebuild_tensor(storage, offset, size, stride, budget)

    builders: dict[str, Callable[..., Any]] = {
        "torch._utils._rebuild_tensor_v2": tensor,
        "torch._utils._rebuild_tensor": tensor,
        "torch_utils.persistence._reconstruct_persistent_obj": Persistent,
        "dnnlib.util.EasyDict": _empty_dict,
        "dnnlib.tflib.network.Network": TFNetwork,
        "torch.storage._load_from_bytes": nested,
        "torch.nn.modules.sparse.Embedding": TorchModule,
    }
    return inner | {_split(name): Global(name, build) for name, build in builders.items()}


def _split(name: str) -> tuple[str, str]:
    module, _, attribute = name.rpartition(".")
    return module, attribute


def _empty_dict() -> dict[Any, Any]:
    return {}


def _ordered_dict(pairs: Any = ()) -> dict[Any, Any]:
    if not isinstance(pairs, (tuple, list)):
        raise Damage("an ordered dict in it is not made of pairs")
    return {flat_key(key): value for key, value in pairs}


def _set(items: Any = ()) -> set[Any]:
    if not isinstance(items, (tuple, list)):
        raise Damage("a set in it is not made of a list")
    return set(map(flat_key, items))


def _encode(text: Any, encoding: Any) -> bytes:
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refusal("it encodes something other than latin-1 text")
    return text.encode("latin-1")
