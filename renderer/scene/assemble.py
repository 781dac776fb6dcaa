"""Put a scene together from its files and settings: includes, --set, vars and defaults, all on trees."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from renderer.errors import Place, Problem, SceneError, expected
from renderer.scene.tree import Tree, dotted, parse_tree, read_tree, scalar

_VARIABLE = re.compile(r"\$\{([^}]*)\}")


def assemble(path: Path, settings: Sequence[str] = ()) -> Tree:
    """Return the whole tree of a scene: its includes below it, settings `key.path=value` above it, vars filled in."""
    tree = include(path, ())
    for setting in settings:
        apply_setting(tree, setting)
    fill_vars(tree)
    return tree


def include(path: Path, chain: tuple[Path, ...]) -> Tree:
    """Return the tree of a file merged over the trees that its `include:` names."""
    tree = read_tree(path)
    chain = (*chain, path.resolve())
    wanted = tree.value.pop("include", None)
    if wanted is None:
        return tree
    merged: Tree | None = None
    for item in wanted.value if isinstance(wanted.value, list) else [wanted]:
        if not isinstance(item.value, str):
            raise SceneError([Problem(item.place, "include", f"expected the name of a scene file, got {item.plain!r}")])
        file = path.parent / item.value
        if file.resolve() in chain:
            circle = " -> ".join(one.name for one in (*chain, file.resolve()))
            raise SceneError([Problem(item.place, "include", f"scenes include each other in a circle: {circle}")])
        if not file.is_file():
            known = expected(item.value, [one.name for one in file.parent.glob("*.y*ml") if one != path])
            raise SceneError([Problem(item.place, "include", f"no such scene: {item.value}{known}")])
        below = include(file, chain)
        merged = below if merged is None else merge(merged, below)
    return merge(merged, tree) if merged else tree


def merge(below: Tree, above: Tree, path: tuple[Any, ...] = ()) -> Tree:
    """Return two trees as one: maps join, timelines follow each other, of all else the upper stands.

    A timeline entry replaces one below it with the same `id`.
    """
    if isinstance(below.value, dict) and isinstance(above.value, dict) and path != ("output",):
        joined = dict(below.value)
        for key, tree in above.value.items():
            joined[key] = merge(below.value[key], tree, (*path, key)) if key in below.value else tree
        return Tree(joined, above.place, above.key_place)
    if path == ("timeline",) and isinstance(below.value, list) and isinstance(above.value, list):
        return Tree(_join_entries(below.value, above.value), above.place, above.key_place)
    return above


def _join_entries(below: list[Tree], above: list[Tree]) -> list[Tree]:
    def name(entry: Tree) -> Any:
        return entry.value["id"].plain if isinstance(entry.value, dict) and "id" in entry.value else None

    replacing = {name(entry): entry for entry in above if name(entry) is not None}
    joined = [replacing.pop(name(entry), entry) for entry in below]
    used = [entry for entry in above if name(entry) is None or name(entry) in replacing]
    return joined + used


def apply_setting(tree: Tree, setting: str) -> None:
    """Put a setting such as `vars.song=x.ogg` or `timeline.0.walk.interp=lerp` into the tree."""
    place = Place(f"--set {setting}")
    name, equals, text = setting.partition("=")
    if not equals or not name.strip():
        raise SceneError([Problem(place, "", "expected a setting such as vars.song=x.ogg")])
    value = parse_tree(f"value: {text}", place.file).value["value"]
    *parents, last = [scalar(step) for step in name.strip().split(".")]
    here = tree
    for step in parents:
        if isinstance(here.value, dict):
            here.value.setdefault(step, Tree({}, place))
        here = _inside(here, step, setting)[step]
    if isinstance(here.value, dict):
        here.value.setdefault(last, value)
    _inside(here, last, setting)[last] = Tree(value.value, place, place)


def _inside(tree: Tree, step: Any, setting: str) -> Any:
    if isinstance(tree.value, dict) and step in tree.value:
        return tree.value
    if isinstance(tree.value, list) and isinstance(step, int) and 0 <= step < len(tree.value):
        return tree.value
    raise SceneError([Problem(Place(f"--set {setting}"), "", f"there is no {step!r} to set in the scene")])


def fill_vars(tree: Tree) -> None:
    """Replace `${name}` everywhere by what `vars:` holds; a text that is one variable takes its value and type."""
    held = tree.value.get("vars")
    variables: Mapping[str, Tree] = held.value if held and isinstance(held.value, dict) else {}
    problems: list[Problem] = []
    for key, below in tree.value.items():
        if key != "vars":
            _fill(below, (key,), variables, problems)
    if problems:
        raise SceneError(problems)


def _fill(tree: Tree, path: tuple[Any, ...], variables: Mapping[str, Tree], problems: list[Problem]) -> None:
    if isinstance(tree.value, dict | list):
        below = tree.value.items() if isinstance(tree.value, dict) else enumerate(tree.value)
        for key, inner in below:
            _fill(inner, (*path, key), variables, problems)
        return
    names = _VARIABLE.findall(tree.value) if isinstance(tree.value, str) else []
    unknown = [name for name in names if name not in variables]
    for name in unknown:
        message = f"unknown variable {name!r}{expected(name, [str(one) for one in variables])}"
        problems.append(Problem(tree.place, dotted(path), message))
    if not names or unknown:
        return
    if _VARIABLE.fullmatch(tree.value):
        tree.value = variables[names[0]].value
    else:
        tree.value = _VARIABLE.sub(lambda match: str(variables[match[1]].plain), tree.value)
