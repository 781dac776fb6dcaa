"""Fill in the variables of a scene: `${name}` becomes what `vars:` holds."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from renderer.errors import Problem, SceneError, expected
from renderer.scene.tree import Tree
from renderer.values.parsed import plain, show

MAX_FILLED = 1_000_000  # characters and values that variables may put into a scene

_VARIABLE = re.compile(r"\$\{\s*([^}]*?)\s*\}")


def fill_vars(tree: Tree) -> list[Problem]:
    """Replace `${name}` everywhere by what `vars:` holds, and return what is wrong with that.

    A text that is nothing but one variable takes its value and type; variables may name each other.
    """
    filler = _Filler(tree)
    for name in filler.variables:
        with suppress(LookupError):  # what is wrong with a variable has been noted where it stands
            filler.variable(name, ())
    for key, below in tree.value.items():
        if key != "vars":
            filler.fill(below, (key,), ())
    return filler.problems


class _Filler:
    def __init__(self, tree: Tree) -> None:
        self.tree, self.size, self.problems = tree, 0, list[Problem]()
        self.filled: set[str] = set()
        self.broken: set[str] = set()
        held = tree.below("vars")
        self.variables: dict[Any, Tree] = held.value if held is not None and isinstance(held.value, dict) else {}

    def fill(self, tree: Tree, path: tuple[Any, ...], chain: tuple[str, ...]) -> None:
        """Fill in everything below a tree; `chain` are the variables that are being filled."""
        if isinstance(tree.value, dict | list):
            for key, inner in list(tree.value.items() if isinstance(tree.value, dict) else enumerate(tree.value)):
                self.fill(inner, (*path, key), chain)
        elif isinstance(tree.value, str) and (names := _VARIABLE.findall(tree.value)):
            try:
                found = {name: self.variable(name, chain) for name in names}
                tree.value = self.filled_text(tree.value, found)
            except LookupError as error:
                self.broken |= set(chain)
                self.tree.said.add(tree.place)
                self.problems += [self.tree.problem(path, message) for message in error.args]

    def variable(self, name: str, chain: tuple[str, ...]) -> Tree:
        """Return a variable, itself filled in.

        Raises LookupError with what is wrong, or without a word where that has been said of the variable.
        """
        if name in chain:
            raise LookupError(f"variables need each other in a circle: {' -> '.join((*chain, name))}")
        if name not in self.variables:
            known = expected(name, [str(one) for one in self.variables])
            raise LookupError(f"unknown variable {name!r}{known}")
        if name not in self.filled:
            self.filled.add(name)
            self.fill(self.variables[name], ("vars", name), (*chain, name))
        if name in self.broken:
            raise LookupError
        return self.variables[name]

    def filled_text(self, text: str, found: dict[str, Tree]) -> Any:
        """Return a text with its variables filled in."""
        if match := _VARIABLE.fullmatch(text):
            self.add(found[match[1]].count())
            return found[match[1]].value
        for name, tree in found.items():
            if isinstance(tree.value, dict | list):
                raise LookupError(f"variable {name!r} is {show(tree.plain)}, which cannot stand within a text")
        filled = _VARIABLE.sub(lambda match: plain(found[match[1]].value), text)
        self.add(len(filled))
        return filled

    def add(self, size: int) -> None:
        """Count what was filled in; raise SceneError for variables that unfold without end."""
        self.size += size
        if self.size > MAX_FILLED:
            raise SceneError(
                [self.tree.problem(("vars",), f"the variables unfold to more than {MAX_FILLED} characters")]
            )
