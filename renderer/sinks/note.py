"""The note beside an output that is kept: what its frames depend on, and where those are that are there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

DIGEST = "blake2b:"  # what the value of a pin begins with that nobody can read
LONGEST = 40  # letters of a value in a sentence
RUN = re.compile(r"(\.[^/\\]*\.part-[0-9a-f]{8})(\.[^/\\]*)?")  # what the files of one run begin with


@dataclass(frozen=True)
class Note:
    """Hold what stands beside a kept output: what its pictures depend on, its reels, and what was left out of it."""

    pins: Mapping[str, Any]
    reels: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    joints: tuple[int, ...] = ()  # numbers of the frames at which a run went on
    process: int = 0

    @classmethod
    def read(cls, path: Path) -> Self | None:
        """Return the note in a file, None where there is none that can be read."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            lists = {name: tuple(data[name]) for name in ("reels", "skipped", "joints")}
            note = cls(pins=dict(data["pins"]), process=int(data["process"]), **lists)
            return note if all(RUN.fullmatch(name) for name in note.reels) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, path: Path, half: Path) -> None:
        """Write the note to a file, whole or not at all; half is where it stands until it is whole."""
        half.write_text(json.dumps(asdict(self), ensure_ascii=False) + "\n", encoding="utf-8")
        half.replace(path)


def difference(was: Mapping[str, Any], now: Mapping[str, Any], *, skipped: bool) -> str:
    """Return the first thing that differs between the pins of two renders, in words; empty where nothing does.

    What becomes of an effect that fails (`on_error`) matters only where one was skipped.
    """
    for name in dict.fromkeys([*now, *was]):
        before, after = was.get(name), now.get(name)
        if before == after or (name == "on_error" and not skipped):
            continue
        if any(isinstance(value, str) and value.startswith(DIGEST) for value in (before, after)):
            return f"{name} has changed"
        return f"{name} was {_shown(before)}, is {_shown(after)}"
    return ""


def _shown(value: Any) -> str:
    if value is None:
        return "not there"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 4]} ..."
