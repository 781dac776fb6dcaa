"""3x3 convolutions of one image in float32 with a quarter of the multiplications.

Source: Lavin and Gray 2015, arXiv:1509.09308.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue

import torch
from torch import Tensor

from renderer.generators.kernels.finish import Finish
from renderer.generators.kernels.jit import LANES, blocks
from renderer.generators.kernels.pool import each
from renderer.generators.kernels.winograd_transforms import POINTS, STEP, tiles_in, tiles_out

PIECE_BYTES = 1_200_000  # of transformed tiles that a thread works on, at least; they stay in its caches
Seen = Callable[[int, Tensor], None]
_FILTER = (
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)


def fits(inputs: int, outputs: int) -> bool:
    """Say whether the kernels take as many channels."""
    return inputs % LANES == 0 and outputs % LANES == 0


class Winograd:
    """Convolve maps by a weight [O, I, 3, 3] that stays the same.

    With phases = 2 the weight is [4 * O, I, 3, 3], and its four maps are woven into one of twice the size: the one of
    channel (2 * a + b) * O + o gives the pixels (2 * y + a, 2 * x + b) of channel o.
    """

    def __init__(self, weight: Tensor, pad: int = 1, phases: int = 1) -> None:
        self.pad, self.phases = pad, phases
        self.outputs, self.inputs = weight.shape[:2]
        filters = torch.tensor(_FILTER, dtype=torch.float64)
        self.weight = torch.empty(POINTS, self.inputs, self.outputs)
        for first in range(0, self.outputs, 64):  # in parts, so that float64 takes little room
            part = torch.einsum("ai,ocij,bj->abco", filters, weight[first : first + 64].double(), filters)
            self.weight[:, :, first : first + 64] = part.flatten(0, 1)

    def __call__(
        self, x: Tensor, style: Tensor, finish: Finish, seen: Seen | None = None, keep: bool = True
    ) -> Tensor | None:
        """Return the finished map [H, W, O] of x [h, w, I] times style [I], both contiguous; None where not kept.

        `seen` gets the result in strips as they come, the first row and [rows, W, O], from any thread.
        """
        height, width = finish.noise.shape
        result = x.new_empty(height, width, len(finish.scale)) if keep else None
        strips = Strips(self, x, style, finish, result, seen)
        each(strips.run, strips.pieces)
        return result


class Strips:
    """Hold one convolution, which is done in strips of whole rows of tiles."""

    def __init__(
        self,
        kernel: Winograd,
        x: Tensor,
        style: Tensor,
        finish: Finish,
        result: Tensor | None,
        seen: Seen | None,
    ) -> None:
        self.kernel, self.finish, self.result, self.seen = kernel, finish, result, seen
        self.x, self.style, self.numbers = blocks(x), blocks(style), finish.numbers()
        rows, columns = (-(-side // kernel.phases // STEP) for side in finish.noise.shape)
        self.across, threads = columns, torch.get_num_threads()
        row_bytes = 4 * POINTS * (kernel.inputs + kernel.outputs) * columns
        step = min(max(1, max(PIECE_BYTES, kernel.weight.nbytes // 2) // row_bytes), -(-rows // threads))
        self.pieces = [range(first, min(first + step, rows)) for first in range(0, rows, step)]
        self.room: SimpleQueue[tuple[Tensor, Tensor]] = SimpleQueue()
        for _ in range(min(threads, len(self.pieces))):  # made here, since memory that a thread frees stays with it
            most = step * columns + 1  # one more: maps a power of two apart collide in caches
            self.room.put((torch.empty(POINTS, most, kernel.inputs), torch.empty(POINTS, most, kernel.outputs)))

    def run(self, piece: range) -> None:
        """Convolve one strip."""
        tiles, products = room = self.room.get()
        self.convolve(piece, tiles, products)
        self.room.put(room)

    def convolve(self, piece: range, tiles: Tensor, products: Tensor) -> None:
        """Convolve one strip, with room for its tiles and their products."""
        kernel, count = self.kernel, len(piece) * self.across
        shaped = blocks(tiles), blocks(products)
        tiles_in(self.x, self.style, shaped[0], piece.start, len(piece), self.across, kernel.pad)
        torch.bmm(tiles[:, :count], kernel.weight, out=products[:, :count])
        height, width = self.finish.noise.shape
        top, bottom = (min(row * STEP * kernel.phases, height) for row in (piece.start, piece.stop))
        strip = torch.empty(bottom - top, width, len(self.finish.scale)) if self.result is None else self.result
        origin = top if self.result is None else 0
        where = (origin, piece.start, len(piece), self.across, kernel.phases)
        tiles_out(shaped[1], *self.numbers, blocks(strip), *where)
        if self.seen is not None:
            self.seen(top, strip[top - origin : bottom - origin])
