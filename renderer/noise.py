"""Randomness that belongs to a time: a stable hash seeds each point of a lattice in seconds.

Neither the frame rate nor another layer in the scene changes what a point holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from renderer.errors import ValueProblem

Array = NDArray[np.float64]


def stable_seed(*parts: object) -> list[int]:
    """Return four 32-bit words that depend on the parts only, on every machine and in every run."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16).digest()
    return np.frombuffer(digest, "<u4").tolist()  # type: ignore[no-any-return]


def random_state(*parts: object) -> np.random.RandomState:
    """Return numpy's frozen generator, seeded by the parts."""
    return np.random.RandomState(stable_seed(*parts))


def fitted(period: float, loop: float | None) -> tuple[float, int | None]:
    """Return the period nearest to `period` that fits a loop a whole number of times, and that number.

    Raises ValueProblem for a period that is not longer than 0.
    """
    if not period > 0:
        raise ValueProblem(f"expected a period longer than 0s, got {period:g}s")
    if loop is None:
        return period, None
    count = max(1, round(loop / period))
    return loop / count, count


def smooth_noise(t: Array, period: float, shape: Sequence[int], key: tuple[object, ...], loop: float | None) -> Array:
    """Return noise [N, *shape], normal with variance 1 at every time, that changes over `period` seconds.

    t [N] in seconds. Between lattice points the values blend by a quintic whose weights keep the variance.
    With `loop` the noise repeats after that many seconds, in which it changes twice at least.
    """
    step, count = fitted(period if loop is None else min(period, loop / 2), loop)
    place = np.asarray(t, np.float64) / step
    index = np.floor(place).astype(np.int64)
    x = place - index
    blend = (x * x * x * (x * (6 * x - 15) + 10)).reshape(-1, *[1] * len(shape))
    near, far = (lattice(index + offset, period, shape, key, count) for offset in (0, 1))
    return (near * (1 - blend) + far * blend) / np.sqrt((1 - blend) ** 2 + blend**2)


def gaussian_noise(t: Array, sigma: float, shape: Sequence[int], key: tuple[object, ...], loop: float | None) -> Array:
    """Return noise [N, *shape], normal with variance 1, smoothed over time by a Gaussian of `sigma` seconds.

    In a loop sigma is at most a sixth of it, for a wider Gaussian would leave nothing that moves.
    Source: the latent films of Karras et al. 2018, arXiv:1710.10196, here as a function of any time t [N].
    """
    sigma = sigma if loop is None else min(sigma, loop / 6)
    step, count = fitted(sigma / 2, loop)
    reach = int(np.ceil(6 * sigma / step))  # beyond, a weight is lost in rounding
    place = np.asarray(t, np.float64) / step
    first = np.floor(place).astype(np.int64) - reach
    total, power = np.zeros((len(first), *shape)), np.zeros(len(first))
    for offset in range(2 * reach + 2):
        weight = np.exp(-0.5 * ((place - first - offset) * step / sigma) ** 2)
        total += weight.reshape(-1, *[1] * len(shape)) * lattice(first + offset, sigma / 2, shape, key, count)
        power += weight**2
    return total / np.sqrt(power).reshape(-1, *[1] * len(shape))


def lattice(
    index: NDArray[np.int64], period: float, shape: Sequence[int], key: tuple[object, ...], count: int | None
) -> Array:
    """Return the normal values [N, *shape] of lattice points, each seeded by its time in microseconds."""
    points, where = np.unique(index if count is None else index % count, return_inverse=True)
    values = [random_state(*key, round(point * period * 1e6)).standard_normal(tuple(shape)) for point in points]
    return np.stack(values)[where]


def simplex_loop(turn: Array, radius: float, size: int, key: tuple[object, ...]) -> Array:
    """Return noise [N, size] read along a circle of `radius` through `size` planes of simplex noise, variance near 1.

    turn [N] counts rounds of the circle, so whole numbers meet. The wider the circle, the more happens in a round.
    Source: Perlin 2001, *Noise hardware*; gradients on the unit circle, a sum of three radial kernels.
    """
    random = random_state(*key)
    salts = random.randint(0, 2**63, size, np.uint64)  # a plane of its own for every number
    shift = random.uniform(0, 64, (2, size))
    angle = 2 * np.pi * np.mod(np.asarray(turn, np.float64), 1)[:, None]
    return simplex(radius * np.cos(angle) + shift[0], radius * np.sin(angle) + shift[1], salts)


def simplex(x: Array, y: Array, salts: NDArray[np.uint64]) -> Array:
    """Return simplex noise at x, y [N, M] of M planes, each with the gradients of its salt [M]."""
    skew, unskew = (np.sqrt(3) - 1) / 2, (3 - np.sqrt(3)) / 6
    i, j = np.floor(x + (x + y) * skew), np.floor(y + (x + y) * skew)
    x0, y0 = x - i + (i + j) * unskew, y - j + (i + j) * unskew
    right = (x0 > y0).astype(np.float64)
    corners = [(0.0, 0.0), (right, 1 - right), (1.0, 1.0)]
    total = np.zeros(np.broadcast_shapes(x.shape, y.shape))
    for di, dj in corners:
        dx, dy = x0 - di + (di + dj) * unskew, y0 - dj + (di + dj) * unskew
        angle = _hashed(i + di, j + dj, salts)
        fall = np.maximum(0.5 - dx * dx - dy * dy, 0) ** 4
        total += fall * (np.cos(angle) * dx + np.sin(angle) * dy)
    return total * 184  # variance near 1


def _hashed(i: Array, j: Array, salts: NDArray[np.uint64]) -> Array:
    """Return an angle for each whole point i, j of the planes; the mixing is that of splitmix64."""
    mixed = i.astype(np.int64).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + salts
    for part in (j.astype(np.int64).astype(np.uint64), np.uint64(0)):
        mixed = mixed + part * np.uint64(0xD1B54A32D192ED03)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        mixed = mixed ^ (mixed >> np.uint64(31))
    return mixed.astype(np.float64) * (2 * np.pi / 2**64)
