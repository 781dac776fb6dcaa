"""3x3 convolutions of one image in float32 with a quarter of the multiplications.

Source: Lavin and Gray 2015, arXiv:1509.09308.
"""

from __future__ import annotations

from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import LANES, blocks
from renderer.generators.kernels.pool import each, shares
from renderer.generators.kernels.products import PANEL, ROWS
from renderer.generators.kernels.rows import Rows
from renderer.generators.kernels.winograd_transforms import POINTS, STEP, convolve, weight_in

ROOM_BYTES = 1_200_000  # of transformed tiles that a thread works on; they stay in its caches
FEWEST, FEW = 8 * ROWS, 128  # tiles: to be worked on at a time, at least; so few that threads share channels instead
PIECES = 8  # for each thread to take, so that all end at about the same time
NO_COLOURS, NO_IMAGE = np.empty((0, 0, LANES), np.float32), np.empty((0, 0, 0), np.float32)
FILTERS = np.array(  # from three taps to six points
    [
        (1 / 4, 0, 0),
        (-1 / 6, -1 / 6, -1 / 6),
        (-1 / 6, 1 / 6, -1 / 6),
        (1 / 24, 1 / 12, 1 / 6),
        (1 / 24, -1 / 12, 1 / 6),
        (0, 0, 1),
    ]
)


def fits(inputs: int, outputs: int) -> bool:
    """Say whether the kernels take as many channels."""
    return inputs % LANES == 0 and outputs % LANES == 0


@dataclass(frozen=True)
class Colours:
    """Say what is to be made of a finished map while it is in registers: an image, by a 1x1 convolution.

    weights  float32 [K, C].
    image    float32 [H, W, K]; the products are added to it.
    alone    whether nobody else needs the map, so that it need not be kept.
    """

    weights: Tensor
    image: Tensor
    alone: bool = False

    def add(self, y: Tensor) -> None:
        """Add what a map [H, W, C] gives."""
        self.image.flatten(0, 1).addmm_(y.flatten(0, 1), self.weights.T)


@dataclass(frozen=True)
class Share:
    """Say what one thread does: tiles and blocks of channels, each from the first to before the last."""

    tiles: tuple[int, int]
    blocks: tuple[int, int]


class Winograd:
    """Convolve maps by a weight [O, I, 3, 3] that stays the same."""

    def __init__(self, weight: Tensor, pad: int = 1) -> None:
        self.pad = pad
        self.outputs, self.inputs = weight.shape[:2]
        self.weight = torch.empty(self.outputs // LANES, POINTS, LANES // PANEL, self.inputs, PANEL)
        given, points = weight.contiguous().numpy().reshape(-1, LANES, self.inputs, 3, 3), self.weight.numpy()
        each(lambda block: weight_in(given[block], FILTERS, points[block]), range(len(given)))

    def __call__(self, x: Tensor, style: Tensor, finish: Finish, colours: Colours | None = None) -> Tensor | None:
        """Return the finished map [H, W, O] of x [h, w, I] times style [I], both contiguous; None where not kept."""
        height, width = finish.noise.shape
        few = self.tiles(height) * self.tiles(width) <= FEW
        kept = colours is None or not colours.alone
        y = x.new_empty(height if kept or few else 0, width, len(finish.scale))
        rows = range(self.tiles(height))
        self.convolve(Rows(x, 0, len(x)), style, finish, Rows(y, 0, height), None if few else colours, rows)
        if few and colours is not None:
            colours.add(y)
        return y if kept else None

    def tiles(self, side: int) -> int:
        """Return how many tiles lie along a side of a result of so many pixels."""
        return -(-side // STEP)

    def convolve(self, x: Rows, style: Tensor, finish: Finish, y: Rows, colours: Colours | None, rows: range) -> None:
        """Write some rows of tiles to y, where it has any, and add their colours; see `__call__`."""
        across = self.tiles(finish.noise.shape[1])
        image = (NO_COLOURS, NO_IMAGE) if colours is None else (blocks(colours.weights), colours.image.numpy())
        source = (blocks(x.held), x.top, x.height, blocks(style), self.pad, self.weight.numpy())
        given = (*source, finish.numbers(), blocks(y.held), y.top, *image)
        work, room = self.shared(range(rows.start * across, rows.stop * across), colours is None)
        spare: SimpleQueue[tuple[Tensor, Tensor]] = SimpleQueue()
        for _ in range(min(torch.get_num_threads(), len(work))):  # here: memory that a thread frees stays with it
            most = room + 1  # tiles a power of two apart collide in caches
            spare.put((torch.empty(POINTS, most, self.inputs), torch.empty(POINTS, most, LANES)))

        def do(share: Share) -> None:
            tiles, products = one = spare.get()
            convolve(*given, *share.tiles, across, *share.blocks, blocks(tiles), products.numpy())
            spare.put(one)

        each(do, work)

    def shared(self, tiles: range, apart: bool) -> tuple[list[Share], int]:
        """Return the shares of the work, and for how many tiles each needs room; apart if channels may be shared."""
        count, every = len(tiles), self.outputs // LANES
        if apart and count <= FEW:  # weights are read once, and tiles transformed by every thread
            return [Share((tiles.start, tiles.stop), part) for part in shares(every)], -(-count // ROWS) * ROWS
        room = max(FEWEST, ROOM_BYTES // (4 * POINTS * self.inputs) // ROWS * ROWS)
        step = -(-count // (PIECES * torch.get_num_threads()) // room) * room
        starts = range(tiles.start, tiles.stop, step)
        return [Share((first, min(first + step, tiles.stop)), (0, every)) for first in starts], room
