"""The sections of a film: those that the scene names, or those that are found in its song, and how they cross-fade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from renderer.audio.cache import remembered
from renderer.audio.progress import say
from renderer.audio.segments import find_sections
from renderer.audio.song import Song
from renderer.errors import Gather, ValueProblem, expected
from renderer.signal_source import Array
from renderer.timeline.expressions import Curve
from renderer.values.section import Section, Sections
from renderer.values.section_times import SectionTimes
from renderer.values.time import Clock


def written_sections(sections: dict[str, SectionTimes], clock: Clock) -> Sections:
    """Return the sections that a scene names with their times.

    Raises ValueProblem, with paths below `sections`, for one without a time and for two that start together.
    """
    gather, starts = Gather(), dict[float, str]()
    for name, section in sections.items():
        if not section.starts:
            gather.note("expected `at`, the times at which it starts, as the other sections have", name)
        for time in section.starts:
            with gather.below(name):
                second = clock.position(time)
                if second in starts:
                    raise ValueProblem(f"starts at {second:g}s, when {starts[second]} starts already")
                starts[second] = name
    gather.check()
    inside = [(second, name) for second, name in starts.items() if second < clock.film.end]
    return Sections.of(inside or starts.items(), clock.film.end)


def heard_sections(song: Song, bars: Array, end: float) -> Sections:
    """Return the sections of a song, found by its sound bar by bar, or from the cache."""

    def find() -> dict[str, Any]:
        say(f"listening to {song.path.name}: its sections")
        found = find_sections(song, bars)
        return {"starts": np.array([start for start, _ in found]), "names": np.array([name for _, name in found])}

    held = remembered(song.digest, {"sections": 1, "bars": np.round(bars, 4).tolist()}, find)
    pairs = [(float(start), str(name)) for start, name in zip(held["starts"], held["names"], strict=True)]
    return Sections.of([pair for pair in pairs if pair[0] < end] or pairs, end)


def check_names(sections: dict[str, SectionTimes], found: Sections) -> None:
    """Raise ValueProblem for a section without a time that was not found in the song."""
    gather = Gather()
    for name in sections:
        if name not in found.labels:
            hint = expected(name, found.labels)
            gather.note(f"no section of the song is called {name!r}{hint}; or give it `at`", name)
    gather.check()


@dataclass(frozen=True)
class Shares:
    """Hold how much of each section there is over time: each takes over from the one before within its own fade."""

    sections: Sections
    fades: tuple[float, ...]

    @classmethod
    def of(cls, sections: Sections, written: dict[str, SectionTimes], clock: Clock) -> Shares:
        """Return the shares of sections; raise ValueProblem for a fade that is longer than its section."""
        return cls(sections, tuple(_fade_of(section, written, clock) for section in sections.items))

    def end(self, index: int) -> float:
        """Return the seconds at which nothing of a section is left."""
        last = index + 1 >= len(self.fades)
        return self.sections.items[index].end + (0.0 if last else self.fades[index + 1])

    def curve(self, index: int) -> Curve:
        """Return how much of a section there is over time, 0 to 1; those of all sections sum to 1."""

        def share(t: Array) -> Array:
            here = np.ones_like(t) if index == 0 else self._risen(index, t)
            return here if index + 1 >= len(self.fades) else here * (1 - self._risen(index + 1, t))

        return share

    def _risen(self, index: int, t: Array) -> Array:
        since, fade = t - self.sections.items[index].start, self.fades[index]
        risen = np.clip(since / fade, 0, 1) if fade > 0 else np.where(since >= -1e-9, 1.0, 0.0)
        return np.asarray(risen, np.float64)


def _fade_of(section: Section, written: dict[str, SectionTimes], clock: Clock) -> float:
    fade = written[section.label].fade if section.label in written else None
    if fade is None:
        return 0.0
    length, gather = clock.length(fade), Gather()
    with gather.below(section.label, "fade"):
        if not 0 <= length <= section.end - section.start:
            longest = f"{section.end - section.start:g}s"
            raise ValueProblem(
                f"expected a fade no longer than the section, {longest} at {section.start:g}s, got {fade}"
            )
    gather.check()
    return length
