"""A list of seeds as a scene that walks through them, with holds and steps as scripts of StyleGAN have them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from renderer.errors import ValueProblem, expected
from renderer.importing.term import number
from renderer.importing.written import in_words
from renderer.values.time import Time

MAX_SEEDS = 10_000
INTERPS = {"slerp": "slerp", "lerp": "lerp", "linear": "lerp", "spline": "spline", "cubic": "spline"}


@dataclass(frozen=True)
class SeedWalk:
    """Hold a walk through seeds: seconds of each hold and each step, how it goes between them, and in which space."""

    seeds: list[int]
    step: float = 2.0
    hold: float = 0.0
    interp: str = "slerp"
    space: str = "w"
    ease: str | None = None
    psi: float | None = None
    fps: float = 30.0
    loop: bool = True

    def scene(self) -> str:
        """Return the scene; raises ValueProblem for a step that takes no time or an interpolation that is none."""
        if self.step <= 0:
            raise ValueProblem(f"expected steps above 0s, got {number(self.step)}s")
        if self.interp not in INTERPS:
            raise ValueProblem(f"unknown interpolation {self.interp!r}{expected(self.interp, INTERPS)}")
        each, count = self.step + self.hold, len(self.seeds)
        held = f"hold: {number(self.hold)}s"
        keys = [f"{number(at * each)}s: {self.key(seed, held)}" for at, seed in enumerate(self.seeds)]
        ending = each * count if self.loop else each * count - self.step
        lines = [
            f"# {in_words(count, 'seed')}, {number(self.step)} s from each to the next",
            f"fps: {number(self.fps)}",
            f"duration: {number(max(ending, each if count == 1 else 0))}s",
            f"loop: {str(self.loop).lower()}",
            *([] if self.psi is None else [f"psi: {number(self.psi)}"]),
            "timeline:",
            "  - walk:",
            f"      interp: {INTERPS[self.interp]}",
            f"      space: {self.space}",
            f"      ease: {self.ease or 'in-out-sine'}",
            "      keys:",
            *(f"        {key}" for key in keys),
        ]
        return "\n".join(lines) + "\n"

    def key(self, seed: int, held: str) -> str:
        """Return the value of a key."""
        return f"{{seed: {seed}, {held}}}" if self.hold else str(seed)


def read_seeds(text: str) -> list[int]:
    """Return the seeds of a list such as 1,5,9-12; a range has both its ends.

    Raises ValueProblem for what is no such list.
    """
    seeds: list[int] = []
    for part in re.split(r"\s*,\s*|\s+", text.strip()):
        match = re.fullmatch(r"(\d{1,10})(?:-(\d{1,10}))?", part)
        if match is None:
            raise ValueProblem(f"expected seeds such as 1,5,9-12, got {part!r}")
        first, last = int(match[1]), int(match[2] or match[1])
        if last < first:
            raise ValueProblem(f"expected a range that goes up, such as {last}-{first}, got {part!r}")
        if len(seeds) + last - first >= MAX_SEEDS:
            raise ValueProblem(f"expected at most {MAX_SEEDS} seeds, got more")
        seeds += range(first, last + 1)
    return seeds


def seconds_of(written: str) -> float:
    """Return a time such as 2s or 400ms in seconds; raises ValueProblem for one that no clock of seconds tells."""
    terms = Time.parse(written).terms
    if any(term.unit != "s" or term.amount is None for term in terms):
        raise ValueProblem(f"expected a time in seconds, such as 2s or 400ms, got {written!r}")
    seconds = sum(term.sign * (term.amount or 0.0) for term in terms)
    if seconds < 0:
        raise ValueProblem(f"expected a time of 0s or more, got {written!r}")
    return seconds
