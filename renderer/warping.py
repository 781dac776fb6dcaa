"""Pictures looked at from elsewhere: enlarged, turned, moved, or through any map of points.

Points of a picture lie from -1 to 1 between its edges, whatever its shape.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from renderer.mixing import premultiplied, straight

Edge = Literal["mirror", "tile", "stretch", "empty"]  # how a picture goes on beyond its edges
PADDING = {"mirror": "reflection", "tile": "border", "stretch": "border", "empty": "zeros"}


def view_matrix(
    x: Tensor, scale: Tensor, degrees: Tensor, across: Tensor | float = 0.5, down: Tensor | float = 0.5
) -> Tensor:
    """Return where each point of pictures x looks when they are enlarged, and turned against the clock: [N, 2, 3].

    scale and degrees [N]; the point (across, down), 0..1 from the left and the top, stays. Shapes stay, too, in
    pictures of any aspect. For `warp`.
    """
    aspect = x.shape[3] / x.shape[2]
    angle = degrees * (torch.pi / 180)
    cosine, sine = angle.cos() / scale, angle.sin() / scale
    u, v = (2 * torch.as_tensor(place, device=x.device) - 1 for place in (across, down))
    rows = [
        torch.stack([cosine, -sine / aspect, u - cosine * u + sine / aspect * v], 1),
        torch.stack([sine * aspect, cosine, v - sine * aspect * u - cosine * v], 1),
    ]
    return torch.stack(rows, 1)


def warp(x: Tensor, look: Tensor, edge: Edge = "mirror") -> Tensor:
    """Return pictures whose points look where an affine `look` [N, 2, 3] in -1..1 says, as `view_matrix` makes it."""
    u, v = pixel_centres(x)
    columns, rows = u[None, None, :], v[None, :, None]  # [1, 1, W], [1, H, 1]
    across, down = (
        (look[:, i, 0, None, None] * columns + look[:, i, 2, None, None]) + look[:, i, 1, None, None] * rows
        for i in (0, 1)
    )
    return sample_at(x, across, down, edge)


def sample_at(x: Tensor, across: Tensor, down: Tensor, edge: Edge = "mirror") -> Tensor:
    """Return pictures whose points look at (across, down), each [N or 1, H, W], -1..1 between their edges; bicubic."""
    grid = torch.empty(len(x), *x.shape[2:], 2, device=x.device)
    grid[..., 0], grid[..., 1] = across, down
    if edge == "tile":
        grid = (grid + 1) % 2 - 1
    seen = F.grid_sample(premultiplied(x), grid, mode="bicubic", padding_mode=PADDING[edge], align_corners=False)
    return straight(seen.clamp(0, 1))


def pixel_centres(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the centres of the columns [W] and of the rows [H] of pictures, from -1 to 1 between their edges."""
    width, height = ((2 * torch.arange(n, device=x.device) + 1) / n - 1 for n in (x.shape[3], x.shape[2]))
    return width, height
