"""Find out how far a GIF has to be lowered to fit under a number of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import log2, sqrt

AIM = 0.93  # of the cap, since a prediction is never exact


@dataclass(frozen=True)
class Settings:
    """Say how a GIF is made: every `step`-th frame, the shorter side in pixels, the number of colours."""

    step: int
    side: int
    colours: int

    def told(self, fps: Fraction) -> str:
        """Return the settings as people read them."""
        return f"{_number(fps / self.step)} fps, {self.side} px and {self.colours} colours"

    def change_to(self, new: Settings, fps: Fraction) -> str:
        """Return what differs: `30→15 fps, 512→384 px, 256→128 colours`."""
        told = []
        if new.step != self.step:
            told.append(f"{_number(fps / self.step)}→{_number(fps / new.step)} fps")
        if new.side != self.side:
            told.append(f"{self.side}→{new.side} px")
        if new.colours != self.colours:
            told.append(f"{self.colours}→{new.colours} colours")
        return ", ".join(told)


@dataclass(frozen=True)
class Floor:
    """Say how low a stage of shrinking goes: frames a second, part of the shorter side, colours."""

    fps: int
    side: float
    colours: int


STAGES = (Floor(fps=12, side=0.6, colours=128), Floor(fps=10, side=0.0, colours=32))
SMALLEST_SIDE = 128


def lower(now: Settings, first: Settings, fps: Fraction, factor: float) -> Settings:
    """Return settings that should make `factor` times the bytes: fewer frames, then pixels, then colours.

    First everything is lowered to where it still looks well, only then further. At the floor of the last
    stage the settings come back unchanged. `first` are the settings of the first try.
    """
    wanted = factor * AIM
    for floor in STAGES:
        step, left = _fewer_frames(now, fps, floor, wanted)
        side, left = _smaller(now, first, floor, left)
        colours, left = _fewer_colours(now, floor, left)
        new = Settings(step, side, colours)
        if left >= 1:
            return new
    return new


def _fewer_frames(now: Settings, fps: Fraction, floor: Floor, wanted: float) -> tuple[int, float]:
    step = now.step
    while wanted * step / now.step < 1 and fps / (step + 1) >= floor.fps:
        step += 1
    return step, wanted * step / now.step


def _smaller(now: Settings, first: Settings, floor: Floor, wanted: float) -> tuple[int, float]:
    smallest = min(first.side, max(SMALLEST_SIDE, round(first.side * floor.side)))
    side = min(now.side, max(smallest, int(now.side * sqrt(min(wanted, 1)))))
    return side, wanted * (now.side / side) ** 2


def _fewer_colours(now: Settings, floor: Floor, wanted: float) -> tuple[int, float]:
    colours = now.colours
    while wanted * log2(now.colours) / log2(colours) < 1 and colours // 2 >= floor.colours:
        colours //= 2
    return colours, wanted * log2(now.colours) / log2(colours)


def _number(value: Fraction) -> str:
    return f"{float(value):.4g}"
