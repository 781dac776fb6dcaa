"""A scene as a tree that remembers where everything stands.

Numbers and truth values follow YAML 1.2: `1:30` is text, and so is `on`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from renderer.errors import KEY, Place, Problem
from renderer.values.parsed import plain

_INT = re.compile(r"[-+]?[0-9]+$")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]+)?$")
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
    said: set[Place] = field(default_factory=set)  # of a whole scene: what stands there has been found wrong

    @property
    def plain(self) -> Any:
        """Return the value as plain dicts, lists and scalars."""
        if isinstance(self.value, dict):
            return {key: tree.plain for key, tree in self.value.items()}
        if isinstance(self.value, list):
            return [tree.plain for tree in self.value]
        return self.value

    def below(self, step: Any) -> Tree | None:
        """Return what stands at a key or an index, or None."""
        if isinstance(self.value, dict) and isinstance(step, Hashable):
            found = self.value.get(step)
            return found if isinstance(found, Tree) else None
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]  # type: ignore[no-any-return]
        return None

    def find(self, *path: Any) -> Tree:
        """Return the deepest tree along a path; steps that lead nowhere are passed over."""
        tree = self
        for step in path:
            tree = tree.below(step) or tree
        return tree

    def problem(self, path: tuple[Any, ...], message: str) -> Problem:
        """Return what is wrong at a path, with its place; steps that lead nowhere are passed over.

        A path that ends in KEY points at its last key, and not at the value there.
        """
        tree, text, place, found = self, "", self.place, False
        for step in path:
            inner = tree.below(step)
            if inner is not None:
                text += f"[{step}]" if isinstance(tree.value, list) else dotted(step)
                tree = inner
            place = tree.key_place if step is KEY and found and tree.key_place else tree.place
            found = inner is not None
        return Problem(place, text.removeprefix("."), message)

    def count(self) -> int:
        """Return how many values there are, this one included."""
        inside = self.value.values() if isinstance(self.value, dict) else self.value
        return 1 + sum(tree.count() for tree in inside) if isinstance(self.value, dict | list) else 1


def dotted(key: Any) -> str:
    """Return a key as messages show it after what stands above it: .walk, or [drop + 2s]."""
    text = plain(key)
    return f".{text}" if re.fullmatch(r"[\w-]+", text) else f"[{text}]"


def scalar(text: str) -> Any:
    """Return what a plain scalar means: a truth value, nothing, a number or the text."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if _INT.match(text) and len(text) <= 300:
        return int(text)
    return float(text) if _FLOAT.match(text) else text
