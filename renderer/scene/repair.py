"""Keep what is right of a scene that is wrong, so that all else that is wrong with it can be found as well."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from renderer.values.time import UNKNOWN_TIME

# For what is wrong, so that what uses it is not wrong as well.
STAND_INS: dict[str, Any] = {"tempo": 120, "markers": UNKNOWN_TIME, "signals": 0, "output": "film.mp4"}
FILM_LENGTH = ("duration", "loop", "audio", "fps")


def checked_fields(model: type[BaseModel], data: dict[Any, Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return those values of a model that are right by themselves, and the errors of the others."""
    right, errors = dict[str, Any](), list[Any]()
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    for name, value in data.items():
        if name not in fields:
            errors.append({"loc": (name,), "type": "extra_forbidden"})
            continue
        field = fields[name]
        annotation: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        try:
            right[name] = TypeAdapter(annotation).validate_python(value)
        except ValidationError as error:
            errors += [{**item, "loc": (name, *item["loc"])} for item in error.errors()]
    return right, errors


def repaired(data: dict[Any, Any], errors: list[Any]) -> dict[Any, Any]:
    """Return the data of a scene without what is wrong with it, with stand-ins where others count on it."""
    data = dict(data)
    for item in errors:
        first, *rest = item["loc"]
        if first in ("markers", "signals") and rest and isinstance(data.get(first), dict):
            data[first] = {**data[first], rest[0]: STAND_INS[first]}
        elif first == "output" and rest and isinstance(data.get(first), list):
            data[first] = [STAND_INS[first] if index == rest[0] else one for index, one in enumerate(data[first])]
        elif first == "tempo":
            data[first] = STAND_INS[first]
        else:
            data.pop(first, None)
        if first in FILM_LENGTH:
            data.pop("loop", None)  # what does not close may well be a matter of the length
    return data
