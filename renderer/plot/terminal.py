"""Draw what a plot shows in the terminal: a line of small bars for every number."""

from __future__ import annotations

import math

import numpy as np
from rich.console import Console
from rich.text import Text

from renderer.plot.shown import Line, Shown, short
from renderer.signal_source import Values
from renderer.timeline.expressions import Array

BARS = " ▁▂▃▄▅▆▇█"
STYLES = {"signal": "cyan", "parameter": "yellow"}
LEAST, MOST = 20, 200  # characters of a line


def print_plot(what: Shown, title: str, console: Console) -> None:
    """Print a plot as wide as the terminal."""
    names = ["sections", "sound", *(line.name for line in what.lines)]
    margin = min(max(map(len, names)), 40) + 2
    width = max(LEAST, min(MOST, console.width - margin - 16))

    def row(name: str, text: str, style: str = "", about: str = "") -> None:
        line = Text.assemble(f"{name[: margin - 2]:<{margin}}", (text.ljust(width), style), f"  {about}")
        console.print(line, no_wrap=True, overflow="ignore", crop=False, soft_wrap=True)

    if title:
        console.print(Text(title, style="bold"))
    if what.sections:
        row("sections", section_line(what, width), "magenta")
    if len(what.beats):
        sure = "" if what.confidence is None else f"confidence {what.confidence:.2f}"
        row("bars", bar_line(what, width), "", sure)
    if what.waveform is not None:
        row("sound", spark(loudness(what.waveform), width, 0.0, 1.0))
    for line in what.lines:
        for name, values in channels(line):
            finite = values[np.isfinite(values)]
            low, high = float(finite.min()), float(finite.max())
            row(
                name,
                spark(values, width, low, high),
                STYLES[line.kind],
                f"{short(low, high - low)} to {short(high, high - low)}",
            )
    row("", time_line(what, width))


def channels(line: Line) -> list[tuple[str, Array]]:
    """Return the channels of a line, each with its name."""
    if line.values.ndim == 1:
        return [(line.name, line.values)]
    columns = line.values.T
    return [(line.name if len(columns) == 1 else f"{line.name}[{i}]", column) for i, column in enumerate(columns)]


def spark(values: Array, width: int, low: float, high: float) -> str:
    """Return values as bars, the highest of those that fall into each; where there are none, blank."""
    span = (high - low) or 1.0
    text = ""
    for some in np.array_split(values, width):
        finite = some[np.isfinite(some)]
        text += BARS[1 + round((float(finite.max()) - low) / span * (len(BARS) - 2))] if len(finite) else " "
    return text


def loudness(waveform: Values) -> Array:
    """Return how far the waveform goes from 0, in 0..1."""
    return np.asarray(np.clip(np.abs(waveform).max(axis=1), 0, 1), np.float64)


def section_line(what: Shown, width: int) -> str:
    """Return the names of sections, each from where it starts on."""
    text = [" "] * width
    for section in what.sections:
        write(text, place(section.start, what, width), f"|{section.label}")
    return "".join(text)


def bar_line(what: Shown, width: int) -> str:
    """Return the numbers of bars, as many as there is room for."""
    text, step = [" "] * width, 1
    while len(what.bars) / step * 5 > width:
        step *= 2
    for index in range(-(what.first_bar - 1) % step, len(what.bars), step):
        write(text, place(what.bars[index], what, width), f"'{what.first_bar + index}")
    return "".join(text)


def time_line(what: Shown, width: int) -> str:
    """Return times below the lines."""
    text = [" "] * width
    for index in range(0, max(1, width // 16)):
        time = what.start + index * 16 / width * (what.end - what.start)
        write(text, index * 16, f"{int(time // 60)}:{time % 60:04.1f}")
    return "".join(text)


def place(time: float, what: Shown, width: int) -> int:
    """Return the column of a time."""
    return max(0, min(width - 1, math.floor((time - what.start) / (what.end - what.start) * width + 1e-9)))


def write(text: list[str], column: int, word: str) -> None:
    """Put a word into a line of characters, as far as it goes."""
    for index, letter in enumerate(word[: len(text) - column]):
        text[column + index] = letter
