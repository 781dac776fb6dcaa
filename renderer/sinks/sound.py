"""Tell ffmpeg which part of which sound goes under a film: untouched where that is possible, else from the original."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from renderer.errors import SinkError
from renderer.sinks.base import AudioTrack, SinkSpec
from renderer.sinks.ffmpeg import probe_sound


def check_sound(audio: AudioTrack) -> None:
    """Raise SinkError when the file holds no sound that ffmpeg can read."""
    if probe_sound(audio.path.absolute()) is None:
        raise SinkError(f"{audio.path}: ffmpeg finds no sound in this file")


def is_copied(spec: SinkSpec, codecs: Collection[str]) -> bool:
    """Say whether the sound goes into the file bit by bit: one of `codecs`, and nothing of it is cut or changed."""
    audio = spec.audio
    sound = None if audio is None else probe_sound(audio.path.absolute())
    if audio is None or sound is None or sound.codec not in codecs:
        return False
    if audio.gain != 1 or audio.start or audio.skip or audio.loop or audio.fade_in or audio.fade_out:
        return False
    whole = sound.seconds if audio.duration is None else audio.duration
    return whole >= sound.seconds - 0.01 and sound.seconds <= spec.duration + 1 / spec.fps


def sound_input(spec: SinkSpec) -> list[str]:
    """Return the arguments that open the sound as the second input, and again for every part that is blended."""
    if spec.audio is None:
        return []
    audio = spec.audio
    times = 1 if not (audio.loop and audio.blend) else 2 if audio.closed else 3
    return ["-i", str(audio.path.absolute())] * times


def sound_output(spec: SinkSpec, *, copied: bool) -> list[str]:
    """Return the arguments that map the frames and, if there is any, the sound.

    Mapping by hand keeps the cover picture of a song from being taken for the film.
    """
    bare = ["-map", "0:v:0", "-map_metadata", "-1", "-map_chapters", "-1"]
    if spec.audio is None:
        return bare
    if copied:
        return [*bare, "-map", "1:a:0"]
    return [*bare, "-filter_complex", sound_graph(spec.audio, spec.duration), "-map", "[sound]"]


def sound_graph(audio: AudioTrack, frames: Fraction) -> str:
    """Return the filters from the sound inputs to [sound]; frames is the seconds of the frames that are written."""
    film = float(frames) if audio.film is None else audio.film
    silence = max(-audio.start, 0.0)
    room = max(film - silence, 0.0)
    heard = room if audio.duration is None or audio.loop else min(audio.duration, room)
    graph, source = _repeated(audio) if audio.loop else ("", f"[1:a:0]{_cut(max(audio.start, 0.0), heard)}")
    steps = [f"volume={audio.gain:.6f}"] if audio.gain != 1 else []
    if audio.loop:
        steps.append(_cut(0.0, heard))
    if audio.fade_in:
        steps.append(f"afade=t=in:d={audio.fade_in:.6f}")
    if audio.fade_out:
        steps.append(f"afade=t=out:st={max(heard - audio.fade_out, 0):.6f}:d={audio.fade_out:.6f}")
    if silence:
        steps.append(f"adelay=delays={silence * 1000:.3f}:all=1")
    if audio.skip or audio.film is not None:
        steps.append(_cut(audio.skip, float(frames)))
    return f"{graph}{','.join([source, *steps])}[sound]"


def _cut(start: float, length: float) -> str:
    """Return the filters that leave `length` seconds from `start` on, beginning at 0."""
    return f"atrim=start={start:.6f}:duration={length:.6f},asetpts=PTS-{start:.6f}/TB"


def _repeated(audio: AudioTrack) -> tuple[str, str]:
    """Return the filters that make one round of a sound that repeats, and the one that repeats it for ever.

    The end of a round is laid over the beginning of the next; in front of the first there is none, unless the film is
    a loop itself.
    """
    assert audio.period is not None
    body, forever = f"[1:a:0]{_cut(audio.start, audio.period)}", f"aloop=loop=-1:size={2**31 - 1}"
    if not audio.blend:
        return "", f"{body},{forever}"
    fade = f"d={audio.blend:.6f}:curve=qsin"
    tail = f"[2:a:0]{_cut(audio.start + audio.period, audio.blend)},afade=t=out:{fade}"
    mixed = "[body][tail]amix=inputs=2:duration=first:normalize=0"
    graph = f"{body},afade=t=in:{fade}[body];{tail}[tail];"
    if audio.closed:
        return graph, f"{mixed},{forever}"
    first = f"[3:a:0]{_cut(audio.start, audio.period)}[first]"
    return f"{graph}{mixed},{forever}[rounds];{first};", "[first][rounds]concat=n=2:v=0:a=1"
