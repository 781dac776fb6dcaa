"""Find the files that a scene names, beside the scene itself."""

from __future__ import annotations

from pathlib import Path

from renderer.errors import ValueProblem, nearest
from renderer.values.parsed import show


def find_file(name: str, folder: Path) -> Path:
    """Return the path of a file that a scene names, relative to the scene's folder.

    Raises ValueProblem with the nearest name of the files there.
    """
    try:
        path = folder / Path(name).expanduser()
        if path.exists():
            return path
        siblings = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
    except (OSError, RuntimeError) as error:  # a name too long, or the home of nobody
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ValueProblem(f"no such file: {show(name)} ({reason})") from error
    raise ValueProblem(f"no such file: {name}{nearest(path.name, siblings)}")
