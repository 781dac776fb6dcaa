"""Where a projection starts: the best of random latents, the mean, zeros, a file, or what an encoder says."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from renderer.directions.model import Progress, silent
from renderer.errors import LatentFileError
from renderer.inversion.distance import Distance, fitted
from renderer.inversion.encoders import load_encoder
from renderer.inversion.feedback import looked_again
from renderer.inversion.painter import Painter
from renderer.inversion.schedule import FEWEST, MOST, SAMPLED, Stage, affordable
from renderer.inversion.settings import Settings
from renderer.inversion.spaces import Space
from renderer.timeline.files import latents_of

LATENTS = (".npz", ".npy")
BATCH = 64  # small pictures at a time


def starts(
    space: Space, painter: Painter, distance: Distance, stage: Stage, settings: Settings, progress: Progress = silent
) -> Tensor:
    """Return the variables [T * K, rows, dim] that T photos start from, K for each."""
    count, rows = len(distance.photos), space.model.generator.num_ws if settings.space == "w+" else 1
    if settings.start == "best":
        return best_of(space, painter, distance.at(stage.size), stage, settings, progress)
    if settings.start in ("mean", "zeros"):
        return still(space, settings.start, rows).repeat(count * stage.count, 1, 1)
    return spread_out(from_file(space, painter, Path(settings.start), distance), count, stage.count)


def sample_count(space: Space, stage: Stage, settings: Settings) -> int:
    """Return how many random latents are looked at."""
    if settings.start != "best":
        return 0
    return settings.samples or affordable(space.model.generator, stage.size, SAMPLED, FEWEST, MOST)


def still(space: Space, start: str, rows: int) -> Tensor:
    """Return the variables [1, rows, dim] of the mean of w, or of latents that are zero."""
    generator = space.model.generator
    if space.name == "z":
        return torch.full((1, 1, generator.z_dim), 1e-4, device=generator.device)  # to be given a length
    if start == "mean":
        return torch.zeros(1, rows, generator.w_dim, device=generator.device)
    return space.of_ws(torch.zeros(1, generator.num_ws, generator.w_dim))


@torch.no_grad()
def best_of(
    space: Space, painter: Painter, distance: Distance, stage: Stage, settings: Settings, progress: Progress
) -> Tensor:
    """Return for every photo the K of many random latents whose small pictures are nearest to it."""
    device, z_dim = space.model.generator.device, space.model.generator.z_dim
    source = torch.Generator().manual_seed(settings.seed)
    samples = sample_count(space, stage, settings)
    photos = [Distance(photo[None], mask, distance.backend, 0.0) for photo, mask in each(distance)]
    found, losses = [], []
    for first in range(0, samples, BATCH):
        z = torch.randn(min(BATCH, samples - first), z_dim, generator=source).to(device)
        pictures = painter.paint(space.model.map(z), stage.size)
        losses.append(torch.stack([one(pictures) for one in photos]))  # [T, n]
        found.append(z)
        progress(len(z))
    z, nearest = torch.cat(found), torch.cat(losses, 1).topk(min(stage.count, samples), largest=False).indices
    return space.of_z(z[spread_out(nearest.reshape(-1), len(photos), stage.count)])


def each(distance: Distance) -> list[tuple[Tensor, Tensor | None]]:
    """Return every photo with its mask."""
    masks = [None] * len(distance.photos) if distance.masks is None else [mask[None] for mask in distance.masks]
    return list(zip(distance.photos, masks, strict=True))


def spread_out(found: Tensor, photos: int, count: int) -> Tensor:
    """Return what was found as `count` for each of the photos, the last ones again where there are fewer."""
    held = len(found) // photos
    chosen = torch.arange(count).clamp(max=held - 1)
    return found[(torch.arange(photos)[:, None] * held + chosen).reshape(-1)]


def from_file(space: Space, painter: Painter, path: Path, distance: Distance) -> Tensor:
    """Return the variables of what a file of latents or an encoder gives for T photos."""
    generator, count = space.model.generator, len(distance.photos)
    if path.suffix not in LATENTS:
        kind, ws = "ws", encoded(space, painter, path, distance)
    else:
        kind, ws = latents_of(path, None, generator.z_dim, generator.w_dim, generator.num_ws)
    if len(ws) not in (1, count):
        raise LatentFileError(f"{path}: holds {len(ws)} latents, expected one, or one for each of {count} photos")
    if kind == "z":
        return space.of_z(ws).expand(count, -1, -1)
    if space.name == "z":
        raise LatentFileError(f"{path}: holds latents in w, and z cannot be had from those; project in w or w+")
    return space.of_ws(ws).expand(count, -1, -1)


def encoded(space: Space, painter: Painter, path: Path, distance: Distance) -> Tensor:
    """Return ws [T, num_ws, w_dim] that an encoder finds; raise LatentFileError where it is of another model."""
    generator = space.model.generator
    encoder = load_encoder(path, device=generator.device)
    wanted = (generator.num_ws, generator.w_dim)
    if (encoder.num_ws, encoder.w_dim) != wanted:
        raise LatentFileError(
            f"{path}: finds ws {[encoder.num_ws, encoder.w_dim]}, but {space.model.name} takes {list(wanted)}; "
            "it was made for another model"
        )
    side = (encoder.image_size, encoder.image_size)

    def encode(pictures: Tensor) -> Tensor:
        return encoder(fitted(pictures, side))

    return looked_again(encode, lambda ws: painter.paint(ws, generator.img_size), distance, distance.photos)
