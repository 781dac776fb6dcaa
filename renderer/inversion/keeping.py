"""The file beside a result from which an interrupted projection goes on, `.npz` without objects."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from renderer.errors import LatentFileError
from renderer.inversion.distance import Distance
from renderer.inversion.state import State
from renderer.timeline.files import ZIP_ERRORS

PARTS = ("variables", "first", "second")
SECONDS = 10.0  # between two writings


class Keeper:
    """Keep the state of a projection beside its result; settings are those that it must go on with."""

    def __init__(self, result: Path, settings: Mapping[str, Any]) -> None:
        self.path = result.with_name(f".{result.stem}.resume.npz")
        self.settings = dict(settings)
        self._written = time.monotonic()

    def found(self) -> State | None:
        """Return the state that was kept, None where there is none.

        Raises LatentFileError where the file is broken, or was kept under other settings.
        """
        if not self.path.exists():
            return None
        try:
            with np.load(self.path, allow_pickle=False) as held:
                about = json.loads(str(held["about"]))
                arrays = {name: torch.from_numpy(held[name]) for name in held.files if name != "about"}
            self._check(about["settings"])
            return _state(about, arrays)
        except (ValueError, OSError, EOFError, KeyError, TypeError, *ZIP_ERRORS) as error:
            raise LatentFileError(f"{self.path}: broken; begin anew with --fresh") from error

    def _check(self, theirs: Mapping[str, Any]) -> None:
        for name, value in self.settings.items():
            if theirs.get(name) != value:
                raise LatentFileError(
                    f"{self.path}: an interrupted run had {name} {theirs.get(name)}, this one has {value}; "
                    "give it the same options to go on, or begin anew with --fresh"
                )

    def __call__(self, state: State) -> None:
        """Write the state if some time has passed since it was written."""
        if time.monotonic() - self._written >= SECONDS:
            self.write(state)

    def write(self, state: State) -> None:
        """Write the state, whole or not at all."""
        arrays = {f"{part}/{name}": held for part in PARTS for name, held in getattr(state, part).items()}
        for name in ("losses", "path"):
            if getattr(state, name):
                arrays[name] = torch.stack(getattr(state, name))
        if state.last is not None:
            arrays["last"] = state.last
        numbers = {name: getattr(state, name) for name in ("photos", "stage", "position", "entered")}
        about = json.dumps({"settings": self.settings, **numbers})
        part = self.path.with_name(f".{self.path.stem}.part.npz")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(part, about=np.array(about), **{name: held.detach().cpu().numpy() for name, held in arrays.items()})
        part.replace(self.path)
        self._written = time.monotonic()

    def remove(self) -> None:
        """Remove the file, when it is needed no more."""
        self.path.unlink(missing_ok=True)


def _state(about: Mapping[str, Any], arrays: Mapping[str, Tensor]) -> State:
    parts = {
        part: {name.removeprefix(f"{part}/"): held for name, held in arrays.items() if name.startswith(f"{part}/")}
        for part in PARTS
    }
    state = State(parts["variables"]["x"], int(about["photos"]))
    state.start(parts["variables"])
    state.first, state.second = parts["first"], parts["second"]
    state.losses = list(arrays["losses"]) if "losses" in arrays else []
    state.path = list(arrays["path"]) if "path" in arrays else []
    state.last = arrays.get("last")
    state.stage, state.position, state.entered = (int(about[name]) for name in ("stage", "position", "entered"))
    return state


def digest(distance: Distance) -> str:
    """Return what tells photos and masks from others."""
    found = hashlib.blake2b(digest_size=8)
    for held in (distance.photos, distance.masks):
        found.update(b"" if held is None else held.cpu().numpy().tobytes())
    return found.hexdigest()
