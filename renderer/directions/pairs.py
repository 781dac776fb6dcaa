"""The direction from one latent to another, over many pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from renderer.directions.found import SpaceName
from renderer.directions.model import Model
from renderer.directions.table import in_space
from renderer.errors import LatentFileError
from renderer.timeline.files import latents_of

ROUNDS = 100


@dataclass(frozen=True)
class Step:
    """Hold a unit vector, float32 [dim] or [rows, dim], how long the step was, and how alike those of all pairs are.

    alike is the mean of their cosines with it.
    """

    vector: Tensor
    length: float
    alike: float


def read_pairs(before: Path, after: Path, model: Model, space: SpaceName | None) -> tuple[SpaceName, Tensor, Tensor]:
    """Return the space, and the latents [K, ...] of two files in it, of which each belongs to one of the other.

    Without a space it is z where both files hold z, w where the layers of all latents agree, else w+.
    Raises LatentFileError where the files hold different numbers of latents.
    """
    generator = model.generator
    held = []
    for path in (before, after):
        if not path.is_file():
            raise LatentFileError(f"{path}: no such file")
        kind, latents = latents_of(path, None, generator.z_dim, generator.w_dim, generator.num_ws)
        held.append((latents, None) if kind == "z" else (None, latents))
    counts = [len(z if z is not None else ws) for z, ws in held]  # type: ignore[arg-type]
    if counts[0] != counts[1]:
        raise LatentFileError(f"expected pairs: {before.name} holds {counts[0]} latents, {after.name} {counts[1]}")
    if space is None:
        alike = all(ws is None or bool((ws == ws[:, :1]).all()) for _, ws in held)
        space = "z" if all(z is not None for z, _ in held) else "w" if alike else "w+"
    first, second = (in_space(model, z, ws, space) for z, ws in held)
    return space, first, second


def pair_direction(before: Tensor, after: Tensor) -> Step:
    """Return the step from before to after, both [K, ...].

    It is the geometric median of the differences (Weiszfeld's algorithm), which a few wrong pairs move little; of two
    pairs their mean. Raises LatentFileError where the pairs do not differ.
    """
    steps = (after - before).double().reshape(len(before), -1)
    median = geometric_median(steps)
    length = float(median.norm())
    if length <= 1e-6 * float(before.double().norm()) / len(before) ** 0.5:
        raise LatentFileError("the latents of both files are the same on average; there is no direction between them")
    cosines = steps @ median / (steps.norm(dim=1).clamp_min(1e-30) * length)
    return Step((median / length).float().reshape(before.shape[1:]), length, float(cosines.mean()))


def geometric_median(points: Tensor) -> Tensor:
    """Return the point [dim] whose distances to all points [K, dim] have the smallest sum."""
    middle = points.mean(0)
    if len(points) < 3:
        return middle
    for _ in range(ROUNDS):
        weights = 1 / (points - middle).norm(dim=1).clamp_min(1e-12)
        moved = (weights[:, None] * points).sum(0) / weights.sum()
        if float((moved - middle).norm()) <= 1e-9 * float(middle.norm()):
            break
        middle = moved
    return middle
