"""Keep what was found in a song on disk, so that it is looked for once: by the sound, the settings and the version."""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from renderer.audio.decode import RATE

VERSION = f"1-{RATE}"  # of everything that all analyses share
Arrays = dict[str, np.ndarray[Any, Any]]


def cache_folder() -> Path:
    """Return the folder of analyses: below that of LATENTREEL_CACHE, or of the one that the system has for caches."""
    given = os.environ.get("LATENTREEL_CACHE")
    return (Path(given).expanduser() if given else platformdirs.user_cache_path("latentreel")) / "audio"


def remembered(digest: str, what: Mapping[str, Any], find: Callable[[], Arrays]) -> Arrays:
    """Return the arrays that `find` gives for a sound, from the cache where it was asked the same before.

    digest says which sound; what says all else that the result depends on. A file of the cache that cannot be read is
    made anew, and a cache that cannot be written is done without.
    """
    key = hashlib.blake2b(repr((VERSION, digest, sorted(what.items()))).encode(), digest_size=16).hexdigest()
    path = cache_folder() / f"{key}.npz"
    held = _read(path)
    if held is None:
        held = find()
        _write(path, held)
    return held


def _read(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):  # not there, or damaged
        return None


def _write(path: Path, arrays: Arrays) -> None:
    part = path.with_name(f".{path.stem}.part-{os.getpid()}.npz")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(part, **arrays)  # type: ignore[arg-type]
        part.replace(path)
    except OSError:  # a cache on a full or read-only disk only costs time
        part.unlink(missing_ok=True)
