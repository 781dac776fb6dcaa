"""The base of every value that a scene writes as text: parsed once, checked, then never changed."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


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


def is_number(written: Any) -> bool:
    """Say whether a YAML value is a number; a truth value is none."""
    return isinstance(written, int | float) and not isinstance(written, bool)


def show(written: Any) -> str:
    """Return a short form of a YAML value for a message."""
    text = repr(written)
    return text if len(text) <= 60 else text[:57] + "..."
