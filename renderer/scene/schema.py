"""The JSON Schema of scenes, with the parameters of every effect at hand, so that editors can complete them."""

from __future__ import annotations

from typing import Any

from renderer.effects import Effect
from renderer.group import GROUP, Group
from renderer.registry import Registries
from renderer.scene.model import ClipOptions, EntryOptions, Scene
from renderer.signal_source import SignalSource
from renderer.values.shape import MEANINGS
from renderer.values.signal import Signal

SECTION = "Its own effects, below those of the film; times count from its start"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def scene_schema(registries: Registries) -> dict[str, Any]:
    """Return the schema of a scene file."""
    schema = Scene.model_json_schema(by_alias=True, mode="validation")
    entries = [entry_schema(name, effect) for name, effect in sorted(registries.effects.items())]
    defaults = {name: effect_schema(effect, partial=True) for name, effect in sorted(registries.effects.items())}
    names = sorted(registries.effects)
    schema["$defs"]["entry"] = {"anyOf": [{"enum": names}, *entries, group_schema()]}
    schema["properties"] |= {
        "timeline": {
            "description": "The stack of effects, top to bottom; each works on what stands above it",
            "type": "array",
            "items": {"$ref": "#/$defs/entry"},
        },
        "clips": clips_schema(),
        "include": {"type": ["string", "array"], "description": "Scenes to lay below this one"},
        "vars": {"type": "object", "description": "Variables, for use as ${name}"},
        "defaults": {"type": "object", "properties": defaults, "description": "Values for every effect of a name"},
    }
    schema["properties"]["signals"]["additionalProperties"] = {
        "anyOf": [Signal.json_schema, *(feature_schema(one) for _, one in sorted(registries.signals.items()))]
    }
    for shape in schema["properties"]["sections"]["additionalProperties"]["anyOf"]:
        if "timeline" in shape.get("properties", {}):
            shape["properties"] |= {"timeline": {**schema["properties"]["timeline"], "description": SECTION}}
    output = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/Output"}]}
    schema["properties"]["output"] = {
        "description": "Files to write; default: out/<name of the scene>.mp4",
        "anyOf": [*output["anyOf"], {"type": "array", "items": output}],
    }
    return {"$schema": DIALECT, "title": "latentreel scene", **{k: v for k, v in schema.items() if k != "title"}}


def group_schema() -> dict[str, Any]:
    """Return the schema of a group of entries."""
    own = effect_schema(Group)["properties"]
    options = EntryOptions.model_json_schema(by_alias=True)["properties"]
    inner = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/entry"}, "description": "What stands in it"}
    return {
        "type": "object",
        "properties": {GROUP: inner, **own, **options},
        "required": [GROUP],
        "additionalProperties": False,
    }


def clips_schema() -> dict[str, Any]:
    """Return the schema of the clips of a film."""
    clip = ClipOptions.model_json_schema(by_alias=True, mode="validation")
    clip["description"] = "A scene file, or a part of it"
    return {
        "description": "Scenes that are cut and joined into one film, instead of a timeline",
        "type": "array",
        "minItems": 1,
        "items": {"anyOf": [{"type": "string"}, {k: v for k, v in clip.items() if k != "title"}]},
    }


def feature_schema(source: type[SignalSource]) -> dict[str, Any]:
    """Return the schema of a named signal that one source gives: its settings, and the steps of shaping."""
    settings = source.model_json_schema(by_alias=True, mode="validation")
    settings["description"] = (source.__doc__ or "").strip().split("\n")[0]
    short = {} if source.shorthand is None else settings["properties"][source.shorthand]
    steps = {step: {"description": meaning} for step, meaning in MEANINGS.items()}
    return {
        "type": "object",
        "properties": {source.name: {"anyOf": [settings, {"type": "null"}, *([short] if short else [])]}, **steps},
        "required": [source.name],
        "additionalProperties": False,
    }


def entry_schema(name: str, effect: type[Effect]) -> dict[str, Any]:
    """Return the schema of a timeline entry of one effect."""
    options = EntryOptions.model_json_schema(by_alias=True)["properties"]
    return {
        "type": "object",
        "properties": {name: {"anyOf": [effect_schema(effect), {"type": "null"}]}, **options},
        "required": [name],
        "additionalProperties": False,
    }


def effect_schema(effect: type[Effect], *, partial: bool = False) -> dict[str, Any]:
    """Return the schema of an effect's values; `partial` makes none of them required."""
    schema = effect.model_json_schema(by_alias=True, mode="validation")
    schema["description"] = (effect.__doc__ or "").strip().split("\n")[0]
    if partial:
        schema.pop("required", None)
    return schema
