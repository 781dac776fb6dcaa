"""The reference pages, made from the code: what scenes, effects and commands take."""

from __future__ import annotations

import inspect
import re
import textwrap
import typing
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from renderer import effects, hookspecs
from renderer.effects import Effect
from renderer.generators.bloom_attributes import ATTRIBUTES
from renderer.group import Group
from renderer.registry import Registries
from renderer.scene.model import Bytes, ClipOptions, EntryOptions, Fps, Output, Scene, Size
from renderer.scene.schema import scene_schema
from renderer.values.easing import EASINGS
from renderer.values.expression import CLOCKS, CONSTANTS, FUNCTIONS, OSCILLATORS
from renderer.values.output_preset import PRESETS
from renderer.values.output_preset import told as seconds_told
from renderer.values.shape import MEANINGS

TYPES = {Size: "Size", Fps: "Rate", Bytes: "Bytes"}
PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false", Fraction: "Rate"}
ANCHORS = {
    "Signal": "numbers-that-move",
    "Time": "times",
    "LatentSource": "latents",
    "LatentKeys": "latents",
    "Layers": "layers",
    "Directions": "directions",
    "Easing": "easings",
    "Loop": "loops",
    "Fit": "the-size-of-the-picture",
    "Classes": "classes",
    "Noise": "noise",
    "Audio": "sound",
    "Tempo": "audio.md#beats-and-bars",
    "BeatList": "audio.md#beats-and-bars",
    "SectionTimes": "audio.md#sections",
    "Colour": "colours",
    "Text": "texts",
    "Feature": "audio.md#numbers-that-listen",
    "Output": "every-output",
    "Clip": "every-clip",
    "Transition": "clips",
}


def type_name(annotation: Any) -> str:
    """Return a type as a user reads it: Signal, slerp | lerp, list of Output."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return TYPES.get(annotation) or type_name(args[0])
    if origin is typing.Literal:
        return " | ".join(map(str, args))
    if origin is dict:
        return f"map of names to {type_name(args[1])}"
    if annotation == tuple[int, int]:
        return "Size"
    if origin in (list, tuple):
        return f"list of {', '.join(dict.fromkeys(map(type_name, args)))}"
    if args:
        return " or ".join(type_name(arg) for arg in args if arg is not type(None))
    return PLAIN.get(annotation, str(annotation.__name__))


def linked(kind: str, page: str = "") -> str:
    """Return the name of a type with links to where docs/scene.md explains it; page is empty on that page itself."""

    def link(match: re.Match[str]) -> str:
        anchor = ANCHORS.get(match[0])
        if anchor is None:
            return match[0]
        return f"[{match[0]}]({anchor if '#' in anchor else f'{page}#{anchor}'})"

    return re.sub(r"\b[A-Z]\w+\b", link, kind)


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


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]], *, code: bool = True) -> str:
    """Return a markdown table; `code` sets the first column in the type of code."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [cell.replace("|", "\\|") for cell in row]
        lines.append("| " + " | ".join([f"`{cells[0]}`" if code else cells[0], *cells[1:]]) + " |")
    return "\n".join(lines)


def effects_page(registries: Registries, pictures: dict[str, str] | None = None) -> str:
    """Return the reference of all effects; pictures gives, by its name, the pictures of an effect's example."""
    contents = table(
        ("effect", "stage", "what it does"),
        [
            (f"[`{name}`](#{name})", effect.stage, inspect.cleandoc(effect.__doc__ or "").splitlines()[0])
            for name, effect in sorted(registries.effects.items())
        ],
        code=False,
    )
    made = "Made from the code by `make docs`; `render effects NAME` prints the same."
    parts = [f"# Effects\n\n{made} [What they cost](effect-costs.md).\n\n{contents}"]
    for name, effect in sorted(registries.effects.items()):
        parts.append(effect_section(name, effect, (pictures or {}).get(name)))
    return "\n\n".join(parts) + "\n"


def effect_section(name: str, effect: type[Effect], pictures: str | None = None) -> str:
    """Return the section about one effect."""
    example = example_scene(effect).rstrip()
    rows = [(field, linked(kind, "scene.md"), default, text) for field, kind, default, text in parameters(effect)]
    what = table(("parameter", "type", "default", "meaning"), [*rows])
    text = inspect.cleandoc(effect.__doc__ or "")
    seen = f"\n\n{pictures}" if pictures else ""
    return f"## {name}\n\n{text}\n\n{what}\n\n```yaml\n{example}\n```{seen}"


def example_scene(effect: type[Effect]) -> str:
    """Return the example of an effect as a whole scene."""
    return f"{effect.head}\ntimeline:\n{textwrap.indent(effect.example.strip(), '  ')}\n".lstrip()


def scene_tables(registries: Registries) -> str:
    """Return the tables of what stands in a scene, for docs/scene.md."""
    head = ("key", "type", "default", "meaning")
    described = scene_schema(registries)["properties"]
    kinds = {
        "timeline": "list of effects",
        "clips": "list of Clip",
        "include": "text or list of text",
        "vars": "map",
        "defaults": "map",
    }
    read_apart = [(key, kind, "-", described[key]["description"]) for key, kind in kinds.items()]
    sections = [
        ("Every key of a scene", [*parameters(Scene), *read_apart]),
        ("Every entry of the timeline, beside its effect", parameters(EntryOptions)),
        ("A group, beside these", parameters(Group)),
        ("Every clip", parameters(ClipOptions)),
        ("Every output", parameters(Output)),
    ]
    return "\n\n".join(f"### {title}\n\n{table(head, linked_rows(rows))}" for title, rows in sections)


def linked_rows(rows: list[tuple[str, str, str, str]]) -> list[tuple[str, ...]]:
    """Return rows of parameters with their types linked within docs/scene.md."""
    return [(name, linked(kind), default, meaning) for name, kind, default, meaning in rows]


def expression_tables() -> str:
    """Return the tables of what stands in an expression."""
    oscillators = table(("oscillator", "meaning"), [(f"{name}(4s)", text) for name, text in OSCILLATORS.items()])
    constants = [(name, f"{value:.6g}") for name, value in CONSTANTS.items()]
    names = table(("name", "meaning"), [*CLOCKS.items(), *constants])
    functions = ", ".join(f"`{name}`" for name in FUNCTIONS)
    return (
        f"{oscillators}\n\n{names}\n\nFunctions: {functions}. Operators: `+ - * / % **`, `< <= > >=`, `a if b else c`."
    )


def easings_list() -> str:
    """Return the names of all bundled easings."""
    return ", ".join(f"`{name}`" for name in EASINGS)


def directions_list() -> str:
    """Return the names of the directions of bloom, each with the layers that it moves."""
    return ", ".join(f"`{one.name}` ({one.first}-{one.last})" for one in ATTRIBUTES)


def signals_table(registries: Registries) -> str:
    """Return the table of every signal: what it follows, an example, and how it is shaped by default."""
    rows = []
    for name, source in sorted(registries.signals.items()):
        first = inspect.cleandoc(source.__doc__ or "").splitlines()[0]
        shape = ", ".join(f"{step}: {default_text(value)}" for step, value in source.shaping.items())
        rows.append((name, first, f"`{source.example}`", shape or "-"))
    return table(("signal", "what it follows", "example", "shaped by default"), rows)


def settings_table(registries: Registries) -> str:
    """Return the table of the settings of every signal that has any."""
    rows = []
    for name, source in sorted(registries.signals.items()):
        for field, kind, default, text in parameters(source):
            mark = "" if field != source.shorthand else f"; `{{{name}: ...}}` means it"
            rows.append((name, f"`{field}`", kind, default, f"{text}{mark}"))
    return table(("signal", "setting", "type", "default", "meaning"), rows)


def shaping_table() -> str:
    """Return the table of the steps of shaping, in the order in which they work."""
    return table(("step", "what it does"), [*MEANINGS.items()])


def presets_table() -> str:
    """Return the table of the output presets: what each is for, and what becomes of a film there."""
    rows = []
    for one in PRESETS.values():
        size = f"{one.size[0]}x{one.size[1]}" if one.size else f"of the film, up to {one.side}"
        rates = f"{one.rates[0]} to {one.rates[1]}, else {one.fps}"
        rate = f", {one.max_rate / 1e6:g} Mbit/s" if one.max_rate else ""
        length = f"{seconds_told(one.seconds[0])} to {seconds_told(one.seconds[1])}"
        rows.append((one.name, one.place, size, rates, length, f"{one.max_bytes / 1e6:,.0f} MB{rate}"))
    return table(("preset", "for", "size", "frames a second", "length", "at most"), rows)


def hooks_table() -> str:
    """Return the table of all hooks."""
    hooks = [(name, function) for name, function in vars(hookspecs).items() if name.startswith("register_")]
    return table(("hook", "what it is for"), [(name, " ".join((hook.__doc__ or "").split())) for name, hook in hooks])


def resolved_table() -> str:
    """Return the table of what each type of field is when `apply` gets it, from the authoring API's own words."""
    lines = inspect.cleandoc(effects.__doc__ or "").splitlines()
    return "\n".join(line for line in lines if line.startswith("|"))
