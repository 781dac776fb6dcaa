"""Print what a song holds."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from renderer.plot.terminal import print_plot
from renderer.song.facts import SongFacts, clock
from renderer.values.section import Section


def print_song(facts: SongFacts, console: Console) -> None:
    """Print what a song holds, and how it goes in the terminal."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    for name, text in told(facts):
        table.add_row(name, text)
    console.print(str(facts.file), soft_wrap=True)
    console.print(table)
    console.print()
    print_plot(facts.picture, "", console)


def told(facts: SongFacts) -> Iterator[tuple[str, str]]:
    """Yield the facts of a song as rows of a table."""
    yield "length", f"{clock(facts.seconds)} ({facts.seconds:.2f} s), {facts.codec}"
    if facts.tempo is None:
        yield "tempo", "no beat was found"
    else:
        way = "steady" if facts.steady else "it varies"
        yield "tempo", f"{facts.tempo:.2f} beats a minute, confidence {facts.confidence:.2f}, {way}"
        yield "beats", f"{facts.beats}, {facts.beats_per_bar} in a bar; bar 1 begins at {facts.offset:.3f} s"
    if facts.key is not None:
        yield "key", f"{facts.key.name}, fit {facts.key.fit:.2f}; next best {facts.key.next}"
    for section in facts.sections:
        yield "" if section is not facts.sections[0] else "sections", spelled(section, facts)
    for note in facts.notes:
        yield "note", note


def spelled(section: Section, facts: SongFacts) -> str:
    """Return a section in words."""
    length = section.end - section.start
    bars = "" if facts.tempo is None else f", {length * facts.tempo / 60 / facts.beats_per_bar:.0f} bars"
    again = f", the {ordinal(section.repeat + 1)} time" if section.repeat else ""
    return f"{section.label}  {clock(section.start)} to {clock(section.end)}{bars}{again}"


def ordinal(number: int) -> str:
    """Return 2nd, 3rd, 4th."""
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number if number < 20 else number % 10, 'th') }"
