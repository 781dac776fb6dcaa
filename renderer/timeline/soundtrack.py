"""The soundtrack of a film: which part of a song is heard, checked against the song."""

from __future__ import annotations

from pathlib import Path

from renderer.errors import Gather, ValueProblem
from renderer.find import find_file
from renderer.sinks.base import AudioTrack
from renderer.sinks.ffmpeg import probe_sound
from renderer.values.audio import Audio


def sound_length(path: Path) -> float:
    """Return the seconds of sound in a file, as the bundled ffmpeg reads it.

    Raises ValueProblem where there is no sound in it.
    """
    sound = probe_sound(path.absolute())
    if sound is None:
        raise ValueProblem(f"expected a file with sound, such as song.mp3, but ffmpeg finds none in {path.name}")
    return sound.seconds


def bind_audio(audio: Audio, folder: Path, *, closed: bool = False) -> AudioTrack:
    """Return the soundtrack of a film from the scene's folder; closed says that the film is a loop.

    Raises ValueProblem for a file without sound, and for times that are not in it or do not fit each other.
    """
    path = find_file(audio.file, folder)
    length = sound_length(path)
    if length <= 0:
        raise ValueProblem(f"expected a song, but {path.name} is over in less than 10 ms")
    end = length if audio.end is None else audio.end
    gather, used = Gather(), end - max(audio.start, 0)
    if audio.start >= length:
        gather.note(f"expected a time within the song, up to {length:g}s, got {audio.start:g}s", "start")
    if audio.end is not None and not max(audio.start, 0) < audio.end <= length + 0.01:
        first = max(audio.start, 0)
        gather.note(f"expected a time after {first:g}s and within the song, up to {length:g}s, got {end:g}s", "end")
    if audio.loop and audio.start < 0:
        gather.note("a song that repeats cannot begin before itself; expected 0s or more", "start")
    if not gather.failed and audio.fade_in + audio.fade_out > used:
        gather.note(f"expected fades that fit into the {used:g}s that are heard", "fade")
    if not gather.failed and audio.blend > used / 2:
        gather.note(f"expected a blend of up to half of what is heard, {used / 2:g}s, got {audio.blend:g}s", "loop")
    gather.check()
    return AudioTrack(
        path,
        audio.start,
        audio.gain,
        used,
        audio.fade_in,
        audio.fade_out,
        audio.loop,
        audio.blend,
        closed,
    )


def heard(track: AudioTrack) -> float:
    """Return the seconds of a film that is as long as its soundtrack."""
    assert track.duration is not None
    return track.period if track.period is not None else track.duration + max(-track.start, 0)
