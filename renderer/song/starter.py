"""A scene to start from, made for a song."""

from __future__ import annotations

import os
from pathlib import Path

import yaml

from renderer.errors import LatentreelError
from renderer.song.facts import STEADY, SongFacts, clock

STARTER = """\
# {name}: {about}.
# Look at what it hears: render plot {scene}
audio: {audio}
{tempo}{sections}seed: 7
size: 512

timeline:
  - beat-walk: {{every: {every}}}                  # beats to a new look; a part that comes again has its own
  - pulse: {{direction: zoom, amount: 0.8*kick}}   # without direction: for any model
  - zoom-pulse: {{amount: 0.04*kick}}
  - flash: {{amount: 0.25*snare}}
"""


def starter_scene(facts: SongFacts, audio: str, scene: str = "mine.yaml") -> str:
    """Return the text of a scene to start from, in which the song is called `audio`."""
    about = [clock(facts.seconds)]
    tempo = "tempo: 120                         # no beat was found; give your own\n"
    if facts.tempo is not None:
        about.append(f"{facts.tempo:.1f} beats a minute, confidence {facts.confidence:.2f}")
        tempo = "tempo: auto                        # it varies; leave it to be followed\n"
        if facts.steady:
            tempo = f"tempo: {round_tempo(facts):g}\noffset: {facts.offset:.3f}s\n"
        if facts.beats_per_bar != 4:
            tempo += f"beats_per_bar: {facts.beats_per_bar}\n"
    if facts.key is not None:
        about.append(facts.key.name)
    every = facts.beats_per_bar * (2 if facts.tempo is not None and facts.tempo > 150 else 1)
    told = ", ".join(about)
    parts = named_sections(facts)
    return STARTER.format(
        name=facts.file.name, about=told, scene=scene, audio=quoted(audio), tempo=tempo, sections=parts, every=every
    )


def named_sections(facts: SongFacts) -> str:
    """Return the lines of `sections:`, as they were heard; none where the song is one."""
    if len(facts.sections) < 2:
        return ""
    starts: dict[str, list[str]] = {}
    for section in facts.sections:
        starts.setdefault(section.label, []).append(started(section.start, facts))
    lines = [f"  {label}: [{', '.join(times)}]\n" for label, times in starts.items()]
    return "sections:                                  # as heard; name them and move them as you like\n" + "".join(
        lines
    )


def started(seconds: float, facts: SongFacts) -> str:
    """Return when a section starts: as a bar where it is one, else in seconds."""
    if seconds < 0.05:
        return "0s"
    if facts.tempo is not None and facts.steady:
        bars = (seconds - facts.offset) * facts.tempo / 60 / facts.beats_per_bar
        if abs(bars - round(bars)) < 0.1 and round(bars) >= 0:
            return f"bar {round(bars) + 1}"
    return f"{seconds:.2f}s"


def round_tempo(facts: SongFacts) -> float:
    """Return the roundest tempo that is still right at the last beat."""
    assert facts.tempo is not None
    for digits in range(3):
        tempo = round(facts.tempo, digits)
        if abs(60 / tempo - 60 / facts.tempo) * facts.beats < STEADY:
            return tempo
    return round(facts.tempo, 3)


def quoted(text: str) -> str:
    """Return a text as YAML has it, in quotes where it needs them."""
    return yaml.safe_dump(text, default_flow_style=True, width=10_000, allow_unicode=True).splitlines()[0]


def write_starter_scene(path: Path, facts: SongFacts) -> None:
    """Write a scene to start from; raises LatentreelError where a file is already there."""
    if path.exists():
        raise LatentreelError(f"{path} is there already; choose another name")
    audio = os.path.relpath(facts.file.absolute(), path.absolute().parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(starter_scene(facts, Path(audio).as_posix(), str(path)), encoding="utf-8")
    except OSError as error:
        raise LatentreelError(f"{path}: cannot be written: {error.strerror or error}") from error
