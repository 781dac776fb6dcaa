"""Scorers: functions that give pictures a number each, of which `render directions fit` finds the direction."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

Scorer = Callable[[Tensor], Tensor]  # images [N, 3, H, W] in 0..1, sRGB, to [N]; higher is more
