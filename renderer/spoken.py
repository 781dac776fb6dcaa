"""What a plugin prints: shown on the error stream as its own, so that it never stands in what a command prints."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout


class Spoken(io.TextIOBase):
    """Take text, and give whole lines of it to the error stream behind the name of who spoke."""

    def __init__(self, who: str) -> None:
        self.who, self.begun = who, ""

    def write(self, text: str) -> int:
        """Take some text."""
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            print(f"{self.who}: {line}", file=sys.stderr)
        return len(text)

    def end(self) -> None:
        """Show the last line, which no newline ends."""
        if self.begun:
            self.write("\n")


@contextmanager
def spoken(who: str) -> Iterator[None]:
    """Show what is printed inside as said by `who`."""
    told = Spoken(who)
    with redirect_stdout(told):
        try:
            yield
        finally:
            told.end()
