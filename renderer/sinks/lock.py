"""Locks on files, which hold as long as any process has the file open: an encoder inherits one as its log."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # of Windows, where files are not shared as here; two renders of one output are not told apart
    fcntl = None  # type: ignore[assignment]


def take(path: Path) -> IO[str] | None:
    """Return a file that holds the lock of its path, made where it is not there; None where another holds it.

    Give the lock free by closing the file, in every process that has it.
    """
    handle = path.open("a+", encoding="utf-8", errors="replace")
    if _is_taken(handle) and _is_file_of(handle, path):
        return handle
    handle.close()
    return None


def _is_file_of(handle: IO[str], path: Path) -> bool:
    """Say whether a path still leads to an open file."""
    try:
        return os.path.samestat(os.fstat(handle.fileno()), path.stat())
    except OSError:
        return False


def _is_taken(handle: IO[str]) -> bool:
    """Take the lock of an open file; say whether it was free."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_alive(process: int) -> bool:
    """Say whether there is a process of a number, on systems where asking does not end it."""
    if os.name != "posix" or process <= 0:
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # it belongs to another user
        return True
    return True
