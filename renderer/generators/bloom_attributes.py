"""The latent space of `bloom`: which attribute lives on which axis of w and in which rows of ws.

Axis i of w has standard deviation `SPECTRUM[i]` and carries the i-th attribute of the table, so the first
principal components of w are hue, petals, radius, swirl and background. An attribute reads its own rows of ws
only, divides by the spectrum and averages: a standard normal number wherever the rows are equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

W_DIM = 64
LAYER_RESOLUTIONS = (4, 4, 8, 8, 16, 16, 32, 32, 64, 64, 128, 128, 256, 256)  # of a StyleGAN2 of 256 px
NUM_WS = len(LAYER_RESOLUTIONS)


class Attribute(NamedTuple):
    """Name one thing that changes in the picture, and the rows of ws that it reads: first to last."""

    name: str
    first: int
    last: int


# In the order of the axes of w: what matters most to the eye varies most.
ATTRIBUTES = (
    Attribute("hue", 8, 9),  # of the petals
    Attribute("petals", 2, 3),  # how many: three, five, eight
    Attribute("radius", 2, 3),  # of the outline
    Attribute("swirl", 4, 5),  # spiral twist of the petals
    Attribute("background", 10, 11),  # hue of the background against that of the petals
    Attribute("depth", 2, 3),  # how deep the petals are cut
    Attribute("x", 0, 1),  # centre, to the right
    Attribute("y", 0, 1),  # centre, downwards
    Attribute("accent", 8, 9),  # how far the hue travels from the base of a petal to its tip
    Attribute("warp", 4, 5),  # strength of the flow that bends everything
    Attribute("rotate", 2, 3),
    Attribute("zoom", 0, 1),
    Attribute("point", 6, 7),  # round petals to pointed ones
    Attribute("glow", 10, 11),  # light from within, and around
    Attribute("tilt_x", 0, 1),  # the flower leans, and is foreshortened
    Attribute("tilt_y", 0, 1),
    Attribute("rings", 6, 7),  # frequency of the bands across the petals
    Attribute("ripple", 6, 7),  # strength of the bands
    Attribute("saturation", 8, 9),
    Attribute("spread", 2, 3),  # how far apart the nested whorls stand
    Attribute("flow", 4, 5),  # phase of the warp
    Attribute("eddy", 4, 5),  # another phase of the warp
    Attribute("core", 6, 7),  # size of the disc of florets
    Attribute("warmth", 10, 11),  # hue of the light from within
    Attribute("dusk", 10, 11),  # brightness of the background
    Attribute("light", 12, 13),  # where the light comes from
    Attribute("veins", 6, 7),  # fine lines along the petals
    Attribute("ruffle", 6, 7),  # frills of the outline
    Attribute("sheen", 12, 13),  # bright rims
    Attribute("dust", 12, 13),  # motes of light
    Attribute("contrast", 8, 9),  # dark bases, pale tips
    Attribute("grain", 12, 13),  # strength of the film grain
)

SPECTRUM = 0.3 + 1.7 * 0.85 ** torch.arange(W_DIM, dtype=torch.float64)  # [w_dim], 2 down to 0.3
CENTER = 0.5 * torch.cos(torch.arange(W_DIM, dtype=torch.float64) * 2.4)  # [w_dim], the mean of w


def read_attributes(ws: Tensor, spectrum: Tensor, center: Tensor) -> dict[str, Tensor]:
    """Return every attribute by name, each [N], of ws [N, num_ws, w_dim]."""
    whitened = (ws - center) / spectrum  # [N, num_ws, w_dim], standard normal
    return {name: whitened[:, first : last + 1, axis].mean(1) for axis, (name, first, last) in enumerate(ATTRIBUTES)}


def named_directions() -> Mapping[str, Tensor]:
    """Return a direction [num_ws, w_dim] for every attribute: one unit is one standard deviation of it."""
    directions = {}
    for axis, (name, first, last) in enumerate(ATTRIBUTES):
        direction = torch.zeros(NUM_WS, W_DIM)
        direction[first : last + 1, axis] = SPECTRUM[axis].float()
        directions[name] = direction
    return directions
