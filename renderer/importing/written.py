"""Writing what was imported: as a text to paste, or as a file that was not there before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from renderer.errors import LatentreelError


def as_yaml(values: dict[str, Any]) -> str:
    """Return values as they stand in a scene, in their order and in one line each."""
    return yaml.safe_dump(values, sort_keys=False, width=10_000, allow_unicode=True)


def in_words(count: int, what: str) -> str:
    """Return a number of things, such as 3 seeds."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def write_new(path: Path, text: str) -> None:
    """Write a file; raises LatentreelError where it is there already, or cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise LatentreelError(f"{path} is there already; choose another name, or move it away") from None
    except OSError as error:
        raise LatentreelError(f"{path} cannot be written: {error.strerror or error}") from error
