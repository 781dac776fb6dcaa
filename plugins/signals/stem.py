"""One voice of the song, from a file of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from renderer import Hearing, Series, SignalSource, ValueProblem, hookimpl, param

SOUNDS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".aiff", ".aif")


class Stem(SignalSource):
    """Hear one voice of the song from a file of its own, as a DAW exports it: `{stem: stems/drums.wav}`.

    `stems/drums` finds the one sound file in the folder stems whose name holds drums. `hear` says what of it: its
    loudness, or any other signal, such as `{onset: kick}`.
    """

    name = "stem"
    example = "drums: {stem: {file: stems/drums.wav, hear: onset}, release: 200ms}"
    shorthand = "file"
    shaping: ClassVar[dict[str, Any]] = {"clip": [5, 99], "normalise": True, "attack": "5ms", "release": "200ms"}
    cached = False

    file: str = param(description="A sound file, or a folder and a part of a name", min_length=1)
    hear: Any = param("rms", description="What is heard of it: rms, onset, {band: bass} ...")

    def analyse(self, hearing: Hearing) -> Series:
        """Return a signal of the stem."""
        return hearing.elsewhere(self._path(hearing)).listen(self.hear)

    def _path(self, hearing: Hearing) -> Path:
        folder, _, name = self.file.rpartition("/")
        if Path(self.file).suffix.lower() in SOUNDS or not folder:
            return hearing.file(self.file)
        sounds = [path for path in sorted(hearing.file(folder).iterdir()) if path.suffix.lower() in SOUNDS]
        found = [path for path in sounds if name.lower() in path.stem.lower()]
        if len(found) != 1:
            names = ", ".join(path.name for path in (found or sounds)) or "no sound files"
            raise ValueProblem(f"{len(found)} files in {folder}/ are called so: {self.file}; there are {names}")
        return found[0]


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Stem)
