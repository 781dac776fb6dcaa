"""The files that a scene is made of: those it was read from, and those that it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from renderer.scene.tree import Tree

LONGEST = 200  # letters of a text that may be the name of a file


def files_of(tree: Tree, folder: Path) -> Iterator[Path]:
    """Yield the files that a scene was read from or names, which lie in its folder or below it."""
    yield from source_files(tree)
    yield from named_files(tree, folder)


def source_files(tree: Tree) -> Iterator[Path]:
    """Yield the files that a scene was read from, once for each of its values."""
    yield Path(tree.place.file)
    for part in _inner(tree):
        yield from source_files(part)


def named_files(tree: Tree, folder: Path) -> Iterator[Path]:
    """Yield the files that a scene names, and those in folders that it names."""
    for part in _inner(tree):
        yield from named_files(part, folder)
    if isinstance(tree.value, str) and len(tree.value) < LONGEST:
        named = folder / tree.value.split("[")[0]
        try:
            if named.is_file():
                yield named
            elif named != folder and named.is_dir():
                yield from (file for file in sorted(named.iterdir()) if file.is_file())
            elif "/" in tree.value and named.parent.is_dir():  # a folder and a part of a name, as of stems
                yield from (file for file in sorted(named.parent.iterdir()) if named.name in file.stem)
        except (OSError, ValueError):  # a text that can be the name of no file
            return


def _inner(tree: Tree) -> list[Tree]:
    return list(tree.value.values() if isinstance(tree.value, dict) else tree.value if type(tree.value) is list else ())
