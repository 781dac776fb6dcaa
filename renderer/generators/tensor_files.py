"""Files of named tensors read as data: `.safetensors`, torch's `.pt` and `.pth`, and TorchScript programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from renderer.errors import CheckpointError
from renderer.generators.allowed import tensor_names
from renderer.generators.pickle_machine import Allowed, Budget, Global, Stub
from renderer.generators.safe_pickle import check_file, guarded, parse
from renderer.generators.safetensors_format import is_safetensors
from renderer.generators.torch_streams import StoredTensor, read_zip

SCRIPT = b"/code/__torch__"  # the names of members that hold the code of a program
MAX_DEPTH = 24


class ScriptObject(Stub):
    """Stand for a module of a TorchScript program: what it holds by name, and nothing that runs."""

    def __init__(self, *_: Any) -> None:
        self.state: Mapping[Any, Any] = {}

    def set_state(self, state: Any) -> None:
        """Keep what the module holds."""
        self.state = state if isinstance(state, dict) else {}


class ScriptNames(dict[tuple[str, str], Global]):
    """Know every class of a program as an inert object, beside the names that tensors need."""

    def get(self, key: tuple[str, str], default: Any = None) -> Any:
        """Return what a name stands for."""
        if key[0].split(".")[0] == "__torch__":
            return Global(".".join(key), ScriptObject)
        return super().get(key, default)


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors in a file by their dotted names, without running anything in it.

    Raises CheckpointError for a file that is missing, broken, or holds no tensors.
    """
    file = check_file(path)
    found = dict(_tensors(_contents(file), "", MAX_DEPTH))
    if not found:
        raise CheckpointError(f"{path}: holds no tensors by name")
    return found


def _contents(file: Path) -> Any:
    if is_safetensors(file):
        import safetensors
        from safetensors.torch import load_file

        try:
            return load_file(file)
        except (safetensors.SafetensorError, OSError) as error:
            raise CheckpointError(f"{file}: broken: it is no complete safetensors file ({error})") from error
    return guarded(file, lambda data: _script(data) if _is_script(data) else parse(data))


def _is_script(data: memoryview) -> bool:
    return bytes(data[:2]) == b"PK" and SCRIPT in bytes(data[-(1 << 20) :])


def _script(data: memoryview) -> Any:
    budget = Budget.for_file(len(data))
    names: Allowed = ScriptNames(tensor_names(budget))
    return read_zip(data, names, budget)


def _tensors(held: Any, name: str, depth: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the tensors below a name."""
    if isinstance(held, StoredTensor):
        held = held.tensor()
    if isinstance(held, Tensor):
        yield name, held
    elif isinstance(held, ScriptObject):
        yield from _tensors(held.state, name, depth)
    elif isinstance(held, dict) and depth:
        for key, value in held.items():
            yield from _tensors(value, f"{name}.{key}".lstrip("."), depth - 1)
