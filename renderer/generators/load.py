"""From a path, an address or a name to a generator that is ready to render."""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch

from renderer.errors import CheckpointError, expected, nearest
from renderer.generators.base import Generator
from renderer.generators.cache import is_url
from renderer.generators.checkpoint import Format
from renderer.generators.detect import FORMATS, open_contents
from renderer.generators.download import Progress, fetch
from renderer.generators.safe_pickle import check_file, guarded, parse
from renderer.generators.safetensors_format import is_safetensors, load_safetensors, save_safetensors
from renderer.generators.zoo import zoo

DTYPES: Mapping[str, torch.dtype] = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
Embedded = Mapping[str, Callable[[], Generator]]


def _bloom() -> Generator:
    from renderer.generators.bloom import Bloom

    return Bloom()


EMBEDDED: Embedded = {"bloom": _bloom}


def load_generator(
    path_or_name: str | Path,
    *,
    device: str | torch.device = "cpu",
    dtype: str | torch.dtype | None = None,
    size: tuple[int, int] | None = None,
    embedded: Embedded = EMBEDDED,
    formats: Sequence[Format] = FORMATS,
    progress: Progress | None = None,
) -> Generator:
    """Return a generator that evaluates, and whose images are differentiable in ws but not in its weights.

    path_or_name  a checkpoint, an https:// address, or the name of an embedded generator or of a model of the zoo; an
                  embedded name goes before a file called the same, and a file before a model of the zoo.
    dtype         "fp32", "fp16" or "bf16", of the highest resolutions of a network; latents stay float32.
    size          (height, width), for generators of any size; the images of a trained network keep theirs.
    progress      called with the bytes that are there and how many it will be, where a download is needed.
    Raises CheckpointError, of one sentence, for what cannot be fetched or opened.
    """
    low = torch_dtype(dtype)
    if str(path_or_name) in embedded:
        generator = make_embedded(str(path_or_name), embedded[str(path_or_name)])
        generator = generator.resized(*size) if size is not None and generator.any_size else generator
    else:
        generator = open_file(existing_file(path_or_name, embedded, progress), formats)
    return generator.use_dtype(low).to(device).eval().requires_grad_(False)


def make_embedded(name: str, make: Callable[[], Generator]) -> Generator:
    """Return what the maker of a generator makes; raise CheckpointError where it fails or makes something else."""
    try:
        generator = make()
    except Exception as error:  # a plugin may raise anything; the user is told whose it was
        raise CheckpointError(f"generator {name!r} could not be made: {type(error).__name__}: {error}") from error
    if not isinstance(generator, Generator):
        raise CheckpointError(f"generator {name!r} could not be made: expected a Generator, got {generator!r}")
    return generator


def torch_dtype(dtype: str | torch.dtype | None) -> torch.dtype:
    """Return the torch dtype that a short name means; None means float32."""
    if dtype is None:
        return torch.float32
    found = DTYPES.get(dtype) if isinstance(dtype, str) else dtype
    if found is None or found not in DTYPES.values():
        raise CheckpointError(f"a generator cannot run in {dtype}{expected(str(dtype), DTYPES)}")
    return found


def open_file(file: Path, formats: Sequence[Format] = FORMATS) -> Generator:
    """Return the generator in a checkpoint file, on the CPU."""
    if is_safetensors(file):
        return load_safetensors(file)
    return guarded(file, lambda data: open_contents(parse(data), formats))


def is_remote(path_or_name: str | Path) -> bool:
    """Tell an address, or a name of the zoo that no file goes before, from a path."""
    name = str(path_or_name)
    return is_url(path_or_name) or (path_or_name == name and name in zoo() and not os.path.lexists(name))


def existing_file(path_or_name: str | Path, embedded: Embedded = EMBEDDED, progress: Progress | None = None) -> Path:
    """Return the path of a model file, fetched first where it is an address or a model of the zoo.

    Raises CheckpointError naming the nearest generator, model or file otherwise.
    """
    name = str(path_or_name)
    if is_remote(path_or_name):
        return fetch(name, progress=progress)
    is_path = isinstance(path_or_name, Path) or os.sep in name or "/" in name or "." in name
    if not is_path and not os.path.lexists(name):
        raise CheckpointError(f"{name}: there is no generator and no file of this name{nearest_model(name, embedded)}")
    return check_file(path_or_name)


def nearest_model(name: str, embedded: Embedded = EMBEDDED) -> str:
    """Return the end of a message about an unknown name: what is nearest to it, or what is known."""
    if near := nearest(name, [*embedded, *zoo(), *(entry.name for entry in Path().iterdir())]):
        return near
    if holding := [model for model in zoo() if len(name) > 2 and name.lower() in model]:
        return f"; did you mean {', '.join(holding[:4])}{' or another' if len(holding) > 4 else ''}?"
    return f", and none of `render models`; known are {', '.join(sorted(embedded))} and files"


def model_hash(path_or_name: str | Path, *, embedded: Embedded = EMBEDDED) -> str:
    """Return what tells one model from another: the SHA-256 of its file, or an embedded name and its version."""
    if str(path_or_name) in embedded:
        from renderer import __version__

        return f"{path_or_name} {__version__}"
    file = existing_file(path_or_name, embedded)
    state = file.stat()
    return _file_hash(file.absolute(), state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=16)
def _file_hash(file: Path, changed: int, size: int) -> str:
    """Return the SHA-256 of a file, computed once in a process while its time and its size stay the same."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def convert(source: str | Path, target: str | Path, *, progress: Progress | None = None) -> None:
    """Write the network in a checkpoint to a `.safetensors` file, which opens faster and holds no pickle."""
    if Path(target).suffix != ".safetensors":
        raise CheckpointError(f"{target}: models are converted to .safetensors files only")
    save_safetensors(load_generator(source, progress=progress), target)
