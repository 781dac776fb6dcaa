"""Let one picture take over from another: all of it at once, spot by spot, or from one side to the other."""

from __future__ import annotations

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from renderer.latents import lerp
from renderer.noise import random_state
from renderer.values.transition import TransitionKind

SOFT = {"dissolve": 0.1, "wipe": 0.04}  # width of the edge, of the whole way
SPOTS = 24  # along the longer side


def taken_over(lower: Tensor, upper: Tensor, way: Tensor, kind: TransitionKind) -> Tensor:
    """Return images [N, C, H, W] on the way [N], 0..1, from lower to upper; exactly these at the ends."""
    share = way.reshape(-1, 1, 1, 1)
    if kind in SOFT:
        order, soft = reached(kind, lower.shape[-2], lower.shape[-1]).to(lower.device), SOFT[kind]
        share = ((share * (1 + soft) - order) / soft).clamp(0, 1)
    return torch.where(share == 1, upper, lerp(lower, upper, share))


@lru_cache(maxsize=4)
def reached(kind: TransitionKind, height: int, width: int) -> Tensor:
    """Return float32 [H, W], when each pixel is reached, 0..1, spread evenly."""
    if kind == "wipe":
        return torch.linspace(0, 1, width).expand(height, width)
    rows, columns = (max(2, round(SPOTS * side / max(height, width))) for side in (height, width))
    spots = torch.from_numpy(random_state("dissolve").rand(1, 1, rows, columns)).float()
    field = F.interpolate(spots, (height, width), mode="bicubic").flatten()
    return (field.argsort().argsort() / max(field.numel() - 1, 1)).reshape(height, width)


def of_channels(images: Tensor, channels: int) -> Tensor:
    """Return images [N, C, H, W] in -1..1 with so many channels, 1, 3 or 4: grey becomes colour, alpha opaque."""
    if images.shape[1] == 1 and channels > 1:
        images = images.expand(-1, 3, -1, -1)
    if images.shape[1] == 3 and channels == 4:
        images = torch.cat([images, torch.ones_like(images[:, :1])], 1)
    return images
