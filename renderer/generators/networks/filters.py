"""Changing the sampling rate of feature maps by any whole factor, with separable and radial filters.

Source: Karras et al. 2021, arXiv:2106.12423, section 3 and appendix C (layers that alias nothing).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional


def upsample(x: Tensor, taps: Sequence[float], factor: int, before: int, after: int) -> Tensor:
    """Return x [N, C, h, w] filtered at `factor` times its rate, both axes alike.

    It is what zeros between the samples, padding by `before` and `after` zeros (negative values crop) and a
    convolution by the taps would give: each length becomes factor * length + before + after - len(taps) + 1. Only
    the products with samples are computed, as sums of shifted maps, one sum for each phase.
    """
    for axis in (2, 3):
        length = factor * x.shape[axis] + before + after - len(taps) + 1
        x = _upsample_axis(x, taps, factor, before, length, axis)
    return x


def _upsample_axis(x: Tensor, taps: Sequence[float], factor: int, before: int, length: int, axis: int) -> Tensor:
    size = x.shape[axis]
    steps = [phase_products(taps, factor, before, phase) for phase in range(factor)]
    counts = [len(range(phase, length, factor)) for phase in range(factor)]
    places = [(first, first + count) for step, count in zip(steps, counts, strict=True) for first, _ in step]
    left = max(0, -min(first for first, _ in places))
    right = max(0, max(last for _, last in places) - size)
    x = functional.pad(x, (0, 0, left, right) if axis == 2 else (left, right))
    make = x.new_empty if len(taps) >= factor else x.new_zeros  # with fewer taps some phases have no products
    woven = make(*x.shape[:axis], length, *x.shape[axis + 1 :])
    for phase, (step, count) in enumerate(zip(steps, counts, strict=True)):
        total = None
        for first, tap in step:
            seen = x.narrow(axis, first + left, count)
            total = seen * tap if total is None else total.add_(seen, alpha=tap)
        if total is not None:
            woven[(slice(None),) * axis + (slice(phase, None, factor),)] = total
    return woven


def phase_products(taps: Sequence[float], factor: int, before: int, phase: int) -> list[tuple[int, float]]:
    """Return (first sample, tap) of each product of the outputs phase, phase + factor, ..."""
    mirrored = taps[::-1]
    found = [divmod(phase + index - before, factor) for index in range(len(taps))]
    return [(first, mirrored[index]) for index, (first, rest) in enumerate(found) if rest == 0]


def downsample(x: Tensor, kernel: Tensor, factor: int) -> Tensor:
    """Return every `factor`-th sample of x [N, C, h, w] convolved by taps [K] along both axes or a kernel [K, K].

    There is no padding: each length becomes (length - K) // factor + 1.
    """
    channels, kernel = x.shape[1], kernel.to(x.dtype)
    if kernel.ndim == 2:
        weight = kernel.flip(0, 1).expand(channels, 1, -1, -1)
        return functional.conv2d(x, weight, stride=factor, groups=channels)
    weight = kernel.flip(0).expand(channels, 1, 1, -1)  # [C, 1, 1, K]
    x = functional.conv2d(x, weight.transpose(2, 3), stride=(factor, 1), groups=channels)
    return functional.conv2d(x, weight, stride=(1, factor), groups=channels)
