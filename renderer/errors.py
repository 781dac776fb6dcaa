"""Every error that latentreel raises on purpose.

    LatentreelError            one clear sentence; the command line prints it and exits with code 2
    ├── SceneError             a scene cannot be rendered as written: all its problems, each with its place
    ├── CheckpointError        a model file is broken, unknown, or asks to run code
    ├── LatentFileError        a file of latents or directions does not hold what the scene needs
    ├── PhotoError             a photo cannot be read, or does not show what is looked for in it
    ├── PluginError            a plugin breaks the contract of its hook
    └── SinkError              an output cannot be written as asked

`ValueProblem` is the building stone: text that is not a valid value, found before its place is known.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar


class LatentreelError(Exception):
    """Stand above every error that is meant to be read by a user."""


class CheckpointError(LatentreelError):
    """Refuse a model file, saying which and why."""


class LatentFileError(LatentreelError):
    """Refuse a file of latents or directions, saying both shapes."""


class PhotoError(LatentreelError):
    """Refuse a photo, saying which and why."""


class PluginError(LatentreelError):
    """Refuse a plugin, naming it and what it does wrong."""


class SinkError(LatentreelError):
    """Refuse an output, naming the file and what is possible instead."""


Path = tuple[Any, ...]
KEY: Any = object()  # at the end of a path: its last key is meant, not the value there
Item = TypeVar("Item")
Built = TypeVar("Built")


class ValueProblem(ValueError):
    """Say what is wrong with a value, or with several parts of it; the scene reader adds where it stands.

    `parts` holds one (path below the value, message) for each thing that is wrong; a path that ends in KEY
    means a key itself and not what stands at it. There are none where all has been said before.
    """

    def __init__(self, message: str, parts: Iterable[tuple[Path, str]] | None = None) -> None:
        super().__init__(message)
        self.parts = (((), message),) if parts is None else tuple(parts)


@contextmanager
def at_key() -> Iterator[None]:
    """Let a ValueProblem raised inside be said of the key of a map, and not of the value there."""
    try:
        yield
    except ValueProblem as problem:
        raise ValueProblem(str(problem), [((KEY,), str(problem))]) from problem


class Gather:
    """Collect the problems of the parts of one value, so that all are shown at once."""

    def __init__(self) -> None:
        self.parts: list[tuple[Path, str]] = []
        self.failed = False

    @contextmanager
    def below(self, *path: Any) -> Iterator[None]:
        """Note a ValueProblem raised inside, or the error of a file, as one of the part at `path`."""
        try:
            yield
        except (LatentFileError, CheckpointError) as error:
            self.note(str(error), *path)
        except ValueProblem as problem:
            self.failed = True
            self.parts += [((*path, *inner), message) for inner, message in problem.parts]

    def note(self, message: str, *path: Any) -> None:
        """Note what is wrong with the part at `path`."""
        self.failed = True
        self.parts.append((path, message))

    def part(self, written: Mapping[Any, Any], name: str, parse: Callable[[Any], Built]) -> Built | None:
        """Return what stands at a key of a map, parsed; None where it is missing or wrong."""
        if name in written:
            with self.below(name):
                return parse(written[name])
        return None

    def unknown(self, written: Mapping[Any, Any], known: Iterable[str], what: str) -> None:
        """Note every key of a map that is not known."""
        known = list(known)
        for name in written:
            if name not in known:
                self.note(f"unknown {what} {name!r}{expected(str(name), known)}", name, KEY)

    def check(self) -> None:
        """Raise one ValueProblem with everything noted, if anything failed."""
        if self.failed:
            raise ValueProblem("; ".join(message for _, message in self.parts[:1]), self.parts)


def gather_list(items: Iterable[Item], path: Callable[[Item], Any], build: Callable[[Item], Built]) -> list[Built]:
    """Build every item of a value, and raise the problems of all of them as one ValueProblem."""
    built, gather = [], Gather()
    for item in items:
        with gather.below(path(item)):
            built.append(build(item))
    gather.check()
    return built


@dataclass(frozen=True, order=True)
class Place:
    """Point at a character of a scene file; line and column count from 1, and line 0 means the whole of it."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """Say one thing that is wrong with a scene: where, at which path of it, and what."""

    place: Place
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.path, self.message) if part)


class SceneError(LatentreelError):
    """Refuse a scene, with every problem found in it, in the order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = {(problem.place, problem.message): problem for problem in sorted(problems, reverse=True)}
        self.problems = tuple(sorted(found.values()))
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known word most like `word`, or `` when none is near."""
    matches = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


def expected(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?`, or the whole list of what is known when nothing is near."""
    names = sorted(known)
    return nearest(word, names) or (f"; known are {', '.join(names)}" if names else "; none is known")
