"""A scene file as a tree that remembers where everything stands; read from YAML as pure data.

Numbers and truth values follow YAML 1.2 (`1:30` is text, `on` is text); anchors and merge keys work; tags,
duplicate keys, tabs and documents that unfold without end are refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from renderer.errors import Place, Problem, SceneError, expected, nearest

MAX_BYTES, MAX_VALUES, MAX_DEPTH = 1_000_000, 100_000, 60

_TAGS = ("str", "int", "float", "bool", "null", "seq", "map", "merge", "timestamp", "value")
_INT = re.compile(r"[-+]?\d+$")
_FLOAT = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?$")
_SPECIAL = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("null", "Null", "NULL", "~", ""), None),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}


@dataclass
class Tree:
    """Hold a value of a scene: a dict or list of trees or a plain scalar, where it stands, and where its key does."""

    value: Any
    place: Place
    key_place: Place | None = None

    @property
    def plain(self) -> Any:
        """Return the value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: tree.plain for key, tree in self.value.items()}
        if isinstance(self.value, list):
            return [tree.plain for tree in self.value]
        return self.value

    def find(self, *path: Any) -> Tree:
        """Return the deepest tree along a path; steps that lead nowhere are passed over."""
        tree = self
        for step in path:
            inside = tree.value
            known = isinstance(inside, dict) and step in inside
            if known or (isinstance(inside, list) and isinstance(step, int) and step < len(inside)):
                tree = inside[step]
        return tree


def read_tree(path: Path, shown: str | None = None) -> Tree:
    """Return the tree of a YAML file.

    Raises SceneError where the file is missing, too large, not UTF-8, or not YAML of the kind above.
    """
    name = shown or str(path)
    if path.is_dir() or not path.exists():
        siblings = [str(file) for folder in (path.parent, Path("scenes")) for file in sorted(folder.glob("*.y*ml"))]
        what = "this is a folder; expected a scene file" if path.is_dir() else "no such scene"
        raise SceneError([Problem(Place(name), "", f"{what}{nearest(str(path), siblings)}")])
    if path.stat().st_size > MAX_BYTES:
        raise SceneError([Problem(Place(name), "", f"expected a scene of at most {MAX_BYTES} bytes")])
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SceneError(
            [Problem(Place(name), "", f"expected a text in UTF-8, got byte {error.start} amiss")]
        ) from None
    return parse_tree(text, name)


def parse_tree(text: str, name: str) -> Tree:
    """Return the tree of a YAML text; `name` stands for the file in messages."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise SceneError([_syntax(error, text, name)]) from None
    except yaml.YAMLError as error:
        raise SceneError([Problem(Place(name), "", f"not YAML: {str(error).splitlines()[0]}")]) from None
    except RecursionError:
        raise SceneError([Problem(Place(name), "", "this is nested too deep for a scene")]) from None
    if node is None:
        raise SceneError([Problem(Place(name), "", "the scene is empty; `render new NAME` writes one to start from")])
    builder = _Builder(name)
    tree = builder.build(node, ())
    if builder.problems:
        raise SceneError(builder.problems)
    if not isinstance(tree.value, dict):
        raise SceneError([Problem(tree.place, "", f"expected a map such as `model: bloom`, got {tree.plain!r:.60}")])
    return tree


def scalar(text: str) -> Any:
    """Return what a plain scalar means: a truth value, nothing, a number or the text."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if _INT.match(text):
        return int(text) if len(text) < 400 else float("inf")
    return float(text) if _FLOAT.match(text) else text


def dotted(path: tuple[Any, ...]) -> str:
    """Return a path as messages show it: timeline[0].walk.keys."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _place(name: str, mark: yaml.Mark | None) -> Place:
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)


def _syntax(error: yaml.MarkedYAMLError, text: str, name: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = _place(name, mark)
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(place, "", "a tab indents this line; YAML wants spaces")
    context = f" {error.context}" if error.context else ""
    return Problem(place, "", f"not YAML:{context} {error.problem}".replace("  ", " "))


def _meaning(node: yaml.Node) -> Any:
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return scalar(node.value) if plain else node.value


class _Builder:
    def __init__(self, name: str) -> None:
        self.name, self.count, self.problems = name, 0, list[Problem]()

    def refuse(self, node: yaml.Node, path: tuple[Any, ...], message: str) -> None:
        self.problems.append(Problem(_place(self.name, node.start_mark), dotted(path), message))

    def build(self, node: yaml.Node, path: tuple[Any, ...]) -> Tree:
        place = _place(self.name, node.start_mark)
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            what = f"more than {MAX_VALUES} values" if len(path) <= MAX_DEPTH else "more than 60 levels"
            raise SceneError([Problem(place, "", f"the scene unfolds to {what}; check its anchors (&, *)")])
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.refuse(node, path, f"tags such as {tag} are not part of a scene")
        if isinstance(node, yaml.MappingNode):
            return Tree(self.mapping(node, path), place)
        if isinstance(node, yaml.SequenceNode):
            return Tree([self.build(item, (*path, index)) for index, item in enumerate(node.value)], place)
        return Tree(_meaning(node), place)

    def mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[Any, Tree]:
        items: dict[Any, Tree] = {}
        merged: dict[Any, Tree] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.refuse(key_node, path, "expected a word or a time as key")
                continue
            key = _meaning(key_node)
            if key == "<<":
                merged |= self.merge(value_node, path)
            elif key in items:
                first = items[key].key_place
                self.refuse(key_node, (*path, key), f"key {key!r} stands twice; first on line {first and first.line}")
            else:
                items[key] = self.build(value_node, (*path, key))
                items[key].key_place = _place(self.name, key_node.start_mark)
        return merged | items

    def merge(self, node: yaml.Node, path: tuple[Any, ...]) -> dict[Any, Tree]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[Any, Tree] = {}
        for one in reversed(nodes):
            tree = self.build(one, path)
            if not isinstance(tree.value, dict):
                self.refuse(one, path, "expected a map to merge with <<")
                continue
            merged |= tree.value
        return merged


def suggest(key: Any, known: list[str]) -> str:
    """Return the message about a key that is not known at its place."""
    return f"unknown key {key!r}{expected(str(key), known)}"
