"""The notes and controllers of a MIDI file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from renderer import Hearing, Series, SignalSource, ValueProblem, hookimpl, param

RATE = 200.0  # values a second


class Midi(SignalSource):
    """Follow the notes or a controller of a MIDI file: `{midi: {file: song.mid, note: 36}}`.

    While a note is held the signal is how hard it was struck, from 0 to 1, and `release` lets it die away after;
    `cc: 74` follows that controller instead. Seconds count from the start of the sound file.
    """

    name = "midi"
    example = "kick: {midi: {file: song.mid, note: 36}, release: 200ms}"
    shorthand = "file"
    shaping: ClassVar[dict[str, Any]] = {"release": "100ms"}
    cached = False

    file: str = param(description="A .mid file, beside the scene", min_length=1)
    note: int | tuple[int, int] | None = param(None, description="A note 0 to 127 or [low, high]; default: any")
    channel: int | None = param(None, description="Only this channel, 1 to 16", ge=1, le=16)
    track: str | None = param(None, description="Only the track of this name")
    cc: int | None = param(None, description="A controller 0 to 127 instead of notes", ge=0, le=127)

    def analyse(self, hearing: Hearing) -> Series:
        """Return the notes or the controller over time."""
        path = hearing.file(self.file)
        events = self._events(path)
        if not events:
            raise ValueProblem(f"{path.name}: no such notes or controllers in it")
        places = np.array([round(seconds * RATE) for seconds, _ in events])
        levels = np.array([0.0, *(level for _, level in events)], np.float32)
        values = levels[np.searchsorted(places, np.arange(places[-1] + RATE), side="right")]
        np.maximum.at(values, places, levels[1:])  # a hit that is over within one value
        return Series(values, RATE, -hearing.start, hold=self.cc is not None)

    def _events(self, path: Path) -> list[tuple[float, float]]:
        """Return when the level changes, and to what, in order."""
        import mido

        try:
            song = mido.MidiFile(path)
        except (OSError, ValueError, EOFError, IndexError, KeyError) as error:
            raise ValueProblem(f"{path.name}: expected a MIDI file ({error})") from error
        if self.track is not None:
            names = [track.name for track in song.tracks]
            if self.track not in names:
                raise ValueProblem(f"{path.name}: no track is called {self.track!r}; there are {', '.join(names)}")
            song.tracks = [one for one in song.tracks if one.name == self.track or _leads(one)]
        events, held, now = [], dict[tuple[int, int], float](), 0.0
        for message in song:
            now += message.time
            if message.is_meta or (self.channel is not None and getattr(message, "channel", -1) != self.channel - 1):
                continue
            if self.cc is not None and message.type == "control_change" and message.control == self.cc:
                events.append((now, message.value / 127))
            elif self.cc is None and message.type in ("note_on", "note_off") and self._wanted(message.note):
                key = (message.channel, message.note)
                held.pop(key, None)
                if message.type == "note_on" and message.velocity:
                    held[key] = message.velocity / 127
                events.append((now, max(held.values(), default=0.0)))
        return events

    def _wanted(self, note: int) -> bool:
        low, high = self.note if isinstance(self.note, tuple) else (self.note, self.note)
        return low is None or high is None or low <= note <= high


def _leads(track: Any) -> bool:
    """Say whether a track gives the tempo to all."""
    return any(message.type == "set_tempo" for message in track)


@hookimpl
def register_signals(register: Callable[[type[SignalSource]], None]) -> None:
    """Register the signal."""
    register(Midi)
