"""How fast and how noisily latents move: the schedule of StyleGAN2's projector, and the stages it is run in.

Source: Karras et al. 2019, arXiv:1912.04958, appendix D. Theirs is one run of 1000 steps at full size; ours goes from
small pictures of many candidates to the large one of the best, and each stage has the schedule for itself. What starts
near goes on with one candidate, without noise, and at pictures of half the size.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from renderer.generators.base import Generator
from renderer.inversion.settings import FAR_STARTS, Settings

RAMP_UP, RAMP_DOWN = 0.05, 0.25  # shares of a stage in which the rate rises, and falls along a cosine
NOISE_UNTIL, NOISE = 0.75, 0.05  # share of the stage with noise on latents, and its strength in standard deviations
PARTS = ((8, 32, 0.25, 1.0), (4, 8, 0.25, 1.0), (2, 3, 0.25, 0.5), (1, 1, 0.25, 0.3))  # shrunk by, K, share, rate
NEAR_PARTS = ((2, 1, 0.5, 1.0), (1, 1, 0.5, 1.0))  # from a near start: no small pictures, whose noise would lose it
SMALLEST = 16  # pixels of the shorter side
AFFORDABLE = 3_000_000  # numbers that synthesis of all candidates may hold: what costs little beside the last stage
SAMPLED, FEWEST, MOST = 60_000_000, 8, 3000  # the same for random latents that are only looked at


@dataclass(frozen=True)
class Stage:
    """Describe a part of the optimisation.

    size   (height, width) at which pictures are compared; `last` for the full one.
    count  candidates for each photo.
    """

    size: tuple[int, int]
    count: int
    steps: int
    rate: float
    noise: float
    last: bool


def stages(generator: Generator, settings: Settings) -> list[Stage]:
    """Return the stages from small to large that a generator and the number of candidates allow."""
    found, near = [], settings.start not in FAR_STARTS
    most = settings.candidates or (PARTS[0][1] if settings.start == "best" else 1)
    for shrunk, count, share, rate in NEAR_PARTS if near else PARTS:
        size = shrunk_size(generator, shrunk)
        steps = max(1, round(settings.steps * share))
        last = shrunk == 1
        count = min(count, most, 1 if last else affordable(generator, size, AFFORDABLE, 1, most))
        noise = NOISE if shrunk >= 4 else 0.0
        found.append(Stage(size, max(1, count), steps, settings.rate * rate, noise, last))
    return found


def shrunk_size(generator: Generator, factor: int) -> tuple[int, int]:
    """Return (height, width) of pictures that are smaller by a factor, but not smaller than is useful."""
    height, width = generator.img_size
    factor = max(1, min(factor, min(height, width) // SMALLEST))
    return max(1, height // factor), max(1, width // factor)


def affordable(generator: Generator, size: tuple[int, int], budget: int, fewest: int, most: int) -> int:
    """Return how many pictures a budget of numbers allows; generators of any size synthesise small ones."""
    elements = generator.working_elements
    if generator.any_size:
        elements = elements * size[0] * size[1] // (generator.img_size[0] * generator.img_size[1])
    return max(fewest, min(most, budget // max(1, elements)))


def rate_at(done: float) -> float:
    """Return the share of the learning rate when a share of the stage is done."""
    down = min(1.0, (1 - done) / RAMP_DOWN)
    return (0.5 - 0.5 * math.cos(math.pi * down)) * min(1.0, (done + 1e-3) / RAMP_UP)


def noise_at(done: float) -> float:
    """Return the share of the noise on latents when a share of the stage is done."""
    return max(0.0, 1 - done / NOISE_UNTIL) ** 2


def stands_still(losses: Sequence[float], patience: int, gain: float = 0.01) -> bool:
    """Say whether the last `patience` losses brought no gain, as a share, over the lowest one before."""
    if len(losses) <= patience:
        return False
    return min(losses[-patience:]) > min(losses[:-patience]) * (1 - gain)
