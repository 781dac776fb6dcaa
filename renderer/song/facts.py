"""What a song holds, as people ask for it: tempo, key, beats and sections."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from renderer.audio.key import Key, key_of
from renderer.errors import LatentreelError, ValueProblem, nearest
from renderer.plot.shown import Shown, shown
from renderer.registry import Registries
from renderer.scene.load import scene_of
from renderer.scene.reader import parse_tree
from renderer.sinks.ffmpeg import probe_sound
from renderer.timeline.plan import Plan, bind
from renderer.values.section import Section

STEADY = 0.03  # seconds by which beats may miss those of a constant tempo


@dataclass(frozen=True)
class SongFacts:
    """Hold what a song holds; offset is the seconds of the first beat of bar 1, steady whether one tempo fits all."""

    file: Path
    codec: str
    seconds: float
    tempo: float | None
    confidence: float
    offset: float
    steady: bool
    beats: int
    beats_per_bar: int
    key: Key | None
    sections: tuple[Section, ...]
    notes: tuple[str, ...]
    picture: Shown

    @property
    def plain(self) -> dict[str, Any]:
        """Return the facts as plain data."""
        facts = {name: value for name, value in asdict(self).items() if name != "picture"}
        key = None if self.key is None else self.key._asdict()
        return {**facts, "file": str(self.file), "key": key, "sections": [one._asdict() for one in self.sections]}


def song_facts(file: Path, hint: float | None, registries: Registries) -> SongFacts:
    """Return what a song holds; hint is about which tempo it has, for songs whose beat is mistaken.

    Raises LatentreelError for a file that is not there, or holds no sound.
    """
    plan = plan_of(file, hint, registries)
    sound = probe_sound(file.absolute())
    picture, song = shown(plan), plan.music.song
    try:
        grid = plan.music.beats
        tempo, confidence, offset = grid.tempo, grid.confidence, float(grid.seconds(0))
        beats = grid.between(0, song.length)
        steady = bool(
            np.abs(grid.seconds(np.arange(len(beats))) - offset - np.arange(len(beats)) * 60 / tempo).max() < STEADY
        )
        per_bar = grid.beats_per_bar
    except ValueProblem:  # there is no beat in it
        tempo, confidence, offset, beats, steady, per_bar = None, 0.0, 0.0, np.empty(0), True, 4
    chroma = plan.music.hear({"chroma": {}})(np.arange(0, song.length, 0.1))
    return SongFacts(
        file, "" if sound is None else sound.codec, song.length, tempo, confidence, offset, steady, len(beats), per_bar,
        key_of(chroma.mean(axis=0)), picture.sections, song.notes, picture,
    )  # fmt: skip


def plan_of(file: Path, hint: float | None, registries: Registries) -> Plan:
    """Return the plan of a film that is only a song."""
    if not file.is_file():
        siblings = [one.name for one in file.parent.iterdir()] if file.parent.is_dir() else []
        raise LatentreelError(f"no such file: {file}{nearest(file.name, siblings)}")
    head: dict[str, Any] = {"audio": file.name, "tempo": "auto" if hint is None else {"hint": hint}}
    text = yaml.safe_dump({**head, "timeline": [{"walk": {"keys": 3}}]})
    scene, problems = scene_of(parse_tree(text, str(file)), file.parent / "scene.yaml", registries)
    plan = None
    if scene is not None and not problems:
        plan, problems = bind(scene, registries)
    if plan is None:
        raise LatentreelError(f"{file}: {problems[0].message}")
    return plan


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds."""
    tenths = round(seconds * 10)
    return f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
