"""What directions there are: a model's own, and those in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from renderer.errors import LatentFileError
from renderer.generators.base import Generator
from renderer.timeline.direction_files import DirectionFile, read_directions
from renderer.timeline.files import LATENT_NAMES, read_arrays
from renderer.values.latent import LATENT_SUFFIXES

NAMES_SHOWN = 6


@dataclass(frozen=True)
class Listed:
    """Hold a line of the list: where the directions are, the space, how many, their shape, and what is known."""

    where: str
    space: str
    count: int
    shape: str
    told: str


def listed(paths: Iterable[Path], generator: Generator | None, model: str) -> Iterator[Listed]:
    """Yield what each file holds, in folders all that hold directions, and before them what the model has by itself.

    Raises LatentFileError for a file that is named and holds none, and for a folder without any.
    """
    if generator is not None and generator.directions:
        names = list(generator.directions)
        yield Listed(model, "w", len(names), f"[{generator.num_ws}, {generator.w_dim}]", ", ".join(names))
    for path in paths:
        if path.is_dir():
            yield from in_folder(path)
        else:
            if not path.is_file():
                raise LatentFileError(f"{path}: no such file or folder")
            yield line(path, read_directions(path))


def in_folder(folder: Path) -> Iterator[Listed]:
    """Yield what the files of a folder hold; those that hold no directions are passed over."""
    for path in sorted(one for one in folder.iterdir() if one.suffix in LATENT_SUFFIXES):
        try:
            if not read_arrays(path).keys() & set(LATENT_NAMES):  # those hold latents
                yield line(path, read_directions(path))
        except LatentFileError:
            continue


def line(path: Path, held: DirectionFile) -> Listed:
    """Return the line about a file."""
    space = str(held.facts.get("space", held.space or "?"))
    return Listed(str(path), space, len(held), str(list(held.vectors.shape[1:])), told(held))


def told(held: DirectionFile) -> str:
    """Return what a file says of its directions, in a few words."""
    names = shortened(held.names)
    made = held.facts.get("made")
    how = f"by {made['method']}" if isinstance(made, dict) and "method" in made else ""
    model = f"for {held.facts['model']}" if held.facts.get("model") else ""
    if not held.facts:
        how = "components with sigmas" if held.sigmas is not None else "published or plain"
    return "; ".join(part for part in (names, how, model) if part)


def facts_of(held: DirectionFile) -> dict[str, str]:
    """Return all that is known of a file of directions, by name."""
    facts = dict(held.facts)
    made = facts.pop("made", {})
    told = {"directions": f"{len(held)} of {list(held.vectors.shape[1:])}", "space": str(held.space or "not told; w")}
    if held.sigmas is not None:
        told["sigmas"] = shortened(f"{float(sigma):.4g}" for sigma in held.sigmas)
    if held.layers is not None:
        plain = bool((held.layers == 1).all())
        told["layers"] = "all" if plain else ", ".join(f"{float(one):g}" for one in held.layers[0])
    rest = {**facts, **(made if isinstance(made, dict) else {})}
    return told | {
        name: shortened(value) if isinstance(value, list) else str(value)
        for name, value in rest.items()
        if value not in (False, [], "")
    }


def shortened(values: Iterable[object]) -> str:
    """Return values in a row, of many the first few."""
    texts = [str(value) for value in values]
    return ", ".join(texts[:NAMES_SHOWN]) + (" ..." if len(texts) > NAMES_SHOWN else "")
