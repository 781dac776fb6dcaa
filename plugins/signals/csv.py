"""Numbers from a table."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, ValueProblem, hookimpl, param

RATE = 100.0  # values a second between which the rows are laid
TIMES = ("time", "t", "seconds", "sec", "s")


class Csv(SignalSource):
    """Follow a column of a table over time: `{csv: {file: data.csv, column: heart}}`.

    The column called time, or the first one, has the seconds of each row since the start of the sound file; with `rate`
    the rows are evenly spaced instead. Between rows values lie on a line.
    """

    name = "csv"
    example = "heart: {csv: {file: heart.csv, column: rate}, normalise: true}"
    shorthand = "file"
    shaping: ClassVar[dict[str, Any]] = {}
    cached = False

    file: str = param(description="A file of comma-separated values, beside the scene", min_length=1)
    column: str | int | None = param(None, description="Name or number of the column, from 0 on; default: the last")
    time: str | int | None = param(None, description="Name or number of the column of seconds")
    rate: float | None = param(None, description="Rows a second, where no column has the time", gt=0, le=1e5)

    def analyse(self, hearing: Hearing) -> Series:
        """Return the column over time."""
        path = hearing.file(self.file)
        with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
            rows = [row for row in csv.reader(file) if any(cell.strip() for cell in row)]
        names = [] if not rows or _is_number(rows[0][-1]) else [cell.strip() for cell in rows.pop(0)]
        if not rows:
            raise ValueProblem(f"{path.name}: expected rows of numbers, found none")
        width = len(rows[0])
        values = _numbers(rows, _place(self.column, names, width, width - 1, path.name), path.name)
        if self.rate is not None:
            return Series(values.astype(np.float32), self.rate, -hearing.start, hold=True)
        first = next((name for name in names if name.lower() in TIMES), 0)
        times = _numbers(
            rows, _place(self.time, names, width, _place(first, names, width, 0, ""), path.name), path.name
        )
        if width < 2 or (np.diff(times) <= 0).any():
            raise ValueProblem(f"{path.name}: expected a column of ever later seconds, or `rate`, the rows a second")
        even = np.arange(times[0], times[-1] + 1 / RATE, 1 / RATE)
        return Series(np.interp(even, times, values).astype(np.float32), RATE, times[0] - hearing.start, hold=True)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _place(column: str | int | None, names: list[str], width: int, default: int, file: str) -> int:
    if column is None:
        return default
    if isinstance(column, str) and column in names:
        return names.index(column)
    if isinstance(column, int) and 0 <= column < width:
        return column
    raise ValueProblem(f"{file}: has no column {column!r}; there are {', '.join(names) or f'0 to {width - 1}'}")


def _numbers(rows: list[list[str]], column: int, file: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    for number, row in enumerate(rows, 1):
        if len(row) <= column or not _is_number(row[column]) or not np.isfinite(float(row[column])):
            found = row[column] if len(row) > column else "nothing"
            raise ValueProblem(f"{file}: expected a number in column {column} of row {number}, found {found!r}")
    return np.array([float(row[column]) for row in rows])


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Csv)
