"""A settings file of Deforum as a scene: its clock, its size, and the schedules that move a picture.

Deforum warps each frame from the one before, by so much a frame: that is `feedback`, which counts in seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from renderer.errors import LatentreelError, ValueProblem
from renderer.importing.schedule import Place, signal_of
from renderer.importing.term import number
from renderer.importing.written import as_yaml
from renderer.values.parsed import is_number

MOVES = {"zoom": 1, "angle": 0, "rotation_3d_z": 0}  # what is taken, and what of it moves nothing
FEEDBACK: dict[str, tuple[str, Callable[[str], str]]] = {  # a frame's part in Deforum, and a second's here
    "zoom": ("zoom", lambda fps: f"zoom**{fps}"),
    "angle": ("rotate", lambda fps: f"{fps}*angle"),
    "rotation_3d_z": ("rotate", lambda fps: f"{fps}*rotation_3d_z"),
}


def read_settings(path: Path) -> dict[str, Any]:
    """Return the settings of a file; raises LatentreelError for one that holds none."""
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LatentreelError(f"{path} cannot be read: {error.strerror or error}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise LatentreelError(f"{path}: expected the settings of Deforum as JSON, but {error}") from error
    if not isinstance(settings, dict):
        raise LatentreelError(
            f"{path}: expected the settings of Deforum, a JSON object, got a {type(settings).__name__}"
        )
    return settings


def scene_of(path: Path) -> str:
    """Return the scene of a settings file; raises LatentreelError naming the key that cannot be taken."""
    settings = read_settings(path)
    fps, frames = whole(settings, "fps", path, 15), whole(settings, "max_frames", path, 120)
    seed = settings.get("seed") if is_number(settings.get("seed")) and settings["seed"] >= 0 else None
    place = Place(fps, frames, None if seed is None else int(seed))
    moves = taken(settings, place, path)
    head: dict[str, Any] = {"fps": fps, "duration": f"{frames}f"} | ({} if seed is None else {"seed": int(seed)})
    head["size"] = [whole(settings, "W", path, 512), whole(settings, "H", path, 512)]
    feedback = {FEEDBACK[name][0]: FEEDBACK[name][1](number(fps)) for name in moves}
    begin = int(seed or 0)
    timeline: list[Any] = [{"walk": {"keys": f"{begin}-{begin + 3}"}}]
    timeline += [{"feedback": {"trail": 0.4, "zoom": 1, **feedback}}] if moves else []
    parts = [head | ({"signals": moves} if moves else {}), {"timeline": timeline}]
    left = left_out(settings)
    told = f"# not taken, since nothing here does it: {', '.join(left)}\n" if left else ""
    note = "# prompts mean nothing to a StyleGAN: the walk goes through four seeds; choose your own\n"
    return f"# from {path.name} of Deforum\n{told}{note}" + "".join(map(as_yaml, parts))


def taken(settings: dict[str, Any], place: Place, path: Path) -> dict[str, Any]:
    """Return the signals of the schedules that move the picture here as well."""
    moves = {}
    for name, still in MOVES.items():
        if name not in settings or (name == "zoom" and settings.get("animation_mode") == "3D"):
            continue
        try:
            signal = signal_of(str(settings[name]), place)
        except ValueProblem as problem:
            raise LatentreelError(f"{path}: {name}: {problem}") from problem
        if signal != still:
            moves[name] = signal
    return moves


def left_out(settings: dict[str, Any]) -> list[str]:
    """Return the schedules that move something in Deforum, but nothing here."""
    names = ("translation_x", "translation_y", "translation_z", "rotation_3d_x", "rotation_3d_y", "seed_schedule")
    return [name for name in names if str(settings.get(name, "0:(0)")).replace(" ", "") not in ("", "0:(0)")]


def whole(settings: dict[str, Any], name: str, path: Path, default: int) -> int:
    """Return a setting that is a whole number above 0."""
    value = settings.get(name, default)
    if not is_number(value) or value < 1 or value != int(value):
        raise LatentreelError(f"{path}: {name}: expected a whole number above 0, got {value!r}")
    return int(value)
