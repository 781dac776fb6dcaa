"""The calls a script needs: load a scene, load a generator, compile, render."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from renderer.errors import SceneError
from renderer.generators.base import Generator
from renderer.generators.load import load_generator as load_checkpoint
from renderer.plugin_manager import load_plugins
from renderer.registry import Registries
from renderer.scene.load import read_scene
from renderer.scene.model import Scene
from renderer.timeline.plan import bind


@lru_cache(maxsize=8)
def plugins(folders: tuple[Path, ...] = ()) -> Registries:
    """Return everything that the installed plugins, and those in the folders, offer."""
    return load_plugins(folders)


def load_scene(path: str | Path, settings: Sequence[str] = (), registries: Registries | None = None) -> Scene:
    """Return a scene that has been read and checked; settings are `key.path=value`.

    Raises SceneError with everything that is wrong with it.
    """
    registries = registries or plugins()
    scene, problems = read_scene(Path(path), registries, settings)
    if scene is not None:
        problems = problems + bind(scene, registries)[1]
    if problems or scene is None:
        raise SceneError(problems)
    return scene


def load_generator(
    path_or_name: str | Path,
    *,
    device: str = "cpu",
    dtype: str | None = None,
    size: tuple[int, int] | None = None,
    registries: Registries | None = None,
) -> Generator:
    """Return a generator in eval mode; size is (height, width), for those of any size.

    Raises CheckpointError for a file that is broken, unknown or unsafe, and for a name nobody knows.
    """
    embedded = dict((registries or plugins()).generators)
    return load_checkpoint(path_or_name, device=device, dtype=dtype, size=size, embedded=embedded)
