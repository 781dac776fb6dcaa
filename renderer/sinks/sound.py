"""Tell ffmpeg which part of which sound goes under a film."""

from __future__ import annotations

from fractions import Fraction

from renderer.errors import SinkError
from renderer.sinks.base import AudioTrack, SinkSpec
from renderer.sinks.ffmpeg import has_sound


def check_sound(audio: AudioTrack) -> None:
    """Raise SinkError when the file holds no sound that ffmpeg can read."""
    if not has_sound(audio.path.absolute()):
        raise SinkError(f"{audio.path}: ffmpeg finds no sound in this file")


def sound_filter(audio: AudioTrack, film: Fraction) -> str:
    """Return the filter that cuts the sound to a film of `film` seconds, scales it and puts it in its place."""
    start, silence = max(audio.start, 0.0), max(-audio.start, 0.0)
    room = max(float(film) - silence, 0.0)
    length = room if audio.duration is None else min(audio.duration, room)
    steps = [f"atrim=start={start:.6f}:duration={length:.6f}", f"asetpts=PTS-{start:.6f}/TB"]
    if audio.gain != 1.0:
        steps.append(f"volume={audio.gain:.6f}")
    if silence:
        steps.append(f"adelay=delays={silence * 1000:.3f}:all=1")
    return ",".join(steps)


def sound_output(spec: SinkSpec) -> list[str]:
    """Return the arguments that map the frames and, if there is any, the sound of the second input.

    Mapping by hand keeps the cover picture of a song from being taken for the film.
    """
    bare = ["-map", "0:v:0", "-map_metadata", "-1", "-map_chapters", "-1"]
    if spec.audio is None:
        return bare
    return [*bare, "-map", "1:a:0", "-af", sound_filter(spec.audio, spec.duration)]


def sound_input(spec: SinkSpec) -> list[str]:
    """Return the arguments that open the sound as the second input."""
    return [] if spec.audio is None else ["-i", str(spec.audio.path.absolute())]
