"""Easings: how a value gets from one key to the next; each maps progress 0..1 to 0..1, over numpy arrays.

The shapes are Penner's, as at https://easings.net.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from renderer.values.parsed import Parsed
from renderer.values.signal import parse_ease

Array = NDArray[np.float64]
EasingFunction = Callable[[Array], Array]


@dataclass(frozen=True)
class Easing(Parsed):
    """Hold the name of an easing; the timeline looks it up."""

    written: Any
    name: str

    json_schema: ClassVar[dict[str, Any]] = {"type": "string", "description": "An easing: linear, in-out-sine, ..."}

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the easing of a name."""
        return cls(written, parse_ease(written) or "linear")


def _power(exponent: float) -> EasingFunction:
    return lambda x: x**exponent


def _back(x: Array) -> Array:
    return x * x * (2.70158 * x - 1.70158)


def _elastic(x: Array) -> Array:
    wave = -(2.0 ** (10 * x - 10)) * np.sin((10 * x - 10.75) * np.pi / 1.5)
    return np.where(x <= 0, 0.0, np.where(x >= 1, 1.0, wave))


def _bounce(x: Array) -> Array:
    x = 1 - x
    jumps = [(1 / 2.75, 0.0, 0.0), (2 / 2.75, 1.5 / 2.75, 0.75), (2.5 / 2.75, 2.25 / 2.75, 0.9375)]
    height = 7.5625 * (x - 2.625 / 2.75) ** 2 + 0.984375
    for until, centre, floor in reversed(jumps):
        height = np.where(x < until, 7.5625 * (x - centre) ** 2 + floor, height)
    return 1 - height


SHAPES: dict[str, EasingFunction] = {
    "sine": lambda x: 1 - np.cos(x * np.pi / 2),
    "quad": _power(2),
    "cubic": _power(3),
    "quart": _power(4),
    "expo": lambda x: (2.0 ** (10 * x) - 1) / 1023,
    "circ": lambda x: 1 - np.sqrt(np.maximum(1 - x * x, 0)),
    "back": _back,
    "elastic": _elastic,
    "bounce": _bounce,
}


def _out(shape: EasingFunction) -> EasingFunction:
    return lambda x: 1 - shape(1 - x)


def _in_out(shape: EasingFunction) -> EasingFunction:
    return lambda x: np.where(x < 0.5, shape(np.minimum(2 * x, 1)) / 2, 1 - shape(np.minimum(2 - 2 * x, 1)) / 2)


EASINGS: dict[str, EasingFunction] = {
    "linear": lambda x: x,
    "hold": lambda x: np.where(x >= 1, 1.0, 0.0),
    "smooth": lambda x: x * x * x * (x * (6 * x - 15) + 10),
}
for _name, _shape in SHAPES.items():
    EASINGS |= {f"in-{_name}": _shape, f"out-{_name}": _out(_shape), f"in-out-{_name}": _in_out(_shape)}
