"""The sections of a film: verse, chorus, drop, or A, B, C where they were found by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Section(NamedTuple):
    """Hold one section: what it is called, its seconds, and how often one of that name came before it."""

    label: str
    start: float
    end: float
    repeat: int = 0


@dataclass(frozen=True)
class Sections:
    """Hold the sections of a film in order; each ends where the next starts."""

    items: tuple[Section, ...]

    @classmethod
    def of(cls, starts: Iterable[tuple[float, str]], end: float) -> Sections:
        """Return the sections that start at seconds under a name, in any order; the last lasts to the end."""
        ordered = sorted(starts)
        ends = [*(start for start, _ in ordered[1:]), max(end, ordered[-1][0])]
        labels = [label for _, label in ordered]
        repeats = [labels[:i].count(label) for i, label in enumerate(labels)]
        return cls(tuple(Section(labels[i], ordered[i][0], ends[i], repeats[i]) for i in range(len(labels))))

    @property
    def labels(self) -> tuple[str, ...]:
        """Return every name once, in the order in which it first comes."""
        return tuple(dict.fromkeys(section.label for section in self.items))

    def at(self, t: ArrayLike) -> NDArray[np.int64]:
        """Return the index of the section at each time; the first holds before it, the last after its end."""
        starts = np.array([section.start for section in self.items])
        return np.maximum(np.searchsorted(starts - 1e-9, np.asarray(t, np.float64), side="right") - 1, 0)
