"""What finds faces without a plugin: the networks that come with latentreel, and dlib where it is installed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from renderer.errors import PhotoError, PluginError, ValueProblem
from renderer.landmarks import POINTS, Array, Face, Finder, Maker, Pixels
from renderer.registry import Registry

DEFAULT = "face-api"


def _face_api(file: Path | None) -> Finder:
    from renderer.inversion.face_api import face_api_finder

    return face_api_finder(file)


def _dlib(file: Path | None) -> Finder:
    from renderer.inversion.dlib_faces import dlib_finder

    return dlib_finder(file)


FINDERS: Mapping[str, Maker] = {DEFAULT: _face_api, "dlib": _dlib}


def make_finder(name: str, file: Path | None, landmarks: Registry[Maker]) -> Finder:
    """Return the finder of a name, whose faces are checked.

    Raises PhotoError for an unknown name, and what the maker raises for a file that is missing or no good.
    """
    try:
        make = landmarks.find(name)
    except ValueProblem as problem:
        raise PhotoError(f"--landmarks {name}: {problem}") from problem
    if file is not None and not file.is_file():
        raise PhotoError(f"--landmarks-file {file}: no such file")
    return partial(_checked, make(file), name)


def _checked(find: Callable[[Pixels], list[Face]], name: str, pixels: Pixels) -> list[Face]:
    faces = list(find(pixels))
    if not all(isinstance(face, Face) and _is_a_face(face.points) for face in faces):
        raise PluginError(f"landmarks {name!r}: expected a list of Face, each with finite points [{POINTS}, 2]")
    return faces


def _is_a_face(points: Array) -> bool:
    return np.shape(points) == (POINTS, 2) and bool(np.isfinite(points).all()) and bool(np.ptp(points, axis=0).all())
