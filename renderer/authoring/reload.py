"""Keep a film fresh while its scene, the files of that and the plugins are edited, in one process.

    film = Reloader(Path("scene.yaml"), folders=(Path("my-effects"),))
    fresh = film.load()          # its job and registries; raises what is wrong with the scene
    while not film.changed():    # the files that were edited, added or removed since
        ...

The files are few, and asked for their times; no watcher of the system is needed, which network drives do not have.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from renderer import api
from renderer.generators.base import Generator
from renderer.hookspecs import PROJECT
from renderer.job import Job, Run, load_generator
from renderer.plugin_manager import load_plugins
from renderer.reel import prepare
from renderer.registry import Registries
from renderer.scene.files import files_of

INSTALLED = ("site-packages", "dist-packages")  # folders whose packages nobody edits
States = dict[Path, tuple[int, int] | None]  # time of the last change in ns, and bytes; None for no file


@dataclass(frozen=True)
class Fresh:
    """Hold what was loaded anew: what plugins offer, and the film."""

    registries: Registries
    job: Job


class Reloader:
    """Load the film of a scene again and again; plugins whose files changed are imported anew, models are kept."""

    def __init__(
        self, scene: Path, folders: Sequence[Path] = (), settings: Sequence[str] = (), run: Run | None = None
    ) -> None:
        self.scene, self.folders, self.settings, self.run = scene, tuple(folders), tuple(settings), run or Run()
        self.files: set[Path] = {scene}
        self.plugins: set[Path] = set()
        self.states: States = {}
        self.registries: Registries | None = None
        self.models: dict[Any, Generator] = {}
        sys.dont_write_bytecode = True  # two edits within a second may leave a file of the same time and length

    def load(self) -> Fresh:
        """Return the film as it is now.

        Raises LatentreelError with what is wrong with it; `changed` then waits for an edit as after a success.
        """
        plugins = self.plugin_files()
        edited = {path for path in self.changed() if path in plugins | self.plugins} if self.states else set()
        self.plugins = plugins
        self.files |= {*self.scene.parent.glob("*.y*ml")}  # one of them may be missed, until the scene can be read
        self.states = state_of([*self.files, *plugins])
        if self.registries is None or edited:
            self.registries = None  # so that one that cannot be loaded is tried again
            forget_modules(edited)
            self.registries = load_plugins(self.folders)
        scene = api.load_scene(self.scene, self.settings, self.registries)
        self.files = {self.scene, *files_of(scene.tree, self.scene.parent)}
        self.states = {path: state for path, state in self.states.items() if path in self.files | plugins}
        self.states = {**state_of(self.files), **self.states}
        return Fresh(self.registries, prepare(scene, self.run, self.registries, self.model))

    def changed(self) -> list[Path]:
        """Return the files that were edited, added or removed since they were loaded, in the order of their names."""
        now = state_of([*self.files, *self.plugin_files()])
        return sorted(path for path in now.keys() | self.states.keys() if now.get(path) != self.states.get(path))

    def plugin_files(self) -> set[Path]:
        """Return the files of all plugins that are edited: those of the folders, and of packages in their sources."""
        found = {path for folder in self.folders for path in folder.glob("*.py")}
        return found | {path for folder in edited_packages() for path in folder.rglob("*.py")}

    def model(self, model: str | Path, *, registries: Registries, **how: Any) -> Generator:
        """Return the generator of a job, the one that was loaded before where nothing about it has changed."""
        path, maker = Path(model), registries.generators.get(str(model))
        key = (str(model), maker, tuple(how.items()), state_of([path])[path])
        if key not in self.models:
            self.models = {key: load_generator(model, registries=registries, **how)}
        return self.models[key]


def state_of(paths: Iterable[Path]) -> States:
    """Return when files were changed last, and how long they are."""
    states: States = {}
    for path in paths:
        try:
            found = path.stat()
            states[path] = (found.st_mtime_ns, found.st_size)
        except OSError:
            states[path] = None
    return states


def edited_packages() -> set[Path]:
    """Return the folders of packages with plugins that are installed from their sources, as `pip install -e` does."""
    found = set()
    for point in importlib.metadata.entry_points(group=PROJECT):
        name = point.module.split(".")[0]
        module = sys.modules.get(name) or importlib.util.find_spec(name)
        file = getattr(module, "__file__", None) or getattr(module, "origin", None)
        if file and not any(part in INSTALLED for part in Path(file).parts):
            found.add(Path(file).parent)
    return found


def forget_modules(files: set[Path]) -> None:
    """Let Python import the packages anew that these files belong to."""
    importlib.invalidate_caches()
    packages = {folder for folder in edited_packages() if any(folder in path.parents for path in files)}
    names = {folder.name for folder in packages}
    for name in [name for name in sys.modules if name.split(".")[0] in names]:
        del sys.modules[name]
