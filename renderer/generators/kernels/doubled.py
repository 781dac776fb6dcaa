"""3x3 convolutions that double the size of a map, and the filter behind them, in rows that stay in the caches.

A doubling puts pixel i times tap k of the weight at pixel 2 * i + k: each of the four pixels that come of one is a sum
of one, two or four products. Rows of them are kept in a ring until the filter has seen them.
Source: Karras et al. 2019, arXiv:1912.04958, section 4, by sums as in `shifted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue

import numpy as np
import torch
from torch import Tensor

from renderer.generators.kernels.finish import Finish, Numbers
from renderer.generators.kernels.jit import LANES, Array, blocks, kernel
from renderer.generators.kernels.pool import each
from renderer.generators.kernels.products import PANEL, ROWS, multiply_shifted, multiply_shifted_pairs, packed
from renderer.generators.kernels.rows import Rows, rows_in
from renderer.generators.kernels.shifted import PARTS, Table
from renderer.generators.kernels.smooth import TAPS, filtered_across, filtered_down

ORDER = np.array([0, 2, 6, 8, 1, 7, 3, 5, 4])  # the taps of each pixel of a square, one after the other
BEGIN, COUNT = np.array([0, 4, 6, 8]), np.array([4, 2, 2, 1])  # where those of each begin, and how many there are
TOGETHER = 128  # pixels of some rows that are multiplied together, where a row has fewer
CHUNK = 64  # pixels of a row that are filtered together; they stay in the nearest cache
FEWEST = 16  # rows for a thread to do, at least; two more are computed for each share
F = np.float32


@kernel
def _double(
    x: Array,
    x_top: int,
    height: int,
    style: Array,
    weight: Array,
    order: Table,
    shifts: Table,
    taps: Array,
    length: int,
    before: int,
    finish: Numbers,
    y: Array,
    y_top: int,
    together: int,
    slots: int,
    pairs: bool,
    first: int,
    last: int,
    first_block: int,
    last_block: int,
    rows: Array,
    panels: Array,
    ring: Array,
    lines: Array,
) -> None:
    """Write what rows first to last of x, doubled and filtered, are in some blocks of channels; see `doubled`.

    The ring [P, 32] holds the sums of even rows, then those of odd ones, then a row of zeros.
    """
    scale, bias, noise, strength, slope, limit = finish
    width, depth, right = noise.shape[1], rows.shape[1], y.shape[2] * 32
    span, table = x.shape[1] + 1, np.empty(len(taps) + 1, np.int64)
    plane, apart, groups = (slots * span + ROWS) * 64, lines.shape[1] * 32, len(taps) // TAPS
    lowest, highest = max(0, (2 * first - before) // 2), min(height, (2 * last - 2 - before + length) // 2)
    for block in range(first_block, last_block):
        for part in range(PARTS):
            packed(weight, block * PARTS + part, order, panels[part])
        done = first
        for begin in range(lowest, highest + 1, together):
            end = min(begin + together, highest + 1)
            rows_in(x, x_top, height, style, rows, begin - 1, end, pairs)
            start = (begin - lowest) % slots * span
            for kind in range(4):
                for part in range(PARTS):
                    panel = part * 9 * depth * PANEL
                    for p in range(0, (end - begin) * span, ROWS):
                        at = (1 + span + p) * depth
                        to = kind // 2 * plane + ((start + p) * 2 + kind % 2) * 32 + part * PANEL
                        numbers = (rows, at, shifts, BEGIN[kind], COUNT[kind], depth, panels, panel, ring, to, 64)
                        if pairs:
                            multiply_shifted_pairs(*numbers)
                        else:
                            multiply_shifted(*numbers)
            while done < last and (end > highest or 2 * done - before + length < 2 * end):
                for k in range(len(table)):
                    seen = 2 * done - before + k
                    slot = (seen // 2 - lowest) % slots
                    kept = k <= length and 0 <= seen <= 2 * height
                    table[k] = seen % 2 * plane + slot * span * 64 if kept else 2 * plane
                for column in range(0, width, CHUNK):
                    count, left = min(CHUNK, width - column), column - before
                    inside, beyond = max(0, left), min(left + count + len(taps), 2 * span)
                    lines[:, : inside - left] = F(0)
                    lines[:, beyond - left :] = F(0)
                    to, pixels = (inside - left) * 32, beyond - inside
                    filtered_down(ring, table, inside * 32, taps, groups, lines, to, apart, pixels)
                    for line in range(2):
                        row = 2 * done + line
                        above, to = row * width + column, (((row - y_top) * width + column) * y.shape[2] + block) * 32
                        rest = (scale, bias, block * 32, noise, above, strength, slope, limit, y, to, right, count)
                        filtered_across(lines, line * apart, taps, groups, *rest)
                done += 1


def doubled(
    x: Rows,
    style: Tensor,
    weight: Tensor,
    taps: Sequence[float],
    before: int,
    finish: Finish,
    y: Rows,
    rows: range,
    pairs: bool = False,
) -> None:
    """Write to y [2h, 2w, O] what some rows of x [h, w, I] times style [I] give, by a weight [O, 3, 3, depth].

    Pixel i of a result sees pixels i - before and following of what is doubled, each by its tap. With pairs the weight
    holds pairs of bfloat16, and x is rounded to them.
    """
    width, depth, every = x.held.shape[1], weight.shape[3], len(weight) // LANES
    span, reach = width + 1, -(-len(taps) // 2)
    together = min(together_of(span), x.height + 1)
    slots = -(-(together + reach + 1) // together) * together
    shifts = np.array([-(tap // 3 // 2 * span + tap % 3 // 2) for tap in ORDER])
    factors = np.pad(np.array(taps, np.float32), (0, -len(taps) % TAPS))
    source = blocks(x.held), x.top, x.height, blocks(style), weight.flatten(1, 2).numpy(), ORDER, shifts
    result = finish.numbers(), blocks(y.held), y.top
    given = (*source, factors, len(taps), before, *result, together, slots, pairs)
    sizes = (
        ((together + 1) * span + 1 + ROWS, depth),
        (PARTS, 9, depth, PANEL),
        (2 * (slots * span + ROWS) * 2 + 2 * span, LANES),
        (2, CHUNK + len(factors), LANES),
    )
    work, spare = shared(rows, every), SimpleQueue[list[Tensor]]()
    for _ in range(min(torch.get_num_threads(), len(work))):  # here: memory that a thread frees stays with it
        room = [torch.empty(size) for size in sizes]
        room[2][-2 * span :] = 0
        spare.put(room)

    def do(share: tuple[int, int, int, int]) -> None:
        room = spare.get()
        _double(*given, *share, *(one.numpy() for one in room))
        spare.put(room)

    each(do, work)


def together_of(span: int) -> int:
    """Return how many rows of so many pixels are multiplied together, so that few are computed beyond their end."""
    return min(range(1, max(2, TOGETHER // span + 1)), key=lambda rows: (-(-rows * span // ROWS) * ROWS / rows, rows))


def shared(rows: range, every: int) -> list[tuple[int, int, int, int]]:
    """Return shares of the work: rows and blocks of channels, each from the first to before the last."""
    threads = torch.get_num_threads()
    parts = min(-(-threads // every), max(1, len(rows) // FEWEST))
    step = -(-len(rows) // parts)
    starts = range(rows.start, rows.stop, step)
    return [(first, min(first + step, rows.stop), block, block + 1) for block in range(every) for first in starts]
