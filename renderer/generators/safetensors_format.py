"""Our own checkpoint format: safetensors, with the family and constructor config as JSON in the header."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from pydantic import TypeAdapter, ValidationError
from torch import Tensor

from renderer.errors import CheckpointError, expected
from renderer.generators.base import Generator
from renderer.generators.checkpoint import filled
from renderer.generators.networks.stylegan1 import StyleGAN1, StyleGAN1Config
from renderer.generators.networks.stylegan2 import StyleGAN2
from renderer.generators.networks.stylegan2_layers import StyleGAN2Config
from renderer.generators.networks.stylegan3 import StyleGAN3
from renderer.generators.networks.stylegan3_layers import StyleGAN3Config
from renderer.generators.networks.stylegan_xl import StyleGANXL, StyleGANXLConfig
from renderer.generators.pickle_machine import Damage, shown
from renderer.generators.safe_pickle import check_file

HEADER_KEY = "latentreel"
FORMAT_VERSION = 1
READERS = 4
DTYPES = {
    **{"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16},
    **{"I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8},
}


def _stylegan1(config: Any) -> Callable[[], Generator]:
    made = TypeAdapter(StyleGAN1Config).validate_python(config)
    return lambda: StyleGAN1(made)


def _stylegan2(config: Any) -> Callable[[], Generator]:
    made = TypeAdapter(StyleGAN2Config).validate_python(config)
    return lambda: StyleGAN2(made)


def _stylegan3(config: Any) -> Callable[[], Generator]:
    made = TypeAdapter(StyleGAN3Config).validate_python(config)
    return lambda: StyleGAN3(made)


def _stylegan_xl(config: Any) -> Callable[[], Generator]:
    made = TypeAdapter(StyleGANXLConfig).validate_python(config)
    return lambda: StyleGANXL(made)


FAMILIES: Mapping[str, Callable[[Any], Callable[[], Generator]]] = {
    StyleGAN1.family: _stylegan1,
    StyleGAN2.family: _stylegan2,
    StyleGAN3.family: _stylegan3,
    StyleGANXL.family: _stylegan_xl,
}


def is_safetensors(path: Path) -> bool:
    """Tell a safetensors file by its first bytes: a header length, then JSON."""
    with path.open("rb") as stream:
        head = stream.read(10)
    return len(head) == 10 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") <= path.stat().st_size


def save_safetensors(generator: Generator, path: str | Path) -> None:
    """Write a generator to a `.safetensors` file, which appears under its name only when it is complete.

    Raises CheckpointError for a generator that has no weights to write, and where the file cannot be written.
    """
    config = getattr(generator, "config", None)
    if generator.family not in FAMILIES or config is None:
        raise CheckpointError(f"{path}: a {generator.family} generator has no weights to save")
    about = {"format_version": FORMAT_VERSION, "family": generator.family, "config": asdict(config)}
    header = {HEADER_KEY: json.dumps(about)}  # one entry: several would be written in a random order
    state = {name: value.detach().cpu().contiguous() for name, value in generator.state_dict().items()}
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        os.close(handle)
        partial = Path(name)
        try:
            safetensors.torch.save_file(state, partial, header)
            partial.chmod(0o666 & ~_umask())
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(f"{path}: cannot be written: {error}") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def load_safetensors(path: str | Path) -> Generator:
    """Return the generator in a `.safetensors` file that `save_safetensors` wrote; raise CheckpointError otherwise."""
    file = check_file(path)
    try:
        with safetensors.safe_open(file, framework="pt") as opened:
            header: dict[str, str] = opened.metadata() or {}
            build = _builder(path, header)
        return filled(build, read_tensors(file))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"])) or "config"
        raise CheckpointError(f"{path}: broken: its {shown(place)} is wrong: {problem['msg']}") from error
    except Damage as error:
        raise CheckpointError(f"{path}: broken: {error}") from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path}: broken: it is no complete safetensors file ({error})") from error
    except (OSError, MemoryError) as error:
        raise CheckpointError(f"{path}: cannot be read: {error}") from error


def read_tensors(file: Path) -> dict[str, Tensor]:
    """Return the tensors of a file whose header was found to be right, each in memory of its own.

    Mapping the file would be quicker still, but a file written over would then change or end a render that runs. So
    several threads read it, since most of the time goes into getting the memory.
    """
    with file.open("rb") as stream:
        start = 8 + int.from_bytes(stream.read(8), "little")
        header = json.loads(stream.read(start - 8))
    state, wanted = {}, []
    for name, about in header.items():
        if name != "__metadata__":
            if about["dtype"] not in DTYPES:
                raise Damage(f"{shown(name)} is of type {shown(about['dtype'])}, expected floating point")
            state[name] = torch.empty(about["shape"], dtype=DTYPES[about["dtype"]])
            wanted.append((start + about["data_offsets"][0], state[name]))
    wanted.sort(key=lambda each: each[1].nbytes)
    with ThreadPoolExecutor(READERS) as pool:
        list(pool.map(lambda part: _read_into(file, part), [wanted[first::READERS] for first in range(READERS)]))
    return state


def _read_into(file: Path, wanted: list[tuple[int, Tensor]]) -> None:
    """Fill tensors with what stands at their places in a file."""
    with file.open("rb", buffering=0) as stream:
        for place, tensor in wanted:
            target: Any = tensor.reshape(-1).view(torch.uint8).numpy()
            stream.seek(place)
            done = 0
            while done < tensor.nbytes:
                count = stream.readinto(target[done:])
                if not count:
                    raise Damage("it has become shorter while it was read")
                done += count


def _builder(path: Any, header: Mapping[str, str]) -> Callable[[], Generator]:
    """Return what builds the network that a header describes."""
    if HEADER_KEY not in header:
        raise CheckpointError(
            f"{path}: refused: it is a safetensors file of another program; only those of `render convert` are opened"
        )
    try:
        about = json.loads(header[HEADER_KEY])
    except (json.JSONDecodeError, RecursionError):
        about = None
    if not isinstance(about, dict):
        raise CheckpointError(f"{path}: broken: the description of its network is no JSON object")
    if about.get("format_version") != FORMAT_VERSION:
        version = json.dumps(about.get("format_version"))[:40]
        raise CheckpointError(f"{path}: refused: its format version is {version}, expected {FORMAT_VERSION}")
    family = str(about.get("family"))[:80]
    if family not in FAMILIES:
        raise CheckpointError(f"{path}: refused: its family is {shown(family)!r}{expected(family, FAMILIES)}")
    return FAMILIES[family](about.get("config"))
