"""Read a scene: text to a validated model, all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from renderer.effects import Effect
from renderer.errors import KEY, Place, Problem, SceneError, ValueProblem, nearest
from renderer.group import GROUP, Group
from renderer.registry import Registries
from renderer.scene.assemble import apply_setting, assemble, is_there, no_such_scene
from renderer.scene.explain import explain, names_of
from renderer.scene.model import Clip, ClipOptions, Entry, EntryOptions, Output, Scene, check_name
from renderer.scene.reader import read_tree
from renderer.scene.repair import checked_fields, repaired
from renderer.scene.tree import Tree
from renderer.values.parsed import show

CONSUMED = ("vars", "defaults", "timeline", "clips")  # read here; the model never sees them
MUSIC = ("tempo", "offset", "beats", "beats_per_bar", "markers")
BESIDE_CLIPS = ("clips", "size", "fps", "audio", "output", "on_error", *MUSIC, "vars", "defaults")
NAMED = {"markers": "marker", "signals": "signal", "sections": "section", "vars": "variable"}

Model = TypeVar("Model", bound=BaseModel)


def read_scene(
    path: Path, registries: Registries, settings: Sequence[str] = (), *, is_clip: bool = False
) -> tuple[Scene | None, list[Problem]]:
    """Return the scene of a file and the problems of it, as `scene_of` does.

    Raises SceneError where the text is no tree at all.
    """
    tree, problems = assemble(path, settings)
    scene, more = scene_of(tree, path, registries, is_clip=is_clip)
    tree.said |= {problem.place for problem in problems}
    return scene, problems + [problem for problem in more if problem.place not in tree.said]


def read_manifest(
    path: Path, registries: Registries, settings: Sequence[str] = ()
) -> tuple[Scene | None, list[Problem]]:
    """Return the scene that a manifest holds, as `read_scene` does; its files are looked for where they were."""
    tree = read_tree(path)
    held, file = tree.find("scene", "resolved"), tree.find("scene", "file")
    if held.value is tree.value or not isinstance(file.value, str) or not isinstance(held.value, dict):
        raise SceneError([Problem(Place(str(path)), "", "expected a manifest, as films are given beside them")])
    for setting in settings:
        apply_setting(held, setting)
    return scene_of(held, Path(file.value), registries)


def scene_of(
    tree: Tree, path: Path, registries: Registries, *, is_clip: bool = False
) -> tuple[Scene | None, list[Problem]]:
    """Return the scene of a tree and its problems; one that is a clip of another has no clips itself.

    Where there are problems, the scene holds only what is right, and stand-ins for the rest: it is good for
    finding more of them, and for nothing else. It is None where nothing is right.
    """
    reader = _Reader(tree, registries)
    scene = reader.head()
    clips = reader.clips(path.parent, is_clip=is_clip)
    entries, sections = reader.timeline(), reader.section_timelines()
    if scene is not None:
        scene._clips = tuple(clips)
        scene._timeline, scene._tree, scene._path = tuple(entries), tree, path
        scene._section_timelines, scene._skipped = sections, tuple(reader.skipped)
    return scene, reader.problems


def resolved_scene(scene: Scene) -> dict[str, Any]:
    """Return a scene as plain data, with includes, variables and the defaults of effects filled in."""
    data: dict[str, Any] = scene.tree.plain
    data.pop("defaults", None)
    parts = (one for entries in scene.section_timelines.values() for entry in entries for one in entry.flat)
    for entry in (*scene.entries, *parts):
        *above, index = entry.path
        timeline = data
        for step in above:
            timeline = timeline[step]
        written = timeline[index] if isinstance(timeline[index], dict) else {}
        values = entry.effect.model_dump(mode="json", by_alias=True, exclude_none=True)
        timeline[index] = {**written, **(values if entry.effect.name == GROUP else {entry.effect.name: values})}
    return data


def without_timeline(section: Any) -> Any:
    """Return a section as the model takes it: its timeline is read by itself."""
    return {key: value for key, value in section.items() if key != "timeline"} if isinstance(section, dict) else section


class _Reader:
    def __init__(self, tree: Tree, registries: Registries) -> None:
        self.tree, self.registries = tree, registries
        self.problems: list[Problem] = []
        self.skipped: list[str] = []

    def note(self, path: tuple[Any, ...], message: str) -> None:
        self.problems.append(self.tree.problem(path, message))

    def head(self) -> Scene | None:
        for field, what in NAMED.items():
            held = self.tree.below(field)
            if held is None:
                continue
            if field == "vars" and not isinstance(held.value, dict):
                self.note((field,), f"expected a map of variables, such as {{song: x.ogg}}, got {show(held.plain)}")
            for name in held.value if isinstance(held.value, dict) else ():
                try:
                    check_name(name, what)
                    if field == "signals" and (markers := self.tree.below("markers")) and markers.below(name):
                        raise ValueProblem(f"{name!r} is a marker already; choose another name for this signal")
                except ValueProblem as problem:
                    self.note((field, name, KEY), str(problem))
        data = {key: tree.plain for key, tree in self.tree.value.items() if key not in CONSUMED}
        if isinstance(sections := data.get("sections"), dict):
            data["sections"] = {name: without_timeline(section) for name, section in sections.items()}
        scene, wrong = self.validate(Scene, data, ())
        return scene if scene is not None else self.validate(Scene, repaired(data, wrong), (), quiet=True)[0]

    def timeline(self) -> list[Entry]:
        self.check_defaults()
        held = self.tree.below("timeline")
        if held is None and self.tree.below("clips") is not None:
            return []
        if held is None:
            self.note((), "the scene has no timeline; write e.g. timeline: [{walk: {keys: 1-4}}]")
            return []
        return self.keyed(self.entries(held, ("timeline",)), set())

    def clips(self, folder: Path, *, is_clip: bool) -> list[Clip]:
        """Return the clips of the film; their scenes are looked for from `folder`."""
        held = self.tree.below("clips")
        if held is None:
            return []
        if is_clip:
            self.note(("clips", KEY), "a clip is a scene with a timeline; this one has clips itself")
            return []
        if not isinstance(held.value, list) or not held.value:
            self.note(
                ("clips",), f"expected a list of clips such as {{scene: intro.yaml, out: 4s}}, got {show(held.plain)}"
            )
            return []
        for key in self.tree.value:
            if key not in BESIDE_CLIPS and key in (*names_of(Scene), *CONSUMED):
                self.note(
                    (key, KEY),
                    f"{key} belongs to the scenes of the clips; beside clips stand {', '.join(BESIDE_CLIPS[1:])}",
                )
        found = [self.clip(item, ("clips", index), folder) for index, item in enumerate(held.value)]
        return [clip for clip in found if clip is not None]

    def clip(self, item: Tree, path: tuple[Any, ...], folder: Path) -> Clip | None:
        data = {"scene": item.value} if isinstance(item.value, str) else item.plain
        if not isinstance(data, dict):
            self.note(path, f"expected a clip such as {{scene: intro.yaml, out: 4s}}, got {show(data)}")
            return None
        options, _ = self.validate(ClipOptions, data, path)
        if options is None:
            return None
        file = folder / options.scene
        if not is_there(file):
            self.note((*path, "scene"), no_such_scene(options.scene, file))
            return None
        scene, problems = read_scene(file, self.registries, is_clip=True)
        self.problems += problems
        return None if scene is None else Clip(options, scene.model_copy(update={"output": []}), path)

    def section_timelines(self) -> dict[str, tuple[Entry, ...]]:
        """Return the timelines of sections by their names; the randomness of each is its own."""
        held, ids = self.tree.below("sections"), set[str]()
        found = {}
        for name, section in held.value.items() if held is not None and isinstance(held.value, dict) else ():
            timeline = section.below("timeline")
            if timeline is not None:
                entries = self.keyed(self.entries(timeline, ("sections", name, "timeline")), ids)
                found[str(name)] = tuple(replace(entry, key=f"section {name} {entry.key}") for entry in entries)
        return found

    def entries(self, held: Tree, path: tuple[Any, ...]) -> list[Entry]:
        if not isinstance(held.value, list) or not held.value:
            self.note(path, f"expected a list of effects, got {show(held.plain)}")
            return []
        found = [self.entry(item, (*path, index)) for index, item in enumerate(held.value)]
        return [entry for entry in found if entry is not None]

    def check_defaults(self) -> None:
        """Note what is wrong with the defaults by themselves, whether or not the timeline uses them."""
        held = self.tree.below("defaults")
        if held is None:
            return
        if not isinstance(held.value, dict):
            self.note(("defaults",), "expected a map from effects to values, such as {walk: {interp: lerp}}")
            return
        for name, values in held.value.items():
            effect = self.effect(name, ("defaults", name, KEY))
            if effect is not None and not isinstance(values.value, dict):
                self.note(("defaults", name), f"expected a map of values of {name}, got {show(values.plain)}")
            elif effect is not None:
                _, errors = checked_fields(effect, values.plain)
                self.explain(effect, errors, ("defaults", name))

    def effect(self, name: Any, path: tuple[Any, ...]) -> type[Effect] | None:
        try:
            return self.registries.effects.find(str(name))
        except ValueProblem as problem:
            self.note(path, f"{problem}{self.registries.failed}")
            return None

    def entry(self, item: Tree, path: tuple[Any, ...]) -> Entry | None:
        data = {item.value: None} if isinstance(item.value, str) else item.plain
        if not isinstance(data, dict):
            self.note(path, f"expected an effect such as `walk: {{keys: 1-4}}`, got {show(data)}")
            return None
        if GROUP in data:
            return self.group(item, data, path)
        options = self.options(data, path)
        name = self.effect_name(data, path)
        if name is not None and self.leaves_out(name, data, path):
            return None
        effect_class = None if name is None else self.effect(name, (*path, name, KEY))
        if effect_class is None:
            return None
        slipped = {
            key: data[key] for key in data if key in names_of(effect_class) and key not in names_of(EntryOptions)
        }
        values = data[name] if data[name] is not None else slipped
        if not isinstance(values, dict):
            known = ", ".join(names_of(effect_class))
            self.note((*path, name), f"expected a map of the values of {name} ({known}), got {show(values)}")
            return None
        effect, _ = self.validate(effect_class, values, (*path, name))
        if effect is None:
            right, _ = checked_fields(effect_class, values)
            effect = effect_class.model_construct(**right)
        plugin = self.registries.effects.plugins[effect.name]
        return Entry(effect, options, path, "", "" if plugin == effect.name else plugin)

    def group(self, item: Tree, data: dict[Any, Any], path: tuple[Any, ...]) -> Entry:
        """Return a group of entries."""
        own = names_of(Group)
        for key in data:
            if key not in (known := [GROUP, *own, *names_of(EntryOptions)]):
                message = f"unknown key {show(key)} beside {GROUP}{nearest(str(key), known)}"
                self.note((*path, key, KEY), f"{message}; a group takes {', '.join(known[1:])}")
        effect, _ = self.validate(Group, {key: data[key] for key in own if key in data}, path)
        held = item.below(GROUP)
        assert held is not None
        entries = tuple(self.entries(held, (*path, GROUP)))
        return Entry(effect or Group(), self.options(data, path), path, "", group=entries)

    def leaves_out(self, name: Any, data: dict[Any, Any], path: tuple[Any, ...]) -> bool:
        """Say whether an entry is skipped because the plugin that may bring its effect failed to load; note that."""
        above = self.tree.below("on_error")
        wanted = data.get("on_error") or (above.value if above is not None else None)
        if wanted != "skip" or not self.registries.broken or str(name) in self.registries.effects:
            return False
        problem = self.tree.problem((*path, name, KEY), f"unknown effect {str(name)!r}{self.registries.failed}")
        self.skipped.append(f"{problem}; it was left out")
        return True

    def options(self, data: dict[Any, Any], path: tuple[Any, ...]) -> EntryOptions:
        known = names_of(EntryOptions)
        options, _ = self.validate(EntryOptions, {key: data[key] for key in data if key in known}, path)
        return options or EntryOptions()

    def effect_name(self, data: dict[Any, Any], path: tuple[Any, ...]) -> Any:
        """Return the key of an entry that names its effect, or None; note what else stands beside it."""
        options = names_of(EntryOptions)
        names = [key for key in data if key not in options]
        effects = [name for name in names if str(name) in self.registries.effects]
        if not names:
            self.note(path, "expected an effect in this entry of the timeline, got only options of one")
            return None
        chosen = effects[0] if effects else names[0]
        for name in names:
            if name == chosen:
                continue
            if name in effects:
                message = f"{chosen} and {name} stand in one entry; give each an entry of its own, with its own -"
            elif effects and str(name) in names_of(self.registries.effects[chosen]):
                message = f"{name!r} is a value of {chosen}; indent it further than {chosen}"
            else:
                message = f"unknown key {show(name)} beside {chosen}{nearest(str(name), options)}"
                message += f"; an entry is one effect and any of {', '.join(options)}"
            self.note((*path, name, KEY), message)
        return chosen

    def keyed(self, entries: list[Entry], ids: set[str]) -> list[Entry]:
        """Give each entry the key of its randomness: its id, or its name and ordinal among its namesakes."""
        seen = Counter[str]()
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
                inner = (replace(one, key=f"{key} / {one.key}") for one in self.keyed(list(entry.group), ids))
                keyed.append(replace(entry, key=key, group=tuple(inner)))
        return keyed

    def validate(
        self, model: type[Model], data: dict[Any, Any], path: tuple[Any, ...], *, quiet: bool = False
    ) -> tuple[Model | None, list[Any]]:
        """Return the model of some data, or None and the errors of pydantic, which are noted unless `quiet`."""
        try:
            return model.model_validate(data, context={"sources": self.registries.signals}), []
        except ValidationError as error:
            errors = error.errors()
            if not quiet:
                self.explain(model, errors, path)
            return None, errors

    def explain(self, model: type[BaseModel], errors: list[Any], path: tuple[Any, ...]) -> None:
        for item in errors:
            for where, message in explain(item, names_at(model, item["loc"][:-1])):
                self.note((*path, *where), message)


def names_at(model: type[BaseModel], loc: tuple[Any, ...]) -> list[str]:
    """Return the keys known at a location inside a model."""
    if model is Scene:
        return names_of(Output) if loc[:1] == ("output",) else [*names_of(Scene), *CONSUMED, "include"]
    return names_of(model)
