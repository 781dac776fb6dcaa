"""Read YAML as pure data into a tree that remembers where everything stands.

Anchors and merge keys work; tags, duplicate keys, tabs and documents that unfold without end are refused.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from renderer.errors import Place, Problem, SceneError, nearest
from renderer.scene.preset import shown_name
from renderer.scene.syntax import explain_syntax
from renderer.scene.tree import Tree, dotted, scalar
from renderer.values.parsed import show

MAX_BYTES, MAX_VALUES, MAX_DEPTH = 1_000_000, 50_000, 60

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def read_tree(path: Path, problems: list[Problem] | None = None) -> Tree:
    """Return the tree of a YAML file; see `parse_tree`.

    Raises SceneError where the file is missing, too large, not UTF-8, or not YAML.
    """
    name = shown_name(path)
    try:
        if path.is_dir() or not path.exists():
            siblings = [str(file) for folder in (path.parent, Path("scenes")) for file in sorted(folder.glob("*.y*ml"))]
            what = "this is a folder; expected a scene file" if path.is_dir() else "no such scene"
            raise _refusal(name, f"{what}{nearest(name, siblings)}")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refusal(name, f"cannot be read: {error.strerror or error}") from None
    if len(data) > MAX_BYTES:
        raise _refusal(name, f"expected a scene of at most {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(name, data[: error.start].count(b"\n") + 1)
        raise SceneError(
            [Problem(place, "", f"expected text in UTF-8, got the byte {data[error.start]:#04x}")]
        ) from None
    return parse_tree(text, name, problems)


def parse_tree(text: str, name: str, problems: list[Problem] | None = None) -> Tree:
    """Return the tree of a YAML text, a map; `name` stands for the file in messages.

    Repeated keys and tags are added to `problems`, so that more can be found in the rest of the scene.
    Raises SceneError for all else, and for them too where no list is given.
    """
    tree = parse_value(text, name, problems)
    if tree is None:
        raise _refusal(name, "the scene is empty; `render new NAME` writes one to start from")
    if not isinstance(tree.value, dict):
        raise SceneError([Problem(tree.place, "", f"expected a map such as `model: bloom`, got {show(tree.plain)}")])
    return tree


def parse_value(text: str, name: str, problems: list[Problem] | None = None) -> Tree | None:
    """Return the tree of any YAML text, or None for an empty one; see `parse_tree`."""
    builder = _Builder(name)
    try:
        node = yaml.compose(text, Loader=_Loader)
        tree = None if node is None else builder.build(node, ())
    except yaml.YAMLError as error:
        raise SceneError([explain_syntax(error, text, name)]) from None
    except RecursionError:
        raise _refusal(name, "this is nested too deep for a scene") from None
    if problems is None and builder.problems:
        raise SceneError(builder.problems)
    if problems is not None and tree is not None:
        problems += builder.problems
    return tree


def _refusal(name: str, message: str) -> SceneError:
    return SceneError([Problem(Place(name), "", message)])


class _Loader(yaml.SafeLoader):
    """Compose nodes, leaving every tag that is not written empty, and stop at what is too large."""

    nodes, depth = 0, 0

    def resolve(self, kind: Any, value: Any, implicit: Any) -> str:
        return ""

    def compose_node(self, parent: Any, index: Any) -> Any:
        self.nodes += 1
        self.depth += 1
        if self.nodes > MAX_VALUES or self.depth > MAX_DEPTH:
            what = f"{MAX_VALUES} values" if self.depth <= MAX_DEPTH else f"{MAX_DEPTH} levels"
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"expected a scene of at most {what}", problem_mark=mark)
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


class _Builder:
    def __init__(self, name: str) -> None:
        self.name, self.count, self.problems = name, 0, list[Problem]()

    def place(self, node: yaml.Node) -> Place:
        return Place(self.name, node.start_mark.line + 1, node.start_mark.column + 1)

    def refuse(self, node: yaml.Node, path: tuple[Any, ...], message: str) -> SceneError:
        """Note a problem, and return the error of all up to here, for where there is no going on."""
        text = "".join(f"[{step}]" if isinstance(step, int) else dotted(step) for step in path)
        self.problems.append(Problem(self.place(node), text.removeprefix("."), message))
        return SceneError(self.problems)

    def build(self, node: yaml.Node, path: tuple[Any, ...]) -> Tree:
        self.count += 1
        if self.count > MAX_VALUES or len(path) > MAX_DEPTH:
            what = f"{MAX_VALUES} values" if len(path) <= MAX_DEPTH else f"{MAX_DEPTH} levels"
            message = f"the scene unfolds to more than {what}; check its anchors (& and *)"
            raise SceneError([Problem(self.place(node), "", message)])
        if isinstance(node, yaml.MappingNode):
            self.check_tag(node, path)
            return Tree(self.mapping(node, path), self.place(node))
        if isinstance(node, yaml.SequenceNode):
            self.check_tag(node, path)
            items = [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            return Tree(items, self.place(node))
        return Tree(self.scalar(node, path), self.place(node))

    def check_tag(self, node: yaml.Node, path: tuple[Any, ...]) -> None:
        if node.tag:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise self.refuse(node, path, f"tags such as {tag} are not part of a scene")

    def scalar(self, node: Any, path: tuple[Any, ...]) -> Any:
        self.check_tag(node, path)
        if found := _CONTROL.search(node.value):
            self.refuse(node, path, f"the character {found[0]!a} is not part of a scene")
            return None
        return scalar(node.value) if node.style is None else node.value

    def mapping(self, node: yaml.MappingNode, path: tuple[Any, ...]) -> dict[Any, Tree]:
        items: dict[Any, Tree] = {}
        merged: dict[Any, Tree] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self.refuse(key_node, path, "expected a word or a time as key, got a list or a map")
            key = self.scalar(key_node, path)
            if key == "<<" and key_node.style is None:
                merged |= self.merge(value_node, path)
            elif key in items:
                first = items[key].key_place or items[key].place
                message = f"key {show(key)} stands twice in this map; first on line {first.line}"
                self.refuse(key_node, (*path, key), message)
            else:
                items[key] = self.build(value_node, (*path, key))
                items[key].key_place = self.place(key_node)
        return merged | items

    def merge(self, node: yaml.Node, path: tuple[Any, ...]) -> dict[Any, Tree]:
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        merged: dict[Any, Tree] = {}
        for one in reversed(nodes):
            tree = self.build(one, path)
            if not isinstance(tree.value, dict):
                self.refuse(one, path, f"expected a map to merge with <<, got {show(tree.plain)}")
                continue
            merged |= tree.value
        return merged
