"""Scenes bound to their clock, for tests of what times and numbers come to."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from renderer import SceneError, load_scene
from renderer.job import plugins
from renderer.timeline.plan import Plan, bind


def plan_of(folder: Path, text: str, fps: Fraction | None = None) -> Plan:
    """Load a scene as anybody would, and bind it."""
    path = folder / "scene.yaml"
    path.write_text(text, encoding="utf-8")
    plan, problems = bind(load_scene(path), plugins(), fps)
    if plan is None:
        raise SceneError(problems)
    return plan


def values_of(folder: Path, psi: Any, t: Any, head: str = "duration: 8s", options: str = "") -> np.ndarray:
    """Return what a signal comes to at times t, written as the psi of an entry of a scene."""
    entry = f"  - psi-ramp: {{psi: {json.dumps(psi)}}}\n" + (f"    {options}\n" if options else "")
    plan = plan_of(folder, f"{head}\ntimeline:\n  - walk: {{keys: 3}}\n{entry}")
    return plan.entries[1].fields["psi"].curve(np.atleast_1d(np.asarray(t, float)))


def said_of(folder: Path, psi: Any, head: str = "duration: 8s") -> str:
    """Return what is said of a signal that is refused, without its place and path."""
    try:
        values_of(folder, psi, 0, head)
    except SceneError as error:
        (problem,) = error.problems
        return problem.message
    raise AssertionError(f"{psi!r} was taken")
