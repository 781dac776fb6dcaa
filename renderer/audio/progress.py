"""Say what takes long while a song is heard; the command line shows it, and a script hears nothing unless it asks."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Tell = Callable[[str], None]
_tell: ContextVar[Tell | None] = ContextVar("tell", default=None)


@contextmanager
def telling(tell: Tell) -> Iterator[None]:
    """Let `tell` be called with a line about what is being done, whenever that changes."""
    token = _tell.set(tell)
    try:
        yield
    finally:
        _tell.reset(token)


def say(text: str) -> None:
    """Tell whoever listens what is done now."""
    tell = _tell.get()
    if tell is not None:
        tell(text)


def load_librosa() -> Any:
    """Return librosa; it is large, and compiles parts of itself when it is first used after it was installed."""
    if "librosa" not in sys.modules:
        say("librosa gets ready; the first time it compiles itself, which takes some seconds")
    import librosa

    return librosa
