"""Scenes that come with latentreel, to lay below one's own: `include: preset:NAME`.

They are the files of the folder `presets` beside this one; a first line of comment says what each is.
"""

from __future__ import annotations

from pathlib import Path

from renderer.errors import ValueProblem, expected

PREFIX = "preset:"
FOLDER = Path(__file__).with_name("presets")


def preset_names() -> list[str]:
    """Return the names of all presets, in their order."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def preset_file(name: str) -> Path:
    """Return the file of a preset; raise ValueProblem, with the nearest name, where there is none of that name."""
    names = preset_names()
    if name not in names:
        raise ValueProblem(f"no such preset: {name}{expected(name, names)}")
    return FOLDER / f"{name}.yaml"


def preset_text(name: str) -> str:
    """Return the YAML of a preset; raises as `preset_file` does."""
    return preset_file(name).read_text(encoding="utf-8")


def preset_summary(name: str) -> str:
    """Return what a preset is, in a line."""
    return preset_text(name).partition("\n")[0].removeprefix("# ")


def shown_name(path: Path) -> str:
    """Return how messages name a scene's file: a preset as scenes write it, any other by its path."""
    return f"{PREFIX}{path.stem}" if path.parent == FOLDER else str(path)
