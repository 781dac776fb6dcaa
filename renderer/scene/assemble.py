"""Put a scene together from its files and settings: includes, --set, vars and defaults, all on trees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from renderer.errors import Place, Problem, SceneError, ValueProblem, nearest
from renderer.scene.preset import PREFIX, preset_file
from renderer.scene.reader import parse_value, read_tree
from renderer.scene.tree import Tree, scalar
from renderer.scene.variables import fill_vars
from renderer.values.parsed import show

MAX_INCLUDES = 100
JOINED = ("vars", "markers", "signals", "sections", "defaults")  # maps of names: a scene adds to those that it includes


def assemble(path: Path, settings: Sequence[str] = ()) -> tuple[Tree, list[Problem]]:
    """Return the whole tree of a scene and what is wrong with it so far.

    Its includes stand below it, settings `key.path=value` above it; vars and defaults are filled in.
    Raises SceneError where nothing can be said of the rest: for bad YAML, includes and settings.
    """
    includer = _Includer()
    tree = includer.read(path, ())
    for setting in settings:
        apply_setting(tree, setting)
    problems = includer.problems + fill_vars(tree)
    apply_defaults(tree)
    return tree, problems


class _Includer:
    def __init__(self) -> None:
        self.files, self.problems = 0, list[Problem]()

    def read(self, path: Path, chain: tuple[Path, ...]) -> Tree:
        """Return the tree of a file merged over the trees that its `include:` names."""
        tree = read_tree(path, self.problems)
        chain = (*chain, path.resolve())
        wanted = tree.value.pop("include", None)
        if wanted is None:
            return tree
        merged: Tree | None = None
        for item in wanted.value if isinstance(wanted.value, list) else [wanted]:
            below = self.read(self.included(item, path, chain), chain)
            merged = below if merged is None else merge(merged, below)
        return merge(merged, tree) if merged else tree

    def included(self, item: Tree, path: Path, chain: tuple[Path, ...]) -> Path:
        """Return the file that an item of `include:` names: a scene beside this one, or `preset:NAME`."""

        def refuse(message: str) -> SceneError:
            return SceneError([*self.problems, Problem(item.place, "include", message)])

        if not isinstance(item.value, str) or not item.value:
            raise refuse(f"expected the name of a scene file, got {show(item.plain)}")
        try:
            file = included_file(item.value, path.parent)
        except ValueProblem as problem:
            raise refuse(str(problem)) from None
        if file.resolve() in chain:
            circle = " -> ".join(one.name for one in (*chain, file.resolve()))
            raise refuse(f"scenes include each other in a circle: {circle}")
        self.files += 1
        if self.files > MAX_INCLUDES:
            raise refuse(f"expected at most {MAX_INCLUDES} included scenes")
        return file


def included_file(written: str, folder: Path) -> Path:
    """Return the file that `include:` means in a scene of a folder; raise ValueProblem where there is none."""
    if written.startswith(PREFIX):
        return preset_file(written.removeprefix(PREFIX).strip())
    file = folder / written
    if not is_there(file):
        raise ValueProblem(no_such_scene(written, file))
    return file


def is_there(file: Path) -> bool:
    """Say whether there is a file of such a name."""
    try:
        return file.is_file()
    except OSError:  # a name that no file can have, such as one that is too long
        return False


def no_such_scene(written: str, file: Path) -> str:
    """Return the message about a scene that is not there, with the name of its neighbour that is most like it."""
    siblings = file.parent.glob("*.y*ml") if file.parent.is_dir() else ()
    return f"no such scene: {written}{nearest(file.name, [one.name for one in siblings])}"


def merge(below: Tree, above: Tree, path: tuple[Any, ...] = ()) -> Tree:
    """Return two trees as one: maps of names join, timelines follow each other, of all else the upper stands.

    A timeline entry replaces one below it with the same `id`.
    """
    maps = isinstance(below.value, dict) and isinstance(above.value, dict)
    if maps and (not path or (path[0] in JOINED and len(path) <= (2 if path[0] == "defaults" else 1))):
        joined = dict(below.value)
        for key, tree in above.value.items():
            joined[key] = merge(below.value[key], tree, (*path, key)) if key in below.value else tree
        return Tree(joined, above.place, above.key_place)
    if path == ("timeline",) and isinstance(below.value, list) and isinstance(above.value, list):
        return Tree(_join_entries(below.value, above.value), above.place, above.key_place)
    return above


def _join_entries(below: list[Tree], above: list[Tree]) -> list[Tree]:
    def name(entry: Tree) -> str | None:
        own = entry.below("id")
        return own.value if own is not None and isinstance(own.value, str) else None

    replacing = {name(entry): entry for entry in above if name(entry) is not None}
    joined = [replacing.get(name(entry), entry) for entry in below]
    replaced = {name(entry) for entry in below}
    return joined + [entry for entry in above if name(entry) is None or name(entry) not in replaced]


def apply_setting(tree: Tree, setting: str) -> None:
    """Put a setting such as `vars.song=x.ogg` or `timeline.0.walk.interp=lerp` into the tree."""
    place = Place(f"--set {setting}", 0, 0)
    name, equals, text = setting.partition("=")
    steps = [scalar(step) for step in name.strip().split(".")]
    if not equals or None in steps:
        raise _no_setting(place, "expected a setting such as vars.song=x.ogg or seed=3")
    if steps == ["include"]:
        raise _no_setting(place, "include cannot be set; name the other scene in the file")
    here = tree
    for step in steps[:-1]:
        here = _child(here, step, place)
    _child(here, steps[-1], place)
    here.value[steps[-1]] = _everywhere(_setting_value(text, place), place)


def _setting_value(text: str, place: Place) -> Tree:
    try:
        return parse_value(text, place.file) or Tree(None, place)
    except SceneError as error:
        raise _no_setting(place, error.problems[0].message) from None


def _everywhere(tree: Tree, place: Place) -> Tree:
    """Return a tree all of which stands at one place."""
    value = tree.value
    if isinstance(value, dict):
        value = {key: _everywhere(inner, place) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [_everywhere(inner, place) for inner in value]
    return Tree(value, place, place)


def _child(tree: Tree, step: Any, place: Place) -> Tree:
    """Return what stands at a step of a setting's path, made where a map has no such key yet."""
    if tree.value is None:
        tree.value = {}
    if isinstance(tree.value, dict):
        tree.value.setdefault(step, Tree({}, place, place))
    found = tree.below(step)
    if found is None and isinstance(tree.value, list):
        known = f"it counts 0 to {len(tree.value) - 1}" if tree.value else "it is empty"
        raise _no_setting(place, f"there is no {show(step)} in the list; {known}")
    if found is None:
        raise _no_setting(place, f"there is no {show(step)} to set in {show(tree.plain)}")
    return found


def _no_setting(place: Place, message: str) -> SceneError:
    return SceneError([Problem(place, "", message)])


def apply_defaults(tree: Tree) -> None:
    """Lay the values of `defaults:` below those of every entry of the timeline, each keeping its own place."""
    defaults, sections = tree.below("defaults"), tree.below("sections")
    named = sections.value.values() if sections is not None and isinstance(sections.value, dict) else ()
    for timeline in (tree.below("timeline"), *(section.below("timeline") for section in named)):
        if defaults is not None and timeline is not None and isinstance(timeline.value, list):
            _lay_below(defaults, timeline)


def _lay_below(defaults: Tree, timeline: Tree) -> None:
    for index, item in enumerate(timeline.value):
        if isinstance(item.value, str):
            timeline.value[index] = item = Tree({item.value: Tree(None, item.place, item.place)}, item.place)
        inner = item.below("group")
        if inner is not None and isinstance(inner.value, list):
            _lay_below(defaults, inner)
        for name, values in item.value.items() if isinstance(item.value, dict) else ():
            below = defaults.below(name)
            own = {} if values.value is None else values.value
            if below is not None and isinstance(below.value, dict) and isinstance(own, dict):
                values.value = {**below.value, **own}
