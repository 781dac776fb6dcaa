"""Pictures of a model with their latents, in shards that others read too.

A shard is a .tar as WebDataset reads it: for each sample NAME.png, NAME.npy (the latent) and NAME.json (seed, psi).
`index.csv` lists every sample (seed, psi, file, shard) in the way of the tables of `render directions fit`, and
`dataset.json` says what all of it is. A sample depends on its seed alone.
"""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from renderer.directions.model import Model, Progress, silent
from renderer.errors import LatentFileError
from renderer.timeline.sources import seed_to_z

FORMAT = "latentreel dataset 1"
ABOUT, INDEX = "dataset.json", "index.csv"
COLUMNS = ("seed", "psi", "name", "shard")


@dataclass(frozen=True)
class Plan:
    """Say what a dataset holds: `count` samples of the seeds from `first` on, in shards of `shard`.

    space  of the latents: z [z_dim], w [w_dim], or w+ [num_ws, w_dim].
    """

    count: int
    first: int = 0
    space: str = "w"
    psi: float = 1.0
    shard: int = 1000

    def shards(self) -> list[tuple[str, range]]:
        """Return the name and the seeds of every shard."""
        end = self.first + self.count
        firsts = range(self.first, end, self.shard)
        return [(f"{i:05d}.tar", range(first, min(end, first + self.shard))) for i, first in enumerate(firsts)]


def begin(folder: Path, model: Model, plan: Plan) -> int:
    """Begin a dataset, or go on with one, and return how many of its samples are there.

    Raises LatentFileError where the folder holds another one.
    """
    generator = model.generator
    shape = {"size": list(generator.img_size), "num_ws": generator.num_ws, "w_dim": generator.w_dim}
    about = {"format": FORMAT, **model.facts, **asdict(plan), **shape}
    path = folder / ABOUT
    if path.exists():
        for name, theirs in read_about(folder).items():
            if about.get(name) != theirs and name != "count":
                raise LatentFileError(f"{folder}: holds a dataset with {name} {theirs}, this one has {about.get(name)}")
    folder.mkdir(parents=True, exist_ok=True)
    _whole(path, json.dumps(about, indent=1).encode())
    return sum(len(seeds) for name, seeds in plan.shards() if complete(folder / name, seeds))


def read_about(folder: Path) -> dict[str, Any]:
    """Return what a dataset says of itself; raise LatentFileError for a folder without one."""
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']}")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LatentFileError(f"{folder}: no dataset that `render dataset` wrote ({error})") from error
    return dict(about)


def complete(path: Path, seeds: range) -> bool:
    """Say whether a shard is there and ends with the last of its seeds."""
    if not path.exists():
        return False
    with tarfile.open(path) as shard:
        return len(shard.getnames()) == 3 * len(seeds)


def write_dataset(folder: Path, model: Model, plan: Plan, progress: Progress = silent) -> Path:
    """Write every shard that is not there yet, then the index; memory does not grow with their number."""
    for name, seeds in plan.shards():
        if not complete(folder / name, seeds):
            _write_shard(folder / name, model, plan, seeds, progress)
    return _write_index(folder, plan)


def _write_shard(path: Path, model: Model, plan: Plan, seeds: range, progress: Progress) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        with tarfile.open(part, "w") as shard:
            for first in range(seeds.start, seeds.stop, model.batch):
                some = range(first, min(seeds.stop, first + model.batch))
                for seed, latent, picture in samples(model, plan, some):
                    facts = json.dumps({"seed": seed, "psi": plan.psi}).encode()
                    for suffix, data in (("png", png(picture)), ("npy", npy(latent)), ("json", facts)):
                        _add(shard, f"{seed:09d}.{suffix}", data)
                progress(len(some))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def samples(model: Model, plan: Plan, seeds: range) -> Iterator[tuple[int, NDArray[np.float32], NDArray[np.uint8]]]:
    """Yield seeds, their latents in the space of the plan, and their pictures [H, W, 3]."""
    z = torch.cat([seed_to_z(seed, model.generator.z_dim) for seed in seeds])
    ws = model.map(z, plan.psi)
    latents = {"z": z, "w": ws[:, 0], "w+": ws}[plan.space].cpu().numpy()
    levels = (model.images(ws) * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    yield from zip(seeds, latents, levels, strict=True)


def png(picture: NDArray[np.uint8]) -> bytes:
    """Return a picture as the bytes of a PNG."""
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def npy(array: NDArray[Any]) -> bytes:
    """Return an array as the bytes of a .npy."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _add(shard: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)  # without a time, so that the same samples are the same file
    info.size = len(data)
    shard.addfile(info, io.BytesIO(data))


def _write_index(folder: Path, plan: Plan) -> Path:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow(COLUMNS)
    for name, seeds in plan.shards():
        table.writerows((seed, plan.psi, f"{seed:09d}", name) for seed in seeds)
    return _whole(folder / INDEX, stream.getvalue().encode())


def _whole(path: Path, data: bytes) -> Path:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(data)
    return part.replace(path)


def read_shard(path: Path) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.float32]]]:
    """Yield the picture [H, W, 3] and the latent of every sample of a shard.

    Raises LatentFileError for a shard that is broken.
    """
    try:
        with tarfile.open(path) as shard:
            held: dict[str, bytes] = {}
            for member in shard:
                stream = shard.extractfile(member)
                held[member.name.rpartition(".")[2]] = b"" if stream is None else stream.read()
                if member.name.endswith(".json"):
                    with Image.open(io.BytesIO(held["png"])) as picture:
                        pixels = np.array(picture.convert("RGB"))
                    yield pixels, np.load(io.BytesIO(held["npy"]), allow_pickle=False)
    except (OSError, tarfile.TarError, KeyError, ValueError) as error:
        raise LatentFileError(f"{path}: broken shard: {error}") from error
