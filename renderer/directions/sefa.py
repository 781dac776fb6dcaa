"""Closed-form factorisation: the directions of w that the styles of a network hear most.

Source: Shen and Zhou 2021, arXiv:2007.06600, equation 6, with the weights normalised as in the code they published.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from renderer.directions.pca import upright
from renderer.errors import LatentFileError
from renderer.generators.base import Generator


def chosen_weights(generator: Generator, strengths: Tensor | None) -> list[Tensor]:
    """Return the weights of the style affines of a generator, of the rows of ws whose strength is not 0.

    Raises LatentFileError for a generator that has none.
    """
    weights = generator.style_weights
    if not weights:
        own = f"; it has directions of its own: {', '.join(list(generator.directions)[:6])} ..."
        raise LatentFileError(
            f"{generator.family} has no style affines to factorise{own if generator.directions else ''}"
        )
    return [weight for row, weight in enumerate(weights) if strengths is None or float(strengths[row]) != 0]


def factorise(weights: Sequence[Tensor], count: int) -> tuple[Tensor, Tensor]:
    """Return unit vectors [K, w_dim] and their singular values [K], the largest first.

    weights  of the style affines of the chosen layers, each [outputs, w_dim]; every output counts the same
    """
    stacked = torch.cat([weight.detach().double().cpu() for weight in weights])
    sizes = stacked.norm(dim=1, keepdim=True)
    stacked = torch.where(sizes > 0, stacked / sizes.clamp_min(1e-30), 0)
    if not bool((sizes > 0).any()):
        raise LatentFileError("the style affines of this network are all zero; there is nothing to factorise")
    values, axes = torch.linalg.eigh(stacked.T @ stacked)
    return upright(axes.T.flip(0)[:count]).float(), values.flip(0)[:count].clamp_min(0).sqrt().float()
