"""How like pictures of found latents are to the pictures that were looked at: what no picture shows does not count."""

from __future__ import annotations

import torch
from torch import Tensor

from renderer.directions.model import Model
from renderer.inversion.distance import Distance, fitted
from renderer.inversion.painter import Painter

SIDE = 32  # pixels at which pictures are compared


def unseen(pictures: Tensor) -> list[Tensor]:
    """Stand for a perceptual backend where pixels alone are compared."""
    return []


class Likeness:
    """Compare pictures of w with others: 0 for the same ones, 1 for those of the mean of w [w_dim].

    A generator of any size paints small pictures; a network paints its own, which are averaged down.
    """

    def __init__(self, model: Model, mean: Tensor) -> None:
        self.generator, self.mean = model.generator.requires_grad_(False), mean
        self.painter, self.size = Painter(self.generator, "none"), (SIDE, SIDE)

    def __call__(self, w: Tensor, images: Tensor) -> Tensor:
        """Return how far pictures of w [N, w_dim] are from images [N, 3, H, W] in -1..1; gradients go through."""
        distance = Distance(fitted(images, self.size), None, unseen, 0.0)
        with torch.no_grad():
            far = distance(self._pictures(self.mean[None]).expand(len(images), -1, -1, -1)).mean()
        near: Tensor = distance(self._pictures(w)).mean() / far
        return near

    def _pictures(self, w: Tensor) -> Tensor:
        return self.painter.paint(w.unsqueeze(1).expand(-1, self.generator.num_ws, -1), self.size)
