"""The reference pages, made from the code: what scenes, effects and commands take."""

from __future__ import annotations

import inspect
import typing
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from renderer.effects import Effect
from renderer.registry import Registries
from renderer.scene.model import EntryOptions, Output, Scene
from renderer.values.expression import CLOCKS, CONSTANTS, FUNCTIONS, OSCILLATORS


def type_name(annotation: Any) -> str:
    """Return a type as a user reads it: Signal, `slerp` | `lerp`, Time or none."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return " | ".join(map(str, args))
    if origin is typing.Annotated:
        return type_name(args[0])
    if origin in (list, tuple, dict):
        return f"{origin.__name__} of {', '.join(dict.fromkeys(map(type_name, args)))}"
    if args:
        return " or ".join(type_name(arg) for arg in args)
    if annotation is type(None):
        return "nothing"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Fraction": "number"}.get(
        annotation.__name__, str(annotation.__name__)
    )


def parameters(model: type[BaseModel]) -> list[tuple[str, str, str, str]]:
    """Return name, type, default and meaning of every field of a model."""
    rows = []
    for name, field in model.model_fields.items():
        shown = default_text(field.default)
        rows.append((field.alias or name, type_name(field.annotation), shown, field.description or ""))
    return rows


def default_text(default: Any) -> str:
    """Return a default as a scene would write it."""
    if default is PydanticUndefined:
        return "required"
    written = getattr(default, "written", default)
    if written is None or written in ([], {}):
        return "-"
    return str(written).lower() if isinstance(written, bool) else str(written)


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return a markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join([f"`{cells[0]}`", *cells[1:]]) + " |")
    return "\n".join(lines)


def effects_page(registries: Registries) -> str:
    """Return the reference of all effects."""
    parts = ["# Effects\n\nMade from the code by `make docs`; `render effects NAME` prints the same."]
    for name, effect in sorted(registries.effects.items()):
        parts.append(effect_section(name, effect))
    return "\n\n".join(parts) + "\n"


def effect_section(name: str, effect: type[Effect]) -> str:
    """Return the section about one effect."""
    example = "timeline:\n" + "\n".join(f"  {line}" for line in effect.example.strip().splitlines())
    rows = table(("parameter", "type", "default", "meaning"), [*parameters(effect)])
    text = inspect.cleandoc(effect.__doc__ or "")
    return f"## {name}\n\n{text}\n\n{rows}\n\n```yaml\n{example}\n```"


def scene_tables() -> str:
    """Return the tables of what stands in a scene, for docs/scene.md."""
    head = ("key", "type", "default", "meaning")
    sections = [
        ("The scene", parameters(Scene)),
        ("Every entry of the timeline, beside its effect", parameters(EntryOptions)),
        ("Every output", parameters(Output)),
    ]
    return "\n\n".join(f"### {title}\n\n{table(head, [*rows])}" for title, rows in sections)


def expression_tables() -> str:
    """Return the tables of what stands in an expression."""
    oscillators = table(("oscillator", "meaning"), [*OSCILLATORS.items()])
    names = table(
        ("name", "meaning"), [*CLOCKS.items(), *((name, f"{value:.6g}") for name, value in CONSTANTS.items())]
    )
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    return (
        f"{oscillators}\n\n{names}\n\nFunctions: {functions}. Operators: `+ - * / % **`, `< <= > >=`, `a if b else c`."
    )
