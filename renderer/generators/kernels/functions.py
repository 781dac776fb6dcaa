"""Sines, cosines and sigmoids in float32 that a compiler turns into vector code, which calls of libm prevent.

Constants are float32 on purpose: one float64 among them would halve the speed and change the type of all that follows.
The polynomials are Chebyshev interpolations of their functions, within a few units in the last place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from renderer.generators.kernels.jit import FUSED

F = np.float32

if TYPE_CHECKING:

    def woven(function: Any) -> Any:
        """Make a function part of the kernels that call it, without which they are not turned into vector code."""

else:
    woven = numba.njit(fastmath=FUSED, error_model="numpy", inline="always")

_TURNS = F(1 / (2 * np.pi))
_TWO_PI, _REST = F(6.28125), F(2 * np.pi - 6.28125)  # the first has so few digits that whole multiples are exact
_LOG2_E, _LN2 = F(1 / np.log(2)), F(np.log(2))
_SIN = tuple(map(F, (0.99999994, -0.16666621, 0.0083327917, -0.00019817625, 2.7088224e-06, -2.0697737e-08)))
_COS = tuple(
    map(F, (1.0, -0.49999988, 0.041666489, -0.0013887803, 2.4769874e-05, -2.7078939e-07, 1.7244760e-09)),
)
_EXP = tuple(map(F, (1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720)))  # of Taylor: 1e-7 within half of ln 2


@woven
def reduced(angle: F) -> F:
    """Return an angle in radians, up to some 10,000, less whole turns: -pi..pi."""
    turns: F = np.floor(angle * _TURNS + F(0.5))
    return (angle - turns * _TWO_PI) - turns * _REST


@woven
def sine(r: F) -> F:
    """Return the sine of a reduced angle."""
    q = r * r
    return r * (_SIN[0] + q * (_SIN[1] + q * (_SIN[2] + q * (_SIN[3] + q * (_SIN[4] + q * _SIN[5])))))


@woven
def cosine(r: F) -> F:
    """Return the cosine of a reduced angle."""
    q = r * r
    tail = _COS[3] + q * (_COS[4] + q * (_COS[5] + q * _COS[6]))
    return _COS[0] + q * (_COS[1] + q * (_COS[2] + q * tail))


@woven
def exponential(x: F) -> F:
    """Return e to the power of x, for -80 < x < 80."""
    whole: F = np.floor(x * _LOG2_E + F(0.5))
    r = x - whole * _LN2
    power = _EXP[0] + r * (_EXP[1] + r * (_EXP[2] + r * (_EXP[3] + r * (_EXP[4] + r * (_EXP[5] + r * _EXP[6])))))
    scale: F = np.int32((np.int32(whole) + np.int32(127)) << np.int32(23)).view(np.float32)  # 2 to the power of whole
    return power * scale


@woven
def sigmoid(x: F) -> F:
    """Return 1 / (1 + e to the power of -x)."""
    power: F = exponential(min(max(-x, F(-80)), F(80)))
    return F(1) / (F(1) + power)
