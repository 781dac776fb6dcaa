"""The package that `render new-plugin NAME` writes: a plugin with its test, a scene, and what it is installed by."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

from renderer import API_VERSION, __version__
from renderer.authoring import Kind
from renderer.contract import checked_name
from renderer.errors import LatentreelError, PluginError
from renderer.registry import Registries, Registry

PREFIX = "latentreel-"  # of the names of packages, so that they are found together


@dataclass(frozen=True)
class Shown:
    """Hold what the files of a package say about its kind, and the scene that shows it."""

    what: str
    kind: str
    timeline: str
    head: str = "loop: true\n"
    model: str = "bloom"
    test: str = "effect"


WALK = "  - walk: {keys: [3, 14, 15], interp: spline}"
EFFECT = WALK + "\n  - ${name}: {amount: {0s: %g, 3s: %g, 6s: %g}}"
SHOWN: dict[Kind, Shown] = {
    "latent": Shown("An effect on latents", "effect", EFFECT % (0.2, 0.9, 0.2)),
    "synthesis": Shown("An effect on synthesis", "effect", EFFECT % (0.05, 0.25, 0.05)),
    "image": Shown("An effect on images", "effect", EFFECT % (0, 1, 0)),
    "signal": Shown(
        "A signal",
        "signal",
        WALK + '\n  - psi-ramp: {psi: "0.4 + 0.6*fizz"}',
        "audio: song.wav           # put your own song in its place\nsignals:\n  fizz: {${name}: {}, smooth: 200ms}\n",
        test="signal",
    ),
    "easing": Shown(
        "An easing", "easing", "  - walk: {keys: {0s: 3, 3s: 14, 6s: 3}, ease: ${name}}", "", test="easing"
    ),
    "sink": Shown("An output", "sink", WALK, "output: film.${name}\n", test="sink"),
    "generator": Shown("A generator", "generator", WALK, model="${name}", test="generator"),
}


def write_package(name: str, kind: Kind, folder: Path | None, registries: Registries) -> Path:
    """Write a package whose plugin is called `name` into a folder that is not there yet, and return its path.

    Without a folder it is latentreel-NAME in the working folder.
    Raises LatentreelError for a name that is none or is taken, and for a folder in which there is something.
    """
    name = checked_plugin_name(name, kind, registries)
    target = folder if folder is not None else Path(f"{PREFIX}{name}")
    if target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise LatentreelError(f"{target} is there already; choose another folder, or move it away")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as part:
            made = Path(part) / target.name
            for path, text in files(name, kind).items():
                (made / path).parent.mkdir(parents=True, exist_ok=True)
                (made / path).write_text(text, encoding="utf-8")
            if kind == "signal":
                from renderer.example_song import write_song

                write_song(made)
            if target.is_dir():
                target.rmdir()  # it is empty
            shutil.move(made, target)
    except OSError as error:
        raise LatentreelError(f"{target} cannot be written: {error.strerror or error}") from error
    return target


def checked_plugin_name(name: str, kind: Kind, registries: Registries) -> str:
    """Return the name of a new plugin, without the prefix of packages; raise LatentreelError for any other."""
    name = name.removeprefix(PREFIX)
    try:
        checked_name(name, "new-plugin")
    except PluginError:
        proposed = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-0123456789") or "my-effect"
        raise LatentreelError(
            f"expected a name of lower-case words joined by hyphens, such as {proposed}, got {name!r}"
        ) from None
    tables: dict[str, Registry[Any]] = {
        "signal": registries.signals,
        "easing": registries.easings,
        "sink": registries.sinks,
        "generator": registries.generators,
    }
    table = tables.get(kind, registries.effects)
    if name in table:
        raise LatentreelError(f"{table.kind} {name!r} is there already, by {table.plugins[name]}; choose another name")
    return name


def files(name: str, kind: Kind) -> dict[str, str]:
    """Return the files of a package by their paths in it."""
    shown, identifier = SHOWN[kind], name.replace("-", "_")
    module = f"{PREFIX}{name}".replace("-", "_")
    words = {
        "name": name,
        "identifier": identifier,
        "module": module,
        "package": f"{PREFIX}{name}",
        "Class": name.title().replace("-", ""),
        "what": shown.what,
        "kind": shown.kind,
        "api": str(API_VERSION),
        "version": __version__,
        "demo": f"\n    render effects {name} --demo    # a small loop of its example"
        if shown.kind == "effect"
        else "",
    }
    words |= {part: Template(getattr(shown, part)).substitute(words) for part in ("head", "timeline", "model")}
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".gitignore": "gitignore",
        "scene.yaml": "scene.yaml",
        f"src/{module}/__init__.py": f"{kind}.py",
        f"tests/test_{identifier}.py": f"{shown.test}.test",
    }
    return {path: template(held).substitute(words) for path, held in templates.items()}


def template(name: str) -> Template:
    """Return one of the templates that are shipped."""
    return Template(resources.files("renderer.authoring").joinpath(f"templates/{name}.txt").read_text(encoding="utf-8"))
