"""The base of every value that a scene writes as text: parsed once, checked, then never changed."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Self, TypeGuard

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

SHOWN = 60  # characters of a value in a message


class Parsed:
    """Let pydantic build a value with `parse`, which raises `ValueProblem` for what it refuses."""

    json_schema: ClassVar[dict[str, Any]] = {}

    @classmethod
    def parse(cls, written: Any) -> Self:
        """Return the value of what a scene wrote."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def build(written: Any) -> Any:
            return written if isinstance(written, cls) else cls.parse(written)

        return core_schema.no_info_plain_validator_function(
            build, serialization=core_schema.plain_serializer_function_ser_schema(lambda value: value.written)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(cls.json_schema)


def is_number(written: Any) -> TypeGuard[float]:
    """Say whether a YAML value is a number; a truth value is none."""
    return isinstance(written, int | float) and not isinstance(written, bool)


def is_whole(written: Any) -> TypeGuard[int]:
    """Say whether a YAML value is a whole number, written as one."""
    return isinstance(written, int) and not isinstance(written, bool)


def show(written: Any) -> str:
    """Return a short form of a YAML value for a message, as a scene would write it; texts in quotes."""
    text = _yaml(written, quoted=True)
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def plain(written: Any) -> str:
    """Return a scalar as a scene would write it, without quotes."""
    return _yaml(written, quoted=False)


def _yaml(written: Any, *, quoted: bool) -> str:
    if isinstance(written, dict):
        return "{" + ", ".join(f"{plain(key)}: {_yaml(value, quoted=quoted)}" for key, value in written.items()) + "}"
    if isinstance(written, list | tuple):
        return "[" + ", ".join(_yaml(item, quoted=quoted) for item in written) + "]"
    if written is None:
        return "nothing" if quoted else ""
    if isinstance(written, bool):
        return "true" if written else "false"
    if isinstance(written, float) and not math.isfinite(written):
        return ".nan" if math.isnan(written) else f"{'-' if written < 0 else ''}.inf"
    return repr(written) if quoted else str(written)
