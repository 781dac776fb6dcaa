"""Which part of the song it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, ValueProblem, hookimpl, param

RATE = 100.0  # values a second


class Section(SignalSource):
    """Say which part of the song it is: `{section: chorus}` is 1 in every chorus, else 0.

    The sections are those of `sections:`, or those that are heard in the song, called A, B, C. Without a name it counts
    them: 0 in the first, 1 in the second. `smooth` fades.
    """

    name = "section"
    example = "chorus: {section: A, smooth: 500ms}"
    shorthand = "label"
    shaping: ClassVar[dict[str, Any]] = {}
    cached = False

    label: str | None = param(None, description="Name of a section; without one, their number")

    def analyse(self, hearing: Hearing) -> Series:
        """Return 1 within the sections of a name, or the number of each section."""
        sections = hearing.sections
        index = sections.at(np.arange(int(hearing.length * RATE) + 2) / RATE)
        if self.label is None:
            return Series(index.astype(np.float32), RATE, hold=True)
        if self.label not in sections.labels:
            raise ValueProblem(f"no section is called {self.label!r}; there are {', '.join(sections.labels)}")
        inside = np.array([one.label == self.label for one in sections.items])
        return Series(inside[index].astype(np.float32), RATE, hold=True)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Section)
