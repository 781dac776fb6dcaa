"""The public API, a line for each name and what belongs to it, as docs/api.txt has it.

That file is checked in: whatever changes here is seen in review, and a line that goes away is a new API_VERSION.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import renderer
from renderer import hookspecs, testing

HEAD = """\
# The public API of latentreel, version {version}; made from the code by `make docs`.
# A line may come at any time. One that goes away, or changes so that code written for it fails, needs a deprecation for
# a minor version first, and then another API_VERSION.
"""
INHERITED = ("model_config", "model_post_init")  # of pydantic


def listing() -> str:
    """Return the text of docs/api.txt."""
    lines = [line for name in renderer.__all__ for line in described(name, getattr(renderer, name))]
    lines += [f"testing.{line}" for name in testing.__all__ for line in described(name, getattr(testing, name))]
    hooks = [(name, hook) for name, hook in vars(hookspecs).items() if name.startswith("register_")]
    lines += [f"hook {name}{parameters(hook)}" for name, hook in hooks]
    return HEAD.format(version=renderer.API_VERSION) + "\n".join(lines) + "\n"


def described(name: str, thing: Any) -> Iterator[str]:
    """Yield the lines about one public name: of a class, one for each of its members as well."""
    if not isinstance(thing, type):
        yield f"{name}{parameters(thing) if callable(thing) else ''}"
        return
    yield name
    for member, value in sorted(members(thing).items()):
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        yield f"{name}.{member}{parameters(plain) if inspect.isfunction(plain) else ''}"


def members(thing: type) -> dict[str, Any]:
    """Return the public attributes of a class by their names, those of its bases of ours among them."""
    found: dict[str, Any] = {}
    for base in reversed([one for one in thing.__mro__ if one.__module__.split(".")[0] == "renderer"]):
        named = {**dict.fromkeys(inspect.get_annotations(base)), **vars(base)}
        found |= {name: value for name, value in named.items() if not name.startswith("_") and name not in INHERITED}
    return found


def parameters(function: Any) -> str:
    """Return the parameters of a function: their names, and a = behind those that may be left out."""
    shown, before = [], None
    for one in inspect.signature(function).parameters.values():
        if one.name == "self" or one.name == "cls":
            continue
        if one.kind is one.KEYWORD_ONLY and before not in (one.KEYWORD_ONLY, one.VAR_POSITIONAL):
            shown.append("*")
        stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
        shown.append(f"{stars}{one.name}{'' if one.default is one.empty else '='}")
        before = one.kind
    return f"({', '.join(shown)})"
