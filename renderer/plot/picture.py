"""Draw what a plot shows with matplotlib, as PNG, SVG or PDF."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from renderer.errors import SinkError
from renderer.plot.shown import Keys, Line, Shown, short

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FORMATS = (".png", ".svg", ".pdf")
WIDTH, DPI = 15.0, 100  # inches, pixels an inch
LEFT, RIGHT = 0.13, 0.985  # of the width: where the rows begin and end
TALLEST = 1.3  # inches of a frame above the rows
HEIGHTS = {"song": 1.1, "keys": 0.35, "line": 0.52, "chroma": 1.5}  # inches of a row
PAPER, INK, FAINT = "#121214", "#d2d2d7", "#55555e"
SIGNAL, PARAMETER, WAVE = "#4cc2ff", "#ffb454", "#8a8a96"
SECTIONS = ("#5b7fff", "#ff6b9a", "#39c58b", "#f2b134", "#a978ff", "#3dc7d3", "#ff8a4c", "#8fa3ad")
NOTES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

Strip = Sequence[tuple[float, NDArray[np.uint8]]]  # seconds, and a frame [H, W, 3]


def checked_plot(path: Path) -> Path:
    """Return the path of a plot; raise SinkError for a file of another kind."""
    if path.suffix.lower() not in FORMATS:
        raise SinkError(f"{path}: expected a picture for the plot, such as plot.png or plot.svg")
    return path


def draw_plot(what: Shown, title: str, path: Path, strip: Strip = ()) -> Path:
    """Write a plot, with frames of the film above it if there are any."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    checked_plot(path)
    look: dict[Any, Any] = {
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": FAINT,
        "font.size": 9,
    }
    with mpl.rc_context({**look, "axes.facecolor": PAPER, "axes.edgecolor": FAINT, "path.simplify": True}):
        rows = rows_of(what, strip)
        heights = [strip_size(strip, what)[1] if kind == "strip" else HEIGHTS[kind] for kind, _ in rows]
        figure = Figure(figsize=(WIDTH, sum(heights) * 1.12 + 1.0), dpi=DPI, facecolor=PAPER)
        grid = figure.subplots(len(rows), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})
        axes = [*grid[:, 0]]
        for ax, (kind, row) in zip(axes, rows, strict=True):
            DRAW[kind](ax, row, what)
            rule(ax, what, beats=kind == "song")
        finish(figure, axes, what, title)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}.part{path.suffix}")
        figure.savefig(part, facecolor=PAPER, metadata=None if path.suffix == ".png" else {"Creator": "latentreel"})
    part.replace(path)
    return path


def rows_of(what: Shown, strip: Strip) -> list[tuple[str, Any]]:
    """Return the rows of the plot from top to bottom, each with what it shows."""
    rows: list[tuple[str, Any]] = [("strip", strip)] if strip else []
    rows += [("song", what.waveform)]
    rows += [("keys", keys) for keys in what.keys]
    return rows + [
        ("line" if line.values.ndim == 1 or line.values.shape[1] == 1 else "chroma", line) for line in what.lines
    ]


def draw_strip(ax: Axes, strip: Strip, what: Shown) -> None:
    """Lay frames above the time at which each is shown, as many as there is room for."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    width, _ = strip_size(strip, what)
    for time, frame in strip:
        zoom = width * 72 / frame.shape[1]
        box = OffsetImage(frame, zoom=zoom, interpolation="antialiased")
        ax.add_artist(AnnotationBbox(box, (time, 0.5), xycoords=("data", "axes fraction"), frameon=False, pad=0))
    ax.set_ylim(0, 1)
    ax.axis("off")


def strip_size(strip: Strip, what: Shown) -> tuple[float, float]:
    """Return (width, height) in inches of a frame, so that neighbours leave a little room between them."""
    apart = min(np.diff([time for time, _ in strip]), default=what.end - what.start)
    room = WIDTH * (RIGHT - LEFT) * apart / (what.end - what.start) - 0.04
    height, width = strip[0][1].shape[:2]
    tall = min(TALLEST, room * height / width)
    return tall * width / height, tall


def draw_song(ax: Axes, waveform: Any, what: Shown) -> None:
    """Draw the waveform over its sections, the beats as ticks, the bars with their numbers."""
    if waveform is not None:
        x = np.linspace(what.start, what.end, len(waveform))
        ax.fill_between(x, waveform[:, 0], waveform[:, 1], color=WAVE, linewidth=0)
    labels = list(dict.fromkeys(section.label for section in what.sections))
    for section in what.sections:
        color = SECTIONS[labels.index(section.label) % len(SECTIONS)]
        left = max(section.start, what.start)
        ax.axvspan(left, min(section.end, what.end), color=color, alpha=0.28, linewidth=0)
        ax.text(left, 1.28, f" {section.label}", color=color, va="center", fontweight="bold", clip_on=True)
    ax.set_ylim(-1.05, 1.55)
    ax.set_yticks([])
    name(ax, "sound" if waveform is not None else "beats", INK)


def draw_keys(ax: Axes, keys: Keys, what: Shown) -> None:
    """Mark when every latent arrives."""
    for time, label in zip(keys.times, keys.labels, strict=True):
        if what.start <= time <= what.end:
            ax.plot([time], [0.5], marker="D", markersize=4, color=PARAMETER, clip_on=False)
            ax.text(time, 0.5, f"  {label}", color=INK, va="center", fontsize=8, clip_on=True)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    name(ax, keys.name, PARAMETER)


def draw_line(ax: Axes, line: Line, what: Shown) -> None:
    """Draw one number over time, filled from 0 where it touches it."""
    values, color = line.values.reshape(len(what.times)), SIGNAL if line.kind == "signal" else PARAMETER
    finite = values[np.isfinite(values)]
    low, high = float(finite.min()), float(finite.max())
    margin = 0.08 * (high - low)
    base = min(max(0.0, low), high)
    ax.fill_between(what.times, base, values, color=color, alpha=0.3, linewidth=0)
    ax.plot(what.times, values, color=color, linewidth=0.9)
    ax.set_ylim(low - margin, high + margin)
    ax.set_yticks([low, high], [short(low, high - low), short(high, high - low)], fontsize=7)
    name(ax, line.name, color)


def draw_chroma(ax: Axes, line: Line, what: Shown) -> None:
    """Draw a feature of several channels as a picture, the first at the bottom."""
    count = line.values.shape[1]
    edges = (what.start, what.end, -0.5, count - 0.5)
    ax.imshow(line.values.T, aspect="auto", origin="lower", extent=edges, cmap="magma", interpolation="nearest")
    ax.set_yticks(range(count), NOTES if count == len(NOTES) else [str(i) for i in range(count)], fontsize=6)
    name(ax, line.name, SIGNAL if line.kind == "signal" else PARAMETER)


DRAW: dict[str, Callable[[Axes, Any, Shown], None]] = {
    "strip": draw_strip,
    "song": draw_song,
    "keys": draw_keys,
    "line": draw_line,
    "chroma": draw_chroma,
}


def name(ax: Axes, text: str, color: str) -> None:
    """Write the name of a row to its left."""
    ax.text(
        -0.035, 0.5, text.replace(".", "\n", 1), transform=ax.transAxes, ha="right", va="center", color=color
    )  # to the left of the numbers


def rule(ax: Axes, what: Shown, *, beats: bool) -> None:
    """Rule the bars, and the beats too where asked, each as far as they can be told apart."""
    seen = what.end - what.start
    ax.vlines(thinned(what.bars, seen), 0, 1, transform=ax.get_xaxis_transform(), color=INK, alpha=0.16, linewidth=0.7)
    if beats and len(what.beats) < 400:
        ax.vlines(what.beats, 0, 0.1, transform=ax.get_xaxis_transform(), color=INK, linewidth=0.9)


def thinned(bars: NDArray[np.float64], seen: float) -> NDArray[np.float64]:
    """Return every bar, or every 2nd, 4th ..., so that no more than 64 are ruled."""
    step = 1
    while len(bars) / step > 64:
        step *= 2
    return bars[::step]


def finish(figure: Figure, axes: Sequence[Axes], what: Shown, title: str) -> None:
    """Set title, time axis and margins."""
    for ax in axes:
        ax.set_xlim(what.start, what.end)
        ax.tick_params(length=0)
        for side in ("top", "right", "left", "bottom"):
            ax.spines[side].set_visible(False)
    last = axes[-1]
    last.xaxis.set_major_formatter(lambda t, _: f"{int(t // 60)}:{t % 60:04.1f}".removesuffix(".0"))
    last.set_xlabel("time")
    if len(what.bars):
        number_bars(axes[0], what)
    height = figure.get_size_inches()[1]
    figure.subplots_adjust(left=LEFT, right=RIGHT, top=1 - 0.72 / height, bottom=0.45 / height, hspace=0.12)
    figure.text(LEFT, 1 - 0.25 / height, title, fontsize=11, fontweight="bold", va="center")


def number_bars(ax: Axes, what: Shown) -> None:
    """Write the numbers of some bars above the plot."""
    step = 1
    while len(what.bars) / step > 24:
        step *= 2
    shift = -(what.first_bar - 1) % step  # bars 1, 5, 9 ...
    for index in range(shift, len(what.bars), step):
        place = ax.get_xaxis_transform()
        text = f"bar {what.first_bar + index}" if index == shift else f"{what.first_bar + index}"
        ax.text(what.bars[index], 1.03, text, transform=place, color=FAINT, fontsize=8, ha="left", va="bottom")
