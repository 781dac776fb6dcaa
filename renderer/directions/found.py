"""From a vector that was found to a file that says what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from renderer.directions.model import Model, Spread
from renderer.errors import LatentFileError, ValueProblem
from renderer.generators.base import Generator
from renderer.timeline.direction_files import Direction, DirectionFile
from renderer.timeline.sources import Sources, layer_mask
from renderer.values.direction import Directions
from renderer.values.layers import Layers

SpaceName = Literal["z", "w", "w+"]
SPACES: tuple[SpaceName, ...] = ("w", "w+", "z")
RANGE = (-3.0, 3.0)  # sigmas within which pictures of most models stay pictures


def described(
    model: Model,
    spread: Spread | None,
    vectors: Tensor,
    names: Sequence[str],
    made: Mapping[str, Any],
    layers: Tensor | None = None,
) -> DirectionFile:
    """Return unit vectors [K, dim] or [K, rows, dim] as a file that says what they are.

    spread  that of w, of which the sigmas are taken; None in z, where every sigma is 1
    layers  how much each row of ws is moved, [num_ws]; None for all alike
    """
    space = "z" if spread is None else "w" if vectors.ndim == 2 else "w+"
    sigmas = torch.tensor([1.0 if spread is None else spread.sigma(vector) for vector in vectors])
    facts = {"space": space, "names": list(names), "range": RANGE, **model.facts, "made": dict(made)}
    strengths = torch.ones(model.generator.num_ws) if layers is None else layers
    held = None if space == "z" else strengths.expand(len(vectors), -1).contiguous()
    return DirectionFile(vectors, sigmas, held, "z" if space == "z" else "w", facts)


def strengths_of(written: str | None, generator: Generator, space: str) -> Tensor | None:
    """Return how much each row of ws is moved, [num_ws], of a text such as `0-7` or `coarse=1, middle=0.3`.

    Raises ValueProblem for layers that the generator does not have, and for any in z.
    """
    if written is None:
        return None
    if space == "z":
        raise ValueProblem("a direction in z moves all layers; leave --layers out, or work in w")
    strengths = torch.zeros(generator.num_ws)
    for part in written.split(","):
        text, _, amount = part.partition("=")
        try:
            strength = float(amount or 1)
        except ValueError:
            raise ValueProblem(f"expected a strength such as {text.strip()}=0.5, got {part.strip()!r}") from None
        for one, _ in Layers.parse(text.strip()).amounts:
            strengths[layer_mask(one, generator).cpu()] = strength
    return strengths


def named_directions(model: Model, written: Sequence[str], space: str | None = None) -> list[Direction]:
    """Return directions by a name of the model's own, a file, or a file and which of it: pca.npz[3].

    Raises ValueProblem and LatentFileError, which name the nearest; and LatentFileError for one that lives elsewhere
    than in `space`.
    """
    sources = Sources(model.generator, Path(), model.c)
    found = [sources.direction(Directions.parse(one).amounts[0][0]) for one in written]
    for name, one in zip(written, found, strict=True):
        if space and one.space and one.space != space[0]:
            raise LatentFileError(f"{name} lives in {one.space}, and what is to be freed from it in {space}")
    return found
