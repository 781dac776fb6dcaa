"""Say what pydantic found wrong in the words of somebody who writes a scene."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from renderer.errors import KEY, Path, ValueProblem, expected, nearest
from renderer.values.parsed import show

WANTED = {
    "int": "a whole number",
    "float": "a number",
    "string": "a text",
    "bool": "true or false",
    "dict": "a map",
    "model": "a map",
    "list": "a list",
    "tuple": "a list",
    "finite": "a finite number",
}
LIMITS = {
    "greater_than": "a number above {gt:g}",
    "greater_than_equal": "a number of {ge:g} or more",
    "less_than": "a number below {lt:g}",
    "less_than_equal": "a number of at most {le:g}",
    "string_too_short": "a text that is not empty",
}


def explain(item: Any, known: list[str]) -> Iterator[tuple[Path, str]]:
    """Yield the path and the message of everything that one error of pydantic means.

    known are the keys that may stand where an unknown one was found.
    """
    loc, kind, cause = tuple(item["loc"]), item["type"], item.get("ctx", {}).get("error")
    if isinstance(cause, ValueProblem):
        for inner, message in cause.parts:
            yield (*loc, *inner), message
    elif kind == "extra_forbidden":
        yield (*loc, KEY), unknown_key(loc[-1], known)
    elif kind == "missing":
        yield loc, f"{loc[-1]!r} is missing; it has no default"
    elif loc[-1:] != ("[key]",):  # names of markers and signals are checked by themselves
        yield loc, _mismatch(item)


def unknown_key(key: Any, known: list[str]) -> str:
    """Return the message about a key that nothing reads."""
    return f"unknown key {show(key)}{expected(str(key), known)}"


def _mismatch(item: Any) -> str:
    kind, context, found = item["type"], item.get("ctx", {}), item["input"]
    if kind == "literal_error":
        names = context["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"expected {context['expected']}, got {show(found)}{nearest(str(found), names)}"
    wanted = LIMITS[kind].format(**context) if kind in LIMITS else WANTED.get(kind.split("_")[0])
    if wanted is None:
        said = item["msg"].removeprefix("Value error, ")
        return f"{said[:1].lower()}{said[1:]}, got {show(found)}"
    return f"expected {wanted}, got {show(found)}"


def names_of(model: type[BaseModel]) -> list[str]:
    """Return the names under which a model's fields are written."""
    return [field.alias or name for name, field in model.model_fields.items()]
