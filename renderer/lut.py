"""Tables of colours in .cube files, of one dimension or three, read as data and looked up in pictures.

Source: Adobe, Cube LUT Specification 1.0 (2013).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from renderer.errors import ValueProblem

LARGEST = {1: 65536, 3: 256}  # entries along one axis, as the specification allows
SIZES = {"LUT_1D_SIZE": 1, "LUT_3D_SIZE": 3}
MAX_BYTES = 1024**3


@dataclass(frozen=True)
class Lut:
    """Hold a table of colours.

    table is float32 [3, S] for each of red, green and blue by itself, or [3, S, S, S] by blue, green and red; low and
    high [3] are the colours at its first and its last entry.
    """

    table: Tensor
    low: Tensor
    high: Tensor

    def to(self, device: torch.device) -> Lut:
        """Return the table on a device."""
        return replace(self, table=self.table.to(device), low=self.low.to(device), high=self.high.to(device))

    def of(self, colours: Tensor) -> Tensor:
        """Return what stands in the table for colours [N, 1 or 3, H, W], linear between its entries.

        Grey ones are looked up as red, green and blue alike, and come back as the mean of what is found.
        """
        if colours.shape[1] == 1:
            return self.of(colours.expand(-1, 3, -1, -1)).mean(1, keepdim=True)
        low, high = (one.reshape(1, 3, 1, 1) for one in (self.low, self.high))
        place = ((colours - low) / (high - low)).clamp(0, 1)
        return self._curves(place) if self.table.ndim == 2 else self._cube(place)

    def _curves(self, place: Tensor) -> Tensor:
        last = self.table.shape[1] - 1
        below = (place * last).floor().clamp(max=max(last - 1, 0))
        way, index = place * last - below, below.long()
        found = [
            torch.lerp(curve[i], curve[(i + 1).clamp(max=last)], w)
            for curve, i, w in zip(self.table, index.unbind(1), way.unbind(1), strict=True)
        ]
        return torch.stack(found, 1)

    def _cube(self, place: Tensor) -> Tensor:
        grid = (place * 2 - 1).permute(0, 2, 3, 1)[:, None]  # [N, 1, H, W, 3], red along the last axis of the table
        table = self.table[None].expand(len(place), *self.table.shape)
        return F.grid_sample(table, grid, mode="bilinear", padding_mode="border", align_corners=True)[:, :, 0]


def read_lut(path: Path) -> Lut:
    """Return the table of a .cube file.

    Raises ValueProblem, naming the line, for a file that is no such table.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueProblem(f"{path.name}: expected a table of at most 1 GiB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueProblem(f"{path.name}: not a .cube file of text that can be read") from error
    return _Reader(path.name).read(text)


class _Reader:
    def __init__(self, name: str) -> None:
        self.name, self.line = name, 0
        self.dimensions, self.size = 0, 0
        self.low, self.high = [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]

    def wrong(self, message: str) -> ValueProblem:
        return ValueProblem(f"{self.name}, line {self.line}: {message}" if self.line else f"{self.name}: {message}")

    def read(self, text: str) -> Lut:
        rows = list(self.rows(text))
        self.line, wanted = 0, self.size**self.dimensions
        if not self.dimensions:
            raise self.wrong("no LUT_1D_SIZE or LUT_3D_SIZE; is this a .cube file?")
        if len(rows) != wanted:
            raise self.wrong(f"expected {wanted} rows of numbers for a size of {self.size}, got {len(rows)}")
        if any(low >= high for low, high in zip(self.low, self.high, strict=True)):
            raise self.wrong("expected each DOMAIN_MIN below its DOMAIN_MAX")
        table = torch.tensor(rows).T.reshape(3, *[self.size] * self.dimensions).contiguous()
        return Lut(table, torch.tensor(self.low), torch.tensor(self.high))

    def rows(self, text: str) -> Iterator[list[float]]:
        for self.line, line in enumerate(text.splitlines(), 1):
            word, *rest = line.split("#")[0].split() or [""]
            if word in SIZES:
                self.set_size(word, rest)
            elif word in ("DOMAIN_MIN", "DOMAIN_MAX"):
                setattr(self, {"DOMAIN_MIN": "low", "DOMAIN_MAX": "high"}[word], self.numbers(rest))
            elif word in ("LUT_1D_INPUT_RANGE", "LUT_3D_INPUT_RANGE"):  # as Resolve writes it
                low, high = self.numbers(rest, 2)
                self.low, self.high = [low] * 3, [high] * 3
            elif word and word != "TITLE":
                yield self.numbers([word, *rest])

    def set_size(self, word: str, rest: list[str]) -> None:
        self.dimensions, limit = SIZES[word], LARGEST[SIZES[word]]
        if len(rest) != 1 or not rest[0].isdecimal() or not 2 <= int(rest[0]) <= limit:
            raise self.wrong(f"expected {word} and a whole number from 2 to {limit}, got {' '.join(rest)[:40]!r}")
        self.size = int(rest[0])

    def numbers(self, words: list[str], count: int = 3) -> list[float]:
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            numbers = []
        if len(numbers) != count or not all(map(math.isfinite, numbers)):
            raise self.wrong(f"expected {count} numbers, got {' '.join(words)[:40]!r}")
        return numbers
