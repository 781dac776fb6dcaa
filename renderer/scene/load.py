"""Read a scene: text to a validated model, all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from renderer.effects import Effect
from renderer.errors import Place, Problem, SceneError, ValueProblem
from renderer.registry import Registries
from renderer.scene.assemble import assemble
from renderer.scene.model import Entry, EntryOptions, Output, Scene, check_name, unknown_key
from renderer.scene.tree import Tree, dotted, read_tree

CONSUMED = ("vars", "defaults", "timeline")  # read here; the model never sees them


def read_scene(path: Path, registries: Registries, settings: Sequence[str] = ()) -> tuple[Scene | None, list[Problem]]:
    """Return the scene of a file and the problems of it; None where not even its head could be read.

    Raises SceneError where the text is no tree at all.
    """
    return scene_of(assemble(path, settings), path, registries)


def read_manifest(path: Path, registries: Registries) -> tuple[Scene | None, list[Problem]]:
    """Return the scene that a manifest holds, as `read_scene` does; its files are looked for where they were."""
    tree = read_tree(path)
    held, file = tree.find("scene", "resolved"), tree.find("scene", "file")
    if held.value is tree.value or not isinstance(file.value, str) or not isinstance(held.value, dict):
        raise SceneError([Problem(Place(str(path)), "", "expected a manifest, as films are given beside them")])
    return scene_of(held, Path(file.value), registries)


def scene_of(tree: Tree, path: Path, registries: Registries) -> tuple[Scene | None, list[Problem]]:
    """Return the scene of a tree; entries of the timeline that are wrong are left out of it and are problems."""
    reader = _Reader(tree, registries)
    scene = reader.head()
    entries = reader.timeline()
    if scene is not None:
        scene._timeline, scene._tree, scene._path = tuple(entries), tree, path
    return scene, reader.problems


def resolved_scene(scene: Scene) -> dict[str, Any]:
    """Return a scene as plain data, with includes, variables and the defaults of effects filled in."""
    data: dict[str, Any] = scene.tree.plain
    data.pop("defaults", None)
    for entry in scene.timeline:
        _, index = entry.path
        written = data["timeline"][index] if isinstance(data["timeline"][index], dict) else {}
        values = entry.effect.model_dump(mode="json", by_alias=True, exclude_none=True)
        data["timeline"][index] = {**written, entry.effect.name: values}
    return data


class _Reader:
    def __init__(self, tree: Tree, registries: Registries) -> None:
        self.tree, self.registries = tree, registries
        self.problems: list[Problem] = []

    def note(self, path: tuple[Any, ...], message: str, *, at_key: bool = False) -> None:
        tree = self.tree.find(*path)
        place = (tree.key_place if at_key else None) or tree.place
        self.problems.append(Problem(place, dotted(path), message))

    def head(self) -> Scene | None:
        data = {key: tree.plain for key, tree in self.tree.value.items() if key not in CONSUMED}
        scene = self.validate(Scene, data, ())
        for field, what in (("markers", "marker"), ("signals", "signal"), ("vars", "variable")):
            held = self.tree.value.get(field)
            for name in held.value if held is not None and isinstance(held.value, dict) else ():
                try:
                    check_name(name, what)
                except ValueProblem as problem:
                    self.note((field, name), str(problem), at_key=True)
        return scene if isinstance(scene, Scene) else None

    def timeline(self) -> list[Entry]:
        held = self.tree.value.get("timeline")
        if held is None:
            self.note((), "the scene has no timeline; write e.g. timeline: [{walk: {keys: 1-4}}]")
            return []
        if not isinstance(held.value, list) or not held.value:
            self.note(("timeline",), f"expected a list of effects, got {held.plain!r:.60}")
            return []
        defaults = self.defaults()
        found = [self.entry(item, ("timeline", index), defaults) for index, item in enumerate(held.value)]
        return self.keyed([entry for entry in found if entry is not None])

    def defaults(self) -> dict[str, dict[str, Any]]:
        held = self.tree.value.get("defaults")
        if held is None:
            return {}
        if not isinstance(held.value, dict):
            self.note(("defaults",), "expected a map from effects to values, such as {walk: {interp: lerp}}")
            return {}
        known = {}
        for name, tree in held.value.items():
            if self.effect(name, ("defaults", name)) and isinstance(tree.value, dict):
                known[name] = tree.plain
        return known

    def effect(self, name: Any, path: tuple[Any, ...]) -> type[Effect] | None:
        try:
            return self.registries.effects.find(str(name))
        except ValueProblem as problem:
            self.note(path, f"{problem}{self.registries.failed}", at_key=True)
            return None

    def entry(self, item: Tree, path: tuple[Any, ...], defaults: dict[str, dict[str, Any]]) -> Entry | None:
        data = {item.value: None} if isinstance(item.value, str) else item.plain
        if not isinstance(data, dict):
            self.note(path, f"expected an effect such as `walk: {{keys: 1-4}}`, got {data!r:.60}")
            return None
        option_names = names_of(EntryOptions)
        names = [key for key in data if key not in option_names]
        if len(names) != 1:
            got = "none" if not names else " and ".join(map(repr, names))
            self.note(path, f"expected one effect in each entry of the timeline, got {got}")
            return None
        name = names[0]
        options = self.validate(EntryOptions, {key: data[key] for key in data if key != name}, path)
        effect_class = self.effect(name, (*path, name))
        values = data[name] if data[name] is not None else {}
        if effect_class is None:
            return None
        if not isinstance(values, dict):
            fields = ", ".join(names_of(effect_class))
            self.note((*path, name), f"expected a map of the values of {name} ({fields}), got {values!r:.60}")
            return None
        effect = self.validate(effect_class, {**defaults.get(name, {}), **values}, (*path, name))
        if not isinstance(effect, Effect) or not isinstance(options, EntryOptions):
            return None
        return Entry(effect, options, path, "")

    def keyed(self, entries: list[Entry]) -> list[Entry]:
        """Give each entry the key of its randomness: its id, or its name and ordinal among its namesakes."""
        seen, ids = Counter[str](), set[str]()
        keyed = []
        for entry in entries:
            own = entry.options.id
            if own in ids:
                self.note((*entry.path, "id"), f"two entries have the id {own!r}")
            name = entry.effect.name
            key = f"id {own}" if own is not None else f"{name} {seen[name]}"
            seen[name] += own is None
            if own is not None:
                ids.add(own)
            if entry.options.enabled:
                keyed.append(Entry(entry.effect, entry.options, entry.path, key))
        return keyed

    def validate(self, model: type[BaseModel], data: dict[Any, Any], path: tuple[Any, ...]) -> BaseModel | None:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for item in error.errors():
                self.explain(model, item, path)
            return None

    def explain(self, model: type[BaseModel], item: Any, path: tuple[Any, ...]) -> None:
        where = (*path, *item["loc"])
        cause = item.get("ctx", {}).get("error")
        if isinstance(cause, ValueProblem):
            for inner, message in cause.parts:
                self.note((*where, *inner), message)
        elif item["type"] == "extra_forbidden":
            self.note(where, unknown_key(where[-1], self.names_at(model, item["loc"][:-1])), at_key=True)
        elif item["type"] == "missing":
            self.note(where, f"{item['loc'][-1]!r} is missing; it has no default")
        else:
            said = item["msg"].replace("Input should be", "expected").removeprefix("Value error, ")
            self.note(where, f"{said[:1].lower()}{said[1:]}, got {item['input']!r:.60}")

    def names_at(self, model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
        """Return the keys known at a location inside a model."""
        if model is Scene:
            return names_of(Output) if loc[:1] == ("output",) else [*names_of(Scene), *CONSUMED, "include"]
        return names_of(model)


def names_of(model: type[BaseModel]) -> list[str]:
    """Return the names under which a model's fields are written."""
    return [field.alias or name for name, field in model.model_fields.items()]
