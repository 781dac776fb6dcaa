"""How an effect did in a render: the seconds that it took, and the frames at which it failed and was skipped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Conduct:
    """Keep what one effect did. `off` says why it does nothing at all; it is empty where it does something."""

    seconds: float = 0.0
    off: str = ""
    fault: str = ""  # the first
    first: float = 0.0  # seconds of the film at which it was skipped first, and last
    last: float = 0.0

    def skip(self, fault: str, t: float) -> None:
        """Note that the effect is left out of the frame at t, in seconds."""
        if not self.fault:
            self.fault, self.first, self.last = fault, t, t
        self.first, self.last = min(self.first, t), max(self.last, t)

    @property
    def told(self) -> str:
        """Return what the user should be told, in one sentence; empty where all went well."""
        if self.off:
            return f"{self.off}; it was left out"
        if not self.fault:
            return ""
        if self.first == self.last:
            return f"{self.fault}; it was left out there"
        return f"{self.fault}; it was left out wherever it fails, from {self.first:g}s to {self.last:g}s"

    def begin(self) -> None:
        """Forget what came before a render."""
        self.seconds, self.fault = 0.0, ""

    @contextmanager
    def working(self, sign: int = 1) -> Iterator[None]:
        """Count the seconds inside as the effect's; with -1, as those of somebody else whom the effect calls."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += sign * (time.perf_counter() - began)
