"""Find the plugins that a path stands for: a file, a folder of files, the folder of a package, an installed package."""

from __future__ import annotations

import importlib.metadata
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

from renderer.errors import LatentreelError, expected
from renderer.hookspecs import PROJECT
from renderer.plugin_manager import Loader, files_in, load_file, load_plugins, point_name
from renderer.registry import Registries


def find_plugins(path: str) -> tuple[list[str], Registries]:
    """Return the names of the plugins that `path` stands for, and everything that plugins offer, these among them.

    Raises LatentreelError where there is none.
    """
    place = Path(path)
    if place.is_file() and place.suffix == ".py":
        return loaded([(path, partial(load_file, place))])
    if (place / "pyproject.toml").is_file():
        return loaded(*package_plugins(place))
    if place.is_dir():
        found = files_in(place)
        if not found:
            raise LatentreelError(f"{path}: there is no plugin in this folder, no .py file and no pyproject.toml")
        return loaded(found)
    return installed(path)


def loaded(plugins: list[tuple[str, Loader]], without: str | None = None) -> tuple[list[str], Registries]:
    """Return the names of plugins that are not installed, and everything that plugins offer with them."""
    return [name for name, _ in plugins], load_plugins((), plugins, without)


def package_plugins(folder: Path) -> tuple[list[tuple[str, Loader]], str]:
    """Return the plugins of a package that need not be installed, and the name of the package."""
    file = folder / "pyproject.toml"
    try:
        project: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LatentreelError(f"{file}: expected TOML: {error}") from error
    points = project.get("entry-points", {}).get(PROJECT, {})
    name = str(project.get("name", folder.resolve().name))
    if not points:
        raise LatentreelError(f"{file}: expected an entry point in [project.entry-points.{PROJECT}]")
    source = folder / "src" if (folder / "src").is_dir() else folder
    sys.path.insert(0, str(source.resolve()))  # as an editable installation does, for as long as Python runs
    version = project.get("version", "0")
    entries = [importlib.metadata.EntryPoint(point, str(value), PROJECT) for point, value in points.items()]
    return [(f"{one.name} ({name} {version})", one.load) for one in entries], name


def installed(name: str) -> tuple[list[str], Registries]:
    """Return the names of the plugins of an installed package, and everything that plugins offer."""
    points = importlib.metadata.entry_points(group=PROJECT)
    own = [point_name(point) for point in points if point.dist is not None and point.dist.name == name]
    if not own:
        known = {point.dist.name for point in points if point.dist is not None}
        raise LatentreelError(
            f"{name}: there is no such file or folder, and no installed package of this name with a plugin"
            f"{expected(name, known) if known else ''}"
        )
    return own, load_plugins()
